/** What it belongs to, and its size: vCPUs and GiB. */
export interface Owner {
  team: string;
  app: string;
  env: string;
  cpu: number;
  memory: number;
}
/** Something that costs while it is there: an instance, or (`kept`) the one that an app without scaling to zero would always have. */
export interface Running extends Owner {
  /** The same as long as it is the same. */
  id: string;
  kept: boolean;
  /** Milliseconds since the epoch. */
  from: number;
  /** Until when it was there, when it is not any more. */
  ended?: number;
}
/** What was there at a count, with until when it has been counted. */
export interface Counted extends Owner {
  id: string;
  until: number;
}
export interface Span extends Owner {
  kept: boolean;
  from: number;
  to: number;
}
export interface Count {
  spans: Span[];
  counted: Counted[];
  /** Nobody counted in it: what came and went meanwhile is not known. */
  gap?: { began: number; ended: number };
}

/** Longer between two counts than this, and something may have been missed. */
export const PATIENCE = 90_000;
/** How much later than it started an instance may be seen. */
const LAG = 10_000;
/** Beside the instances in the same table. */
export const KEPT = "kept ";

/**
 * What is to be added since the last count (`last`, or since when it is counted). Each instance is counted from where it was counted to, so nothing
 * is counted twice, whoever counts; what still runs after a gap is counted through it, what ended in it until it began. The one that is always
 * kept is not counted in a gap, so that a gap never looks like a saving. Pure.
 */
export function count(
  known: ReadonlyMap<string, Counted>,
  running: readonly Running[],
  { now, last }: { now: number; last: number },
): Count {
  const gap = now - last > PATIENCE ? { began: last, ended: now } : undefined;
  const spans: Span[] = [];
  const add = ({ team, app, env, cpu, memory }: Owner, kept: boolean, from: number, to: number) => {
    if (to > from) spans.push({ team, app, env, cpu, memory, kept, from, to });
  };
  const counted = running.flatMap((each): Counted[] => {
    const { id, kept, ended, team, app, env, cpu, memory } = each;
    // What another has counted to its end is not known any more.
    const begun = Math.max(each.from, ended === undefined ? last - LAG : last);
    add(each, kept, kept && gap ? now : (known.get(id)?.until ?? begun), Math.min(now, ended ?? now));
    return ended === undefined ? [{ id, team, app, env, cpu, memory, until: now }] : [];
  });
  const seen = new Set(running.map(({ id }) => id));
  // They ended since the last count, nobody saw when: a moment ago, or some time in the gap.
  if (!gap) for (const gone of known.values()) if (!seen.has(gone.id)) add(gone, gone.id.startsWith(KEPT), gone.until, now);
  return { spans, counted, ...(gap ? { gap } : {}) };
}

const DAY = 86_400_000;

/** A span cut at midnight, UTC: day → seconds. */
export function secondsByDay({ from, to }: Pick<Span, "from" | "to">): Map<string, number> {
  const days = new Map<string, number>();
  for (let at = from; at < to;) {
    const next = Math.min(to, (Math.floor(at / DAY) + 1) * DAY);
    days.set(dayOf(at), (next - at) / 1000);
    at = next;
  }
  return days;
}

/** `2026-11-28` */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
