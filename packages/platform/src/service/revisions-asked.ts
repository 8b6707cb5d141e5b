import type { Cluster } from "../cluster/port.ts";
import { revisionName, revisionNumber, versionName, versionNumber } from "../compile/names.ts";
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

interface Recorded<T> {
  items: (T & { version: string })[];
  recorded: boolean;
}

/** What the cluster has written down of an app's versions, or of the named one only, newest first. Throws `version_not_found`. */
export async function recordsAsked<T extends { time: string }>(
  cluster: Cluster,
  { app, version }: { app: string; version: string | undefined },
  read: (revision: string) => Promise<readonly T[] | undefined>,
): Promise<Recorded<T>> {
  const records = await Promise.all(
    revisionsAsked(cluster, app, version).map(async (number) => {
      const record = await read(revisionName(app, number));
      return record?.map((each) => ({ version: versionName(number), ...each }));
    }),
  );
  const items = records.flatMap((record) => record ?? []).sort((a, b) => Date.parse(b.time) - Date.parse(a.time));
  // Of no version at all nobody can have told anything: that says nothing of the cluster.
  return { items, recorded: records.length === 0 || records.some((record) => record !== undefined) };
}
