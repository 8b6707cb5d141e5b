import type { ScalingDecisions } from "@ebb/api";
import type { Cluster } from "../cluster/port.ts";
import type { DecisionRequest } from "../http/port.ts";
import { recordsAsked } from "./revisions-asked.ts";

/** What the autoscaler decided on an app's versions and why, newest first. Throws `version_not_found` when the named one is not in the cluster. */
export async function appDecisions(cluster: Cluster, app: string, { version, at, limit }: DecisionRequest): Promise<ScalingDecisions> {
  const { items, recorded } = await recordsAsked(cluster, { app, version }, (revision) => cluster.decisions(revision));
  const until = at === undefined ? Infinity : Date.parse(at);
  return { items: items.filter(({ time }) => Date.parse(time) <= until).slice(0, limit), recorded };
}
