import { createContext, use, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from "react";
import type { Shade } from "./tokens.ts";

export type Appearance = Shade | "system";

interface Chosen {
  appearance: Appearance;
  setAppearance: (appearance: Appearance) => void;
  /** What `system` comes down to. */
  shade: Shade;
}

const STORED = "ebb.appearance";
const Context = createContext<Chosen | null>(null);
const systemDark = matchMedia("(prefers-color-scheme: dark)");

function initial(): Appearance {
  const stored = localStorage.getItem(STORED);
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function AppearanceProvider({ children }: { children: ReactNode }) {
  const [appearance, setAppearance] = useState(initial);
  const dark = useSyncExternalStore(subscribe, () => systemDark.matches);
  const shade: Shade = appearance === "system" ? (dark ? "dark" : "light") : appearance;
  useEffect(() => {
    document.documentElement.dataset["shade"] = shade;
  }, [shade]);
  const chosen = useMemo<Chosen>(
    () => ({
      appearance,
      shade,
      setAppearance: (next) => {
        localStorage.setItem(STORED, next);
        setAppearance(next);
      },
    }),
    [appearance, shade],
  );
  return <Context value={chosen}>{children}</Context>;
}

export function useAppearance(): Chosen {
  const chosen = use(Context);
  if (chosen === null) throw new Error("useAppearance outside AppearanceProvider");
  return chosen;
}

function subscribe(listener: () => void): () => void {
  systemDark.addEventListener("change", listener);
  return () => systemDark.removeEventListener("change", listener);
}
