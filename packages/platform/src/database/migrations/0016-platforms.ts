import { sql, type Kysely } from "kysely";

/** Which platform processes work on this database. */
export async function platforms(db: Kysely<unknown>): Promise<void> {
  await sql`create table platforms (
    id text primary key, host text not null, address text not null, version text not null, folder text not null, started_at bigint not null,
    seen_at bigint not null)`.execute(db);
}
