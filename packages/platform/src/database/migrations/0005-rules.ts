import { sql, type Kysely } from "kysely";

/** Rules before the split, of an app in an environment. */
export async function rules(db: Kysely<unknown>): Promise<void> {
  await sql`alter table app_environments add column rules_json text not null default '[]'`.execute(db);
}
