import type { ConfigurationPlan, VersionDiff } from "@ebb/api";
import { UserError } from "@ebb/base";
import { configChanges } from "../apps/diff.ts";
import { configOf, listPlaces, listVersions, trafficHistory } from "../apps/store.ts";
import { planOfImage, versionConfig, type Artifact } from "../compile/version-config.ts";
import { largestShare } from "../compile/traffic.ts";
import type { Database } from "../database/database.ts";
import { policiesOf } from "../environments/policies.ts";
import { listEnvironments } from "../environments/store.ts";
import { readLayers, withChanges, type Applied, type Scope, type StoredLayers } from "./store.ts";

/** An app in an environment that a change of a layer gives another configuration. */
export interface Affected extends Scope {
  /** What its next version is made of; undefined: it has none yet. */
  base: Artifact | undefined;
  approvals: number;
  changes: VersionDiff["changes"];
  /** Why it could not be given the new configuration, when it could be given the present one. */
  fault: string | null;
}

/** Which apps a change reaches, in the order of teams, environments and names. With no changes: those that it could reach. */
export async function affectedBy(db: Database, change: Applied): Promise<Affected[]> {
  const affected: Affected[] = [];
  const environments = await listEnvironments(db, change.scope.team === "" ? undefined : change.scope.team);
  for (const { app, env, team } of await listPlaces(db, change.scope)) {
    const environment = environments.find((each) => each.team === team && each.name === env);
    if (!environment) continue;
    const place = { team, env, app };
    const base = await baseOf(db, place);
    const before = await readLayers(db, place);
    const outcome = compare(base ?? NOTHING, before, withChanges(before, change));
    if (outcome.changes.length === 0 && outcome.fault === null && change.changes.length > 0) continue;
    affected.push({ ...place, base, approvals: policiesOf(environment).approvals, ...outcome });
  }
  return affected;
}

export function viewPlan(affected: readonly Affected[]): ConfigurationPlan {
  return {
    apps: affected.map(({ team, app, env, base, approvals, changes, fault }) => ({
      team,
      app,
      environment: env,
      newVersion: base !== undefined,
      approvals,
      changes,
      fault,
    })),
  };
}

/** What an app without a version is compared by: the layers alone. */
const NOTHING: Artifact = { plan: planOfImage({ name: "", image: "" }), image: "", bundle: false };

/** Pure. What was broken before the change and still is, is not the change's fault. */
function compare(base: Artifact, before: StoredLayers, after: StoredLayers): Pick<Affected, "changes" | "fault"> {
  const present = configured(base, before);
  const next = configured(base, after);
  if (typeof next === "string") return { changes: [], fault: typeof present === "string" ? null : next };
  return { changes: configChanges(typeof present === "string" ? undefined : present, next).filter(isSetting), fault: null };
}

function isSetting({ path }: { path: string }): boolean {
  return path.startsWith("variables.") || path.startsWith("secrets.");
}

function configured(base: Artifact, layers: StoredLayers) {
  try {
    return versionConfig(base, layers, null);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** As `config` operations choose it, by what the database knows: the version with the largest share, else the newest. */
async function baseOf(db: Database, place: Scope): Promise<Artifact | undefined> {
  const versions = await listVersions(db, place);
  const largest = largestShare((await trafficHistory(db, place))[0] ?? []);
  const row = versions.find(({ number, state }) => number === largest && state === "active") ?? versions[0];
  if (!row) return undefined;
  const { plan, image, bundle } = configOf(row);
  return { plan, image, bundle };
}
