import type { ScalingDecisions } from "@ebb/api";
import type { Cluster } from "../cluster/port.ts";
import { revisionName, revisionNumber, versionName, versionNumber } from "../compile/names.ts";
import { refuse } from "../errors.ts";
import type { DecisionRequest } from "../http/port.ts";

/** What the autoscaler decided on an app's versions and why, newest first. Throws `version_not_found` when the named one is not in the cluster. */
export async function appDecisions(cluster: Cluster, app: string, { version, at, limit }: DecisionRequest): Promise<ScalingDecisions> {
  const present = cluster.revisions(app).flatMap((revision) => revisionNumber(app, revision.metadata.name) ?? []);
  const asked = version === undefined ? present : present.filter((number) => number === versionNumber(version));
  if (version !== undefined && asked.length === 0) {
    throw refuse("version_not_found", `${app} has no version ${version} in the cluster`, { hint: `List them with: ebb versions ${app}.` });
  }
  const records = await Promise.all(
    asked.map(async (number) => {
      const decisions = await cluster.decisions(revisionName(app, number));
      return decisions?.map((decision) => ({ version: versionName(number), ...decision }));
    }),
  );
  const until = at === undefined ? Infinity : Date.parse(at);
  const items = records
    .flatMap((decisions) => decisions ?? [])
    .filter((decision) => Date.parse(decision.time) <= until)
    .sort((a, b) => Date.parse(b.time) - Date.parse(a.time))
    .slice(0, limit);
  return { items, recorded: records.some((decisions) => decisions !== undefined) };
}
