import { sql, type Kysely } from "kysely";

/** What a team may have. */
export async function quotas(db: Kysely<unknown>): Promise<void> {
  await sql`alter table teams add column quota_json text not null default '{}'`.execute(db);
}
