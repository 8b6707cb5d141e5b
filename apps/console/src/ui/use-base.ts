import { useState } from "react";

/**
 * What an edit was begun on: it stays as long as one edits, and follows what there is otherwise, or when it is `of` something else. What is sent is
 * what differs from it, on its revision. `rebase` goes on from what is there now, or from what one knows to be there.
 */
export function useBase<T extends object>(current: T, editing: boolean, of = ""): { base: T; rebase: (value?: T) => void } {
  const [begun, setBegun] = useState<{ of: string; value: T } | null>(null);
  const held = begun?.of === of ? begun.value : null;
  if (editing !== (held !== null)) {
    if (editing) setBegun({ of, value: current });
    else if (begun !== null) setBegun(null);
  }
  return { base: (editing ? held : null) ?? current, rebase: (value = current) => setBegun({ of, value }) };
}
