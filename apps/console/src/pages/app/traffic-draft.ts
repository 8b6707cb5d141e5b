import type { TrafficTarget, Version } from "@ebb/api";
import { byNewest } from "../../ui/version.ts";

/** Percent by version; a version that is absent gets nothing. */
export type Split = Record<string, number>;

export interface SplitChange {
  version: string;
  from: number;
  to: number;
}

export function splitOf(versions: readonly Version[]): Split {
  return Object.fromEntries(versions.filter((version) => version.percent > 0).map((version) => [version.name, version.percent]));
}

export function sumOf(split: Split): number {
  return Object.values(split).reduce((sum, percent) => sum + percent, 0);
}

/** What differs, in the order of the version's number, newest first. */
export function changesOf(from: Split, to: Split): SplitChange[] {
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .toSorted(byNewest)
    .map((version) => ({ version, from: from[version] ?? 0, to: to[version] ?? 0 }))
    .filter((change) => change.from !== change.to);
}

/** Sets one share. Between exactly two versions the other one gets the rest; with more, which one gives is for the person to say. */
export function withPercent(split: Split, version: string, percent: number): Split {
  const next = { ...split, [version]: percent };
  const others = Object.keys(next).filter((name) => name !== version);
  const [other] = others;
  return others.length === 1 && other !== undefined ? { ...next, [other]: 100 - percent } : next;
}

/** Gives to one version what the others leave of 100; nothing where they leave less than nothing. */
export function balanced(split: Split, version: string): Split {
  return { ...split, [version]: Math.max(0, 100 - sumOf({ ...split, [version]: 0 })) };
}

/** The body of `PUT /apps/:app/traffic`: versions without a share are left out. */
export function targetsOf(split: Split): TrafficTarget[] {
  return Object.keys(split)
    .toSorted(byNewest)
    .flatMap((version) => {
      const percent = split[version] ?? 0;
      return percent > 0 ? [{ version, percent }] : [];
    });
}
