import { sql, type Kysely } from "kysely";

/** Copies of an app's requests in an environment to another version; empty: none. */
export async function mirrors(db: Kysely<unknown>): Promise<void> {
  await sql`alter table app_environments add column mirror_json text not null default ''`.execute(db);
}
