import type { ColdStarts } from "@ebb/api";
import type { Cluster } from "../cluster/port.ts";
import { recordsAsked } from "./revisions-asked.ts";

/** How the last instances of an app's versions came to serve, newest first. Throws `version_not_found`. */
export async function appColdStarts(
  cluster: Cluster,
  app: string,
  { version, limit }: { version?: string; limit: number },
): Promise<ColdStarts> {
  const { items, recorded } = await recordsAsked(cluster, { app, version }, (revision) => cluster.coldStarts(revision));
  return { items: items.slice(0, limit), recorded };
}
