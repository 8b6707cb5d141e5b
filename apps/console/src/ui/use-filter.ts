import { useState } from "react";

/**
 * A filter that is in the address, and what is typed into it until it is sent there. Going elsewhere in between (a state is chosen, a link followed) loses no
 * letter, and neither does what is sent of those that come after it.
 */
export function useFilter<T extends object>(inAddress: T, go: (search: Partial<T>) => Promise<unknown>) {
  const [typed, setTyped] = useState<Partial<T>>({});
  const show = (next: T) =>
    go(Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined && value !== "")) as Partial<T>);
  return {
    draft: { ...inAddress, ...typed },
    type: (words: Partial<T>) => setTyped((before) => ({ ...before, ...words })),
    show,
    settle: (next: T) => void show(next).then(() => setTyped((now) => (now === typed ? {} : now))),
  };
}
