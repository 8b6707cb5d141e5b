import { revisionNumber } from "../compile/names.ts";
import type { Cluster } from "./port.ts";

/** Where a new app's numbers begin: after those of Revisions that the cluster still has of that name (the database was lost, say). */
export function firstVersion(cluster: Cluster, app: string): number {
  return Math.max(0, ...cluster.revisions(app).map((revision) => revisionNumber(app, revision.metadata.name) ?? 0)) + 1;
}
