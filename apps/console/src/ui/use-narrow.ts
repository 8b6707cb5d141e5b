import { useSyncExternalStore } from "react";

/** Phones and narrow windows; the same width as in styles/narrow.css. */
const narrow = matchMedia("(max-width: 719px)");

export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => narrow.matches);
}

function subscribe(listener: () => void): () => void {
  narrow.addEventListener("change", listener);
  return () => narrow.removeEventListener("change", listener);
}
