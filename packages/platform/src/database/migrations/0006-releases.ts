import { sql, type Kysely } from "kysely";

/** What people say to a release while it runs. */
export async function releases(db: Kysely<unknown>): Promise<void> {
  await sql`alter table operations add column continued integer not null default 0`.execute(db);
}
