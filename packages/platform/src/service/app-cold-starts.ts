import type { ColdStarts } from "@ebb/api";
import type { Cluster } from "../cluster/port.ts";
import { revisionName, versionName } from "../compile/names.ts";
import { revisionsAsked } from "./revisions-asked.ts";

/** How the last instances of an app's versions came to serve, newest first. Throws `version_not_found`. */
export async function appColdStarts(
  cluster: Cluster,
  app: string,
  { version, limit }: { version?: string; limit: number },
): Promise<ColdStarts> {
  const records = await Promise.all(
    revisionsAsked(cluster, app, version).map(async (number) => {
      const starts = await cluster.coldStarts(revisionName(app, number));
      return starts?.map((start) => ({ version: versionName(number), ...start }));
    }),
  );
  const items = records
    .flatMap((starts) => starts ?? [])
    .sort((a, b) => Date.parse(b.time) - Date.parse(a.time))
    .slice(0, limit);
  // Of no version at all nobody can have told anything: that says nothing of the cluster.
  return { items, recorded: records.length === 0 || records.some((starts) => starts !== undefined) };
}
