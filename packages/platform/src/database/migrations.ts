import { platforms } from "./migrations/0016-platforms.ts";
import { git } from "./migrations/0018-git.ts";
import { domains } from "./migrations/0013-domains.ts";
import { environments } from "./migrations/0003-environments.ts";
import { governance } from "./migrations/0004-governance.ts";
import { releases } from "./migrations/0006-releases.ts";
import { rules } from "./migrations/0005-rules.ts";
import { previewsAndUsage } from "./migrations/0010-previews-and-usage.ts";
import { sleep } from "./migrations/0009-sleep.ts";
import { configuration } from "./migrations/0011-configuration.ts";
import { mirrors } from "./migrations/0015-mirrors.ts";
import { quotas } from "./migrations/0012-quotas.ts";
import { revisionsAndClusters } from "./migrations/0014-revisions-and-clusters.ts";
import { sql, type Kysely, type Migration } from "kysely";

export type DatabaseKind = "sqlite" | "postgres";

/** Forward only: a released migration is never edited. Those that are made side by side touch nothing of each other's. */
export function migrations(kind: DatabaseKind): Record<string, Migration> {
  return {
    "0001_foundation": { up: (db) => foundation(db, kind) },
    "0002_metrics": { up: metrics },
    "0003_environments": { up: (db) => environments(db, kind) },
    "0004_governance": { up: governance },
    "0005_rules": { up: rules },
    "0006_releases": { up: releases },
    "0009_sleep": { up: sleep },
    "0010_previews_and_usage": { up: previewsAndUsage },
    "0011_configuration": { up: configuration },
    "0012_quotas": { up: quotas },
    "0013_domains": { up: domains },
    "0014_revisions_and_clusters": { up: revisionsAndClusters },
    "0015_mirrors": { up: mirrors },
    "0016_platforms": { up: platforms },
    "0018_git": { up: git },
  };
}

async function foundation(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  // AUTOINCREMENT: SQLite would otherwise reuse the number of a pruned last row, and the queue's order hangs on it.
  const serial = sql.raw(kind === "sqlite" ? "integer primary key autoincrement" : "integer generated always as identity primary key");
  const statements = [
    sql`create table apps (
      name text primary key, kind text not null, next_version integer not null, env_json text not null, secrets_json text not null,
      failure text not null, created_at bigint not null, updated_at bigint not null)`,
    sql`create table versions (
      app text not null, number integer not null, operation text not null, config_json text not null, state text not null,
      message text not null, created_by text not null, created_at bigint not null, primary key (app, number))`,
    sql`create unique index versions_by_operation on versions (operation)`,
    sql`create table operations (
      seq ${serial}, id text not null unique, kind text not null, app text not null, state text not null, request_json text not null,
      state_json text not null, phases_json text not null, failure_json text, version text, url text, preview_url text, created_at bigint not null,
      created_by text not null, deadline bigint not null, timeout bigint not null, started_at bigint, finished_at bigint,
      lease_owner text, lease_until bigint not null, cancel_requested integer not null, committed integer not null, changes integer not null)`,
    sql`create index operations_by_app on operations (app, seq)`,
    // The rule "one at a time for each app" is the database's: two platforms on one database cannot break it by a race.
    sql`create unique index operations_one_running on operations (app) where state = 'running'`,
    sql`create index operations_unfinished on operations (seq) where state in ('queued', 'running')`,
    sql`create table operation_logs (
      operation text not null, seq integer not null, time bigint not null, line text not null, primary key (operation, seq))`,
    sql`create table traffic_history (
      seq ${serial}, app text not null, operation text not null, targets_json text not null, created_at bigint not null)`,
    sql`create unique index traffic_history_by_operation on traffic_history (operation)`,
    sql`create index traffic_history_by_app on traffic_history (app, seq)`,
    sql`create table sessions (hash text primary key, kind text not null, "user" text not null, expires_at bigint not null)`,
  ];
  for (const statement of statements) await statement.execute(db);
}

async function metrics(db: Kysely<unknown>): Promise<void> {
  const statements = [
    sql`create table metric_points (
      app text not null, step integer not null, time bigint not null, version integer not null, usage_json text not null,
      primary key (app, step, time, version))`,
    // What housekeeping deletes by.
    sql`create index metric_points_by_age on metric_points (step, time)`,
    sql`create table metric_counters (
      app text not null, version integer not null, counters_json text not null, primary key (app, version))`,
  ];
  for (const statement of statements) await statement.execute(db);
}
