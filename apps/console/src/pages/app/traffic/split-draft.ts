import type { TrafficTarget, Version } from "@ebb/api";
import { byNewest } from "../../../ui/version.ts";

/** Percent by version; a version that is absent gets nothing. A draft always adds up to 100. */
export type Split = Record<string, number>;

export interface SplitChange {
  version: string;
  from: number;
  to: number;
}

export function splitOf(versions: readonly Version[]): Split {
  return Object.fromEntries(versions.filter((version) => version.percent > 0).map((version) => [version.name, version.percent]));
}

function sumOf(split: Split): number {
  return Object.values(split).reduce((sum, percent) => sum + percent, 0);
}

/** What differs, in the order of the version's number, newest first. */
export function changesOf(from: Split, to: Split): SplitChange[] {
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .toSorted(byNewest)
    .map((version) => ({ version, from: from[version] ?? 0, to: to[version] ?? 0 }))
    .filter((change) => change.from !== change.to);
}

/**
 * Sets one share; the others share what is left of 100 in proportion to what they have, or to `usual` where they have nothing any more. A
 * version alone keeps all.
 */
export function withPercent(split: Split, usual: Split, version: string, percent: number): Split {
  const others = Object.keys(split)
    .filter((name) => name !== version)
    .toSorted(byNewest);
  if (others.length === 0) return { [version]: 100 };
  const mine = Math.min(100, Math.max(0, Math.round(percent)));
  const weights = [split, usual].map((of) => others.map((name) => of[name] ?? 0)).find((all) => all.some((weight) => weight > 0));
  const shares = inProportion(100 - mine, weights ?? others.map((_, index) => (index === 0 ? 1 : 0)));
  return { ...Object.fromEntries(others.map((name, index) => [name, shares[index] ?? 0])), [version]: mine };
}

/** Whole numbers that add up to `total`: what rounding down leaves goes to those it took most from. */
function inProportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const exact = weights.map((weight) => (total * weight) / sum);
  const shares = exact.map(Math.floor);
  const left = total - shares.reduce((all, share) => all + share, 0);
  const byLoss = exact.map((share, index) => ({ index, loss: share - Math.floor(share) })).toSorted((a, b) => b.loss - a.loss);
  for (const { index } of byLoss.slice(0, left)) shares[index] = (shares[index] ?? 0) + 1;
  return shares;
}

/** Moves the border between two neighbours to where the first one has `percent`; the two together keep what they have. */
export function withBorder(split: Split, [first, second]: readonly [string, string], percent: number): Split {
  const both = (split[first] ?? 0) + (split[second] ?? 0);
  const mine = Math.min(both, Math.max(0, Math.round(percent)));
  return { ...split, [first]: mine, [second]: both - mine };
}

/** Takes a version out; what it had goes to the others. The last one stays. */
export function without(split: Split, usual: Split, version: string): Split {
  if (Object.keys(split).length === 1) return split;
  const { [version]: _, ...rest } = withPercent(split, usual, version, 0);
  return rest;
}

/** The body of `PUT …/traffic`: versions without a share are left out. */
export function targetsOf(split: Split): TrafficTarget[] {
  return Object.keys(split)
    .toSorted(byNewest)
    .flatMap((version) => {
      const percent = split[version] ?? 0;
      return percent > 0 ? [{ version, percent }] : [];
    });
}

/** What the form begins with: what is in force, and the newest version beside it; a place without a split gives that one all. */
export function offered(current: Split, newest: string): Split {
  return sumOf(current) === 100 ? { [newest]: 0, ...current } : { [newest]: 100 };
}
