import type { Environment, PatchEnvironment } from "@ebb/api";
import type { Selectable } from "kysely";
import type { EnvironmentTable } from "../database/schema.ts";

export type EnvironmentRow = Selectable<EnvironmentTable>;
export type Policies = Pick<
  Environment,
  | "order"
  | "warm"
  | "scaling"
  | "limits"
  | "deployRole"
  | "releaseRole"
  | "approvals"
  | "rollbacksWait"
  | "freezes"
  | "schedule"
  | "versions"
>;
export type Template = EnvironmentRow["template"];

const ASLEEP = { min: 0, max: 0, idleSeconds: null };
const COMMON = {
  warm: false,
  scaling: ASLEEP,
  limits: { maxInstances: 0 },
  deployRole: "developer",
  approvals: 0,
  rollbacksWait: false,
  freezes: [] as Environment["freezes"],
  schedule: null,
  // As many as Knative keeps by itself.
  versions: { keep: 20, days: null },
} as const;

/** What is usual at each stage; a team with stricter customs changes its own. */
const TEMPLATES: Record<Template, Policies> = {
  test: { ...COMMON, order: 10, releaseRole: "developer" },
  stable: { ...COMMON, order: 20, releaseRole: "developer" },
  staging: { ...COMMON, order: 30, releaseRole: "releaser" },
  // People wait for what they use: it keeps an instance, so that no first request pays for a cold start.
  prod: { ...COMMON, order: 40, warm: true, deployRole: "releaser", releaseRole: "releaser" },
};

/** The template's with what was changed over it. */
export function policiesOf(row: Pick<EnvironmentRow, "template" | "settings_json">): Policies {
  const template = TEMPLATES[row.template];
  const own = JSON.parse(row.settings_json) as PatchEnvironment;
  return {
    ...template,
    ...own,
    scaling: { ...template.scaling, ...own.scaling },
    limits: { ...template.limits, ...own.limits },
    versions: { ...template.versions, ...own.versions },
  };
}

/** What an environment's own settings are after a change. */
export function patchSettings(settings: string, patch: PatchEnvironment): string {
  const own = JSON.parse(settings) as PatchEnvironment;
  return JSON.stringify({
    ...own,
    ...patch,
    ...(own.scaling || patch.scaling ? { scaling: { ...own.scaling, ...patch.scaling } } : {}),
    ...(own.limits || patch.limits ? { limits: { ...own.limits, ...patch.limits } } : {}),
    ...(own.versions || patch.versions ? { versions: { ...own.versions, ...patch.versions } } : {}),
  });
}

/** In the order of the chain. */
export function inOrder(rows: readonly EnvironmentRow[]): EnvironmentRow[] {
  return rows.toSorted((a, b) => policiesOf(a).order - policiesOf(b).order || (a.name < b.name ? -1 : 1));
}

export interface AskedScaling {
  min: number;
  /** 0: none. */
  max: number;
  idleSeconds?: number;
}

/** What a version gets of what its app asks for: the environment's defaults where it asks for nothing, within the environment's limits. */
export function scalingIn({ warm, scaling, limits }: Policies, asked: AskedScaling): AskedScaling {
  const bound = (value: number) =>
    limits.maxInstances === 0 ? value : Math.min(value === 0 ? limits.maxInstances : value, limits.maxInstances);
  const max = bound(asked.max === 0 ? scaling.max : asked.max);
  const min = Math.max(asked.min, scaling.min, warm ? 1 : 0);
  const idleSeconds = asked.idleSeconds ?? scaling.idleSeconds ?? undefined;
  return { min: max === 0 ? min : Math.min(min, max), max, ...(idleSeconds === undefined ? {} : { idleSeconds }) };
}
