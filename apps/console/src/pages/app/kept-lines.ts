import type { Line } from "../../ui/line-list.tsx";

export interface KeptLines {
  /** In the order of time. */
  lines: Line[];
  /** Earlier ones that are no longer kept. */
  dropped: number;
}

const inOrder = (a: Line, b: Line) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.id - b.id);

/**
 * New lines where they belong: each instance's come in order, those of several do not when there is a backlog. Costs as much as was added and
 * what is later than its first, apart from a copy of what is kept.
 */
export function append({ lines, dropped }: KeptLines, added: readonly Line[], most: number): KeptLines {
  const fresh = added.toSorted(inOrder);
  const [first] = fresh;
  if (first === undefined) return { lines, dropped };
  const after = lines.findLastIndex((line) => inOrder(line, first) < 0) + 1;
  const end = after === lines.length ? fresh : [...lines.slice(after), ...fresh].sort(inOrder);
  const all = lines.slice(0, after).concat(end);
  const over = Math.max(0, all.length - most);
  return { lines: over === 0 ? all : all.slice(over), dropped: dropped + over };
}
