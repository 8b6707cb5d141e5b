import { sql, type Kysely } from "kysely";

/** Whether an environment is asleep, and how far its schedule has been followed. */
export async function sleep(db: Kysely<unknown>): Promise<void> {
  const columns = [
    "asleep integer not null default 0",
    "sleep_settled integer not null default 1",
    "sleep_json text not null default '{}'",
    "schedule_seen bigint not null default 0",
  ];
  for (const column of columns) await sql`alter table environments add column ${sql.raw(column)}`.execute(db);
}
