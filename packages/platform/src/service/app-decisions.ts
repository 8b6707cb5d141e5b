import type { ScalingDecisions } from "@ebb/api";
import type { Cluster } from "../cluster/port.ts";
import { revisionName, versionName } from "../compile/names.ts";
import type { DecisionRequest } from "../http/port.ts";
import { revisionsAsked } from "./revisions-asked.ts";

/** What the autoscaler decided on an app's versions and why, newest first. Throws `version_not_found` when the named one is not in the cluster. */
export async function appDecisions(cluster: Cluster, app: string, { version, at, limit }: DecisionRequest): Promise<ScalingDecisions> {
  const asked = revisionsAsked(cluster, app, version);
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
  return { items, recorded: records.length === 0 || records.some((decisions) => decisions !== undefined) };
}
