import type { Cluster } from "../cluster/port.ts";
import { revisionNumber, versionNumber } from "../compile/names.ts";
import { refuse } from "../errors.ts";

/** The numbers of an app's versions in the cluster, or of the named one only. Throws `version_not_found` when that is not there. */
export function revisionsAsked(cluster: Cluster, app: string, version: string | undefined): number[] {
  const present = cluster.revisions(app).flatMap((revision) => revisionNumber(app, revision.metadata.name) ?? []);
  const asked = version === undefined ? present : present.filter((number) => number === versionNumber(version));
  if (version !== undefined && asked.length === 0) {
    throw refuse("version_not_found", `${app} has no version ${version} in the cluster`, { hint: `List them with: ebb versions ${app}.` });
  }
  return asked;
}
