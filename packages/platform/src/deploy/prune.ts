import { pruneApprovals } from "../approvals/store.ts";
import { revisionName } from "../compile/names.ts";
import { liveOperations, WAITING_OR_UNFINISHED } from "../operations/store.ts";
import type { Database } from "../database/database.ts";
import { oldSecrets } from "../configuration/store.ts";
import { configOf } from "../apps/store.ts";
import type { EnvironmentRow } from "../environments/policies.ts";
import { listEnvironments } from "../environments/store.ts";
import type { DeployRequest, Deps } from "./context.ts";

/** Per platform: months of history for a busy team; each is a few kilobytes. */
const KEEP_OPERATIONS = 2000;
/** Logs are the large part. */
const KEEP_LOGS = 200;
const KEEP_HISTORY = 500;
/** A Secret younger than this may belong to a request that is just being stored. */
const SECRET_AGE = 60 * 60_000;

/** Deletes what nothing refers to any more: old operations and logs, lapsed sessions, Secrets of past generations. May run at any time. */
export async function prune(deps: Deps): Promise<void> {
  const { db, clock } = deps;
  const nth = async (n: number) =>
    (await db.selectFrom("operations").select("seq").orderBy("seq", "desc").offset(n).limit(1).executeTakeFirst())?.seq ?? 0;
  const oldLogs = await nth(KEEP_LOGS);
  await db
    .deleteFrom("operation_logs")
    .where("operation", "in", (query) =>
      query.selectFrom("operations").select("id").where("seq", "<=", oldLogs).where("state", "not in", WAITING_OR_UNFINISHED),
    )
    .execute();
  await db
    .deleteFrom("operations")
    .where("seq", "<=", await nth(KEEP_OPERATIONS))
    .where("state", "not in", WAITING_OR_UNFINISHED)
    .execute();
  const oldest = await db
    .selectFrom("traffic_history")
    .select("seq")
    .orderBy("seq", "desc")
    .offset(KEEP_HISTORY)
    .limit(1)
    .executeTakeFirst();
  if (oldest) await db.deleteFrom("traffic_history").where("seq", "<=", oldest.seq).execute();
  await db.deleteFrom("sessions").where("expires_at", "<=", clock.now()).execute();
  await pruneApprovals(db);
  await pruneSealedChanges(db);
  for (const environment of await listEnvironments(db)) await pruneSecrets(deps, environment);
}

async function pruneSecrets(deps: Deps, environment: EnvironmentRow): Promise<void> {
  const { db, clusters, clock } = deps;
  const cluster = clusters.of(environment);
  if (!cluster.health().ready) return;
  // Listed before what refers to them is read: one that is made meanwhile is not in the list.
  const secrets = (await cluster.listSecrets()).filter((secret) => clock.now() - secret.createdAt > SECRET_AGE);
  if (secrets.length === 0) return;
  const used = new Set<string | null | undefined>();
  for (const app of await db.selectFrom("app_environments").selectAll().where("env", "=", environment.name).execute())
    used.add(oldSecrets(app).object);
  for (const version of await db.selectFrom("versions").selectAll().where("env", "=", environment.name).execute()) {
    if (version.state === "creating" || cluster.revision(revisionName(version.app, version.number))) used.add(configOf(version).secretName);
  }
  for (const row of await liveOperations(db)) {
    // Its own generation is written before the row says so.
    for (const secret of secrets) if (secret.app === row.app && secret.name.endsWith(row.id)) used.add(secret.name);
  }
  for (const secret of secrets) if (!used.has(secret.name)) await cluster.deleteSecret(secret.name);
}

/** Values for operations that have ended, or were rejected before they began. */
async function pruneSealedChanges(db: Database): Promise<void> {
  await db
    .deleteFrom("sealed_changes")
    .where("operation", "not in", (query) => query.selectFrom("operations").select("id").where("state", "in", WAITING_OR_UNFINISHED))
    .execute();
}

/** Uploads that operations under way still need. */
export async function usedUploads({ db }: Deps): Promise<Set<string>> {
  const requests = (await liveOperations(db)).map(
    (row) => JSON.parse(row.request_json) as Partial<Extract<DeployRequest, { source: unknown }>>,
  );
  return new Set(requests.flatMap((request) => request.source?.upload ?? []));
}
