import type { PatchQuota, TeamQuota } from "@ebb/api";
import { addAmounts, formatQuantity, hasEnded, isQuantity, podAmounts, type Amounts } from "@ebb/kube";
import { listPlaces } from "../apps/store.ts";
import { changed, record } from "../audit/store.ts";
import type { Deps } from "../deploy/context.ts";
import { listEnvironments } from "../environments/store.ts";
import { refuse } from "../errors.ts";
import { countApps } from "../quotas/apps.ts";
import { spreadQuota } from "../quotas/enforce.ts";
import { parseQuota } from "../quotas/quota.ts";
import { getTeam, holdTeam } from "../teams/store.ts";

export async function viewQuota(deps: Deps, team: string): Promise<TeamQuota> {
  const quota = parseQuota((await getTeam(deps.db, team)).quota_json);
  const used = await usedBy(deps, team);
  return {
    quota,
    used: {
      apps: await countApps(deps.db, team),
      instances: used["pods"] ?? 0,
      cpu: formatQuantity(used["limits.cpu"] ?? 0, "decimal"),
      memory: formatQuantity(used["limits.memory"] ?? 0, "binary"),
    },
  };
}

/** What is there already stays, also above the new quota. */
export async function patchQuota(deps: Deps, team: string, patch: PatchQuota): Promise<TeamQuota> {
  for (const text of [patch.cpu, patch.memory]) {
    if (text != null && !isQuantity(text))
      throw refuse("invalid_request", `${text} is not a quantity`, { hint: "Write it like 1500m, 8 or 16Gi." });
  }
  const { db, clock } = deps;
  await db.transaction().execute(async (transaction) => {
    const before = parseQuota((await holdTeam(transaction, team)).quota_json);
    const after = { ...before, ...patch };
    await transaction
      .updateTable("teams")
      .set({ quota_json: JSON.stringify(after), updated_at: clock.now() })
      .where("name", "=", team)
      .execute();
    await record(transaction, clock.now(), { action: "team.quota", object: `team/${team}`, team, ...changed(before, after) });
  });
  await spreadQuota(deps, team);
  return viewQuota(deps, team);
}

/** By the instances that the clusters have told of. */
async function usedBy({ db, clusters }: Deps, team: string): Promise<Amounts> {
  const environments = await listEnvironments(db, team);
  let used: Amounts = {};
  for (const { app, env } of await listPlaces(db, { team })) {
    const environment = environments.find(({ name }) => name === env);
    if (!environment) continue;
    for (const pod of clusters.of(environment).pods(app)) {
      if (!hasEnded(pod)) used = addAmounts(used, podAmounts(pod.spec.containers, pod.spec.initContainers));
    }
  }
  return used;
}
