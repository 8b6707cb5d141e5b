import { useState } from "react";

/**
 * What an edit was begun on: it stays as long as one edits, and follows what there is otherwise. What is sent is what differs from it, on its
 * revision. `rebase` goes on from what is there now.
 */
export function useBase<T extends object>(current: T, editing: boolean): { base: T; rebase: () => void } {
  const [begun, setBegun] = useState<T | null>(null);
  if (editing !== (begun !== null)) setBegun(editing ? current : null);
  return { base: (editing ? begun : null) ?? current, rebase: () => setBegun(current) };
}
