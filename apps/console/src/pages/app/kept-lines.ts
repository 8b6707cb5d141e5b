import type { Line } from "../../ui/line-list.tsx";

export interface KeptLines {
  /** In the order of time. */
  lines: Line[];
  /** Earlier ones that are no longer kept. */
  dropped: number;
}

export interface Bounds {
  lines: number;
  /** Of all their texts: a few very long ones may not take more memory than very many usual ones. */
  chars: number;
}

/** How many of the first have to go, so that the rest is within the bounds. */
export function overOf(lines: readonly Line[], most: Bounds): number {
  const least = Math.max(0, lines.length - most.lines);
  let first = lines.length;
  for (let left = most.chars; first > least; first--) {
    left -= lines[first - 1]?.text.length ?? 0;
    if (left < 0) break;
  }
  return first;
}

const inOrder = (a: Line, b: Line) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.id - b.id);

/**
 * New lines where they belong: each instance's come in order, those of several do not when there is a backlog. Costs as much as was added and
 * what is later than its first, apart from a copy of what is kept.
 */
export function append({ lines, dropped }: KeptLines, added: readonly Line[], most: Bounds): KeptLines {
  const fresh = added.toSorted(inOrder);
  const [first] = fresh;
  if (first === undefined) return { lines, dropped };
  const after = lines.findLastIndex((line) => inOrder(line, first) < 0) + 1;
  const end = after === lines.length ? fresh : [...lines.slice(after), ...fresh].sort(inOrder);
  const all = lines.slice(0, after).concat(end);
  const over = overOf(all, most);
  return { lines: over === 0 ? all : all.slice(over), dropped: dropped + over };
}

const ALL: Bounds = { lines: Infinity, chars: Infinity };

export interface FoundLines {
  wanted: string;
  /** What was looked through, of it the highest id. */
  among: readonly Line[];
  seen: number;
  /** Those that have the words, in the order of time. */
  lines: readonly Line[];
}

export const nothingFound: FoundLines = { wanted: "", among: [], seen: -1, lines: [] };

/** The lines with these words, in whatever case. Of what was looked through before only the new lines are: a search costs no more the longer it runs. */
export function find(before: FoundLines, among: readonly Line[], words: string): FoundLines {
  const wanted = words.toLowerCase();
  if (before.wanted === wanted && before.among === among) return before;
  if (wanted === "") return { wanted, among, seen: -1, lines: among };
  const known = before.wanted === wanted && before.wanted !== "" ? before : { ...nothingFound, wanted };
  let seen = known.seen;
  const fresh: Line[] = [];
  for (const line of among) {
    if (line.id <= known.seen) continue;
    seen = Math.max(seen, line.id);
    if (line.text.toLowerCase().includes(wanted)) fresh.push(line);
  }
  const all = append({ lines: [...known.lines], dropped: 0 }, fresh, ALL).lines;
  // Those before the first that is kept are kept no more.
  const [first] = among;
  const from = first === undefined ? -1 : all.findIndex((line) => inOrder(line, first) >= 0);
  return { wanted, among, seen, lines: from === -1 ? [] : all.slice(from) };
}
