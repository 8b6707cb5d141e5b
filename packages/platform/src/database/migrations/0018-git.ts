import { sql, type Kysely } from "kysely";

/** The repositories of apps, and what teams read repositories with. */
export async function git(db: Kysely<unknown>): Promise<void> {
  const statements = [
    sql`create table repositories (
      app text primary key, url text not null, folder text not null, rules_json text not null, preview_hours double precision,
      hook_sealed text not null, hook_at bigint, deliveries_json text not null, updated_at bigint not null, updated_by text not null)`,
    // A second one of the same sort for the same repositories would leave it to chance which is used.
    sql`create table git_credentials (
      id text primary key, team text not null, prefix text not null, kind text not null, account text not null, public_key text not null,
      known_hosts text not null, sealed text not null, created_at bigint not null, created_by text not null, unique (team, prefix, kind))`,
  ];
  for (const statement of statements) await statement.execute(db);
}
