import { sql, type Kysely } from "kysely";

/** Environments with an end, and what instances have used by day. */
export async function previewsAndUsage(db: Kysely<unknown>): Promise<void> {
  const statements = [
    sql`alter table environments add column expires_at bigint`,
    sql`alter table environments add column branch text not null default ''`,
    sql`alter table teams add column preview_limit integer not null default 10`,
    sql`create table usage_days (
      day text not null, team text not null, app text not null, env text not null, instance_seconds double precision not null,
      cpu_seconds double precision not null, memory_seconds double precision not null, kept_seconds double precision not null,
      kept_cpu_seconds double precision not null, kept_memory_seconds double precision not null, primary key (day, team, app, env))`,
    sql`create table usage_counted (
      cluster text not null, id text not null, team text not null, app text not null, env text not null, cpu double precision not null,
      memory double precision not null, until bigint not null, primary key (cluster, id))`,
    sql`create table usage_gaps (cluster text not null, began bigint not null, ended bigint not null, primary key (cluster, began))`,
    sql`create table usage_clusters (cluster text primary key, counted_until bigint not null)`,
    sql`create table settings (name text primary key, value_json text not null)`,
  ];
  for (const statement of statements) await statement.execute(db);
}
