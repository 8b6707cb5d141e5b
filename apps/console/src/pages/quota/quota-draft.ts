import type { PatchQuota, Quota, TeamQuota } from "@ebb/api";

export const RESOURCES = ["apps", "instances", "cpu", "memory"] as const;
export type Resource = (typeof RESOURCES)[number];

/** As it is typed; empty: as much as there is. */
export type QuotaDraft = Record<Resource, string>;

/** As `Quota` in the API's schemas. */
const PATTERNS: Record<Resource, RegExp> = {
  apps: /^\d{1,5}$|^100000$/,
  instances: /^\d{1,5}$|^100000$/,
  cpu: /^[0-9]{1,6}(m|\.[0-9]{1,3})?$/,
  memory: /^[0-9]{1,9}(Ki|Mi|Gi|Ti)$/,
};

export function draftOf(quota: Quota): QuotaDraft {
  return { apps: textOf(quota.apps), instances: textOf(quota.instances), cpu: textOf(quota.cpu), memory: textOf(quota.memory) };
}

const textOf = (value: string | number | null): string => (value === null ? "" : String(value));

export const isBad = (resource: Resource, typed: string): boolean => typed !== "" && !PATTERNS[resource].test(typed);

/** Only what differs. */
export function patchOf(from: Quota, draft: QuotaDraft): PatchQuota {
  const was = draftOf(from);
  const count = (typed: string) => (typed === "" ? null : Number(typed));
  const amount = (typed: string) => (typed === "" ? null : typed);
  return {
    ...(draft.apps === was.apps ? {} : { apps: count(draft.apps) }),
    ...(draft.instances === was.instances ? {} : { instances: count(draft.instances) }),
    ...(draft.cpu === was.cpu ? {} : { cpu: amount(draft.cpu) }),
    ...(draft.memory === was.memory ? {} : { memory: amount(draft.memory) }),
  };
}

const UNITS: Record<string, number> = { m: 0.001, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

/** Of a quantity as the API writes it: `1500m`, `16Gi`. */
export function amountOf(quantity: string | number): number {
  const match = /^([0-9.]+)([A-Za-z]*)$/.exec(String(quantity));
  return match === null ? 0 : Number(match[1]) * (UNITS[match[2] ?? ""] ?? 1);
}

export interface Figure {
  resource: Resource;
  used: string;
  /** Null: as much as there is. */
  limit: string | null;
  /** Of the limit, 0 to 1 and above; null without one. */
  share: number | null;
}

export function figuresOf({ quota, used }: TeamQuota): Figure[] {
  return RESOURCES.map((resource) => {
    const limit = quota[resource];
    // Nothing of nothing is all of it.
    const share = limit === null ? null : amountOf(limit) === 0 ? 1 : amountOf(used[resource]) / amountOf(limit);
    return { resource, used: String(used[resource]), limit: limit === null ? null : String(limit), share };
  });
}
