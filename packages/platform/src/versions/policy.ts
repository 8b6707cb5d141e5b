import type { KeptVersion } from "@ebb/api";

/** How many versions an environment keeps of each of its apps. */
export interface KeepPolicy {
  /** The newest. */
  keep: number;
  /** Those that are not older, as well; null: age keeps none. */
  days: number | null;
}

export interface VersionFacts {
  number: number;
  createdAt: number;
  /** Who has pinned it; empty: nobody. */
  pinned: string;
}

export interface Holders {
  /** What the split, a tag or a rule leads to. */
  routed: ReadonlySet<number>;
  /** What served before the present split: one click leads back to it. */
  before: number | undefined;
}

const DAY = 86_400_000;

/** Of the versions that a cluster still has: which stay and why, and which go. Pure; oldest go first. */
export function sortVersions(
  versions: readonly VersionFacts[],
  { routed, before }: Holders,
  { keep, days }: KeepPolicy,
  now: number,
): { kept: { number: number; why: KeptVersion["why"] }[]; gone: number[] } {
  const newest = versions.toSorted((a, b) => b.number - a.number);
  const why = ({ number, createdAt, pinned }: VersionFacts, place: number): KeptVersion["why"] | undefined => {
    if (routed.has(number)) return "routed";
    if (pinned !== "") return "pinned";
    if (number === before) return "rollback";
    if (place < keep) return "newest";
    return days !== null && now - createdAt < days * DAY ? "young" : undefined;
  };
  const sorted = newest.map((version, place) => ({ number: version.number, why: why(version, place) }));
  return {
    kept: sorted.flatMap(({ number, why: reason }) => (reason === undefined ? [] : [{ number, why: reason }])),
    gone: sorted.flatMap(({ number, why: reason }) => (reason === undefined ? [number] : [])).reverse(),
  };
}
