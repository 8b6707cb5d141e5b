import type { Environment, PatchEnvironment } from "@ebb/api";

/** What the form of policies edits, all in one level. */
export interface PolicyDraft {
  deployRole: Environment["deployRole"];
  releaseRole: Environment["releaseRole"];
  approvals: number;
  rollbacksWait: boolean;
  warm: boolean;
  min: number;
  max: number;
  idleSeconds: number | null;
  maxInstances: number;
  order: number;
}
export type PolicyField = keyof PolicyDraft;
export const FIELDS: readonly PolicyField[] = [
  "deployRole",
  "releaseRole",
  "approvals",
  "rollbacksWait",
  "warm",
  "min",
  "max",
  "idleSeconds",
  "maxInstances",
  "order",
];

export function draftOf({ deployRole, releaseRole, approvals, rollbacksWait, warm, scaling, limits, order }: Environment): PolicyDraft {
  return { deployRole, releaseRole, approvals, rollbacksWait, warm, ...scaling, maxInstances: limits.maxInstances, order };
}

/** Those fields whose values differ. */
export function changedFields(from: PolicyDraft, to: PolicyDraft): PolicyField[] {
  return FIELDS.filter((field) => from[field] !== to[field]);
}

/** Only what differs: what somebody else has changed meanwhile stays. */
export function patchOf(from: PolicyDraft, to: PolicyDraft): PatchEnvironment {
  const changed = new Set(changedFields(from, to));
  const pick = <F extends PolicyField>(...fields: F[]) =>
    Object.fromEntries(fields.filter((field) => changed.has(field)).map((field) => [field, to[field]])) as Partial<Pick<PolicyDraft, F>>;
  const scaling = pick("min", "max", "idleSeconds");
  const limits = pick("maxInstances");
  return {
    ...pick("deployRole", "releaseRole", "approvals", "rollbacksWait", "warm", "order"),
    ...(Object.keys(scaling).length > 0 ? { scaling } : {}),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
  };
}
