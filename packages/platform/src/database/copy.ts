import { BugError, UserError } from "@ebb/base";
import { sql } from "kysely";
import { readHead, verifyAudit } from "../audit/store.ts";
import { describeDatabase, openDatabase, type Database, type DatabaseOptions } from "./database.ts";
import type { Tables } from "./schema.ts";

/** PostgreSQL binds at most 65 535 parameters, and our widest table has some thirty columns. */
const BATCH = 500;
/** Numbered by the database: it goes on after the highest. */
const NUMBERED = ["operations", "traffic_history"] as const;

export interface Copied {
  tables: number;
  rows: number;
}

/**
 * Copies everything of a platform in SQLite to a PostgreSQL that has nothing yet, in one transaction: it is all there, compared and with an audit
 * trail that verifies, or nothing is. Nobody may run on either. What was leased to the platform that was stopped is let go of.
 * Throws what `openDatabase` throws, and UserError `database_not_empty` and `audit_broken`.
 */
export async function copyDatabase(
  from: Extract<DatabaseOptions, { kind: "sqlite" }>,
  to: Extract<DatabaseOptions, { kind: "postgres" }>,
): Promise<Copied> {
  const source = await openDatabase(from);
  try {
    const target = await openDatabase(to);
    try {
      return await target.transaction().execute((transaction) => copyAll(source, transaction, describeDatabase(to)));
    } finally {
      await target.destroy();
    }
  } finally {
    await source.destroy();
  }
}

async function copyAll(source: Database, target: Database, where: string): Promise<Copied> {
  await requireUnused(target, where);
  const tables = (await source.introspection.getTables()).map(({ name }) => name as keyof Tables).sort();
  let rows = 0;
  for (const table of tables) rows += await copyTable(source, target, table);
  for (const table of NUMBERED)
    await sql`select setval(pg_get_serial_sequence(${table}, 'seq'), coalesce((select max(seq) from ${sql.table(table)}), 0) + 1, false)`.execute(
      target,
    );
  await target.updateTable("operations").set({ lease_until: 0 }).where("state", "=", "running").execute();
  await target.updateTable("domains").set({ lease_until: 0 }).execute();
  const head = await readHead(source);
  const { breach } = await verifyAudit(target, head);
  if (breach)
    throw new UserError("audit_broken", `The audit trail does not verify: ${JSON.stringify(breach)}`, {
      hint: "It is so in SQLite already, or the file is damaged: `ebb audit verify` before the copy tells.",
    });
  return { tables: tables.length, rows };
}

/** Tables that the first start of a platform fills: whoever has been there is not written over. */
async function requireUnused(target: Database, where: string): Promise<void> {
  for (const table of ["users", "operations", "apps", "audit"] as const) {
    const found = await target
      .selectFrom(table)
      .select(sql<number>`1`.as("one"))
      .limit(1)
      .executeTakeFirst();
    if (found)
      throw new UserError("database_not_empty", `A platform is kept in ${where} already`, {
        hint: "Copy to a new database: createdb --owner=USER --encoding=UTF8 NAME.",
      });
  }
}

async function copyTable(source: Database, target: Database, table: keyof Tables): Promise<number> {
  // What the migrations have put there is in the source as it is now.
  await sql`delete from ${sql.table(table)}`.execute(target);
  const rows = source.selectFrom(table).selectAll().stream();
  let count = 0;
  let batch: Record<string, unknown>[] = [];
  for await (const row of rows) {
    batch.push(row);
    count += 1;
    if (batch.length < BATCH) continue;
    await insert(target, table, batch);
    batch = [];
  }
  if (batch.length > 0) await insert(target, table, batch);
  const copied = await target
    .selectFrom(table)
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  if (copied.count !== count) throw new BugError("copy_incomplete", `${copied.count} of ${count} rows of ${table} have arrived`);
  return count;
}

/** With the numbers that the rows have. */
async function insert(target: Database, table: string, rows: readonly Record<string, unknown>[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  const values = rows.map((row) => sql`(${sql.join(columns.map((column) => storable(row[column])))})`);
  const names = sql.join(columns.map((column) => sql.ref(column)));
  await sql`insert into ${sql.table(table)} (${names}) overriding system value values ${sql.join(values)}`.execute(target);
}

/** A line of a build's output may hold NUL, which PostgreSQL takes in no text. */
function storable(value: unknown): unknown {
  return typeof value === "string" ? value.replaceAll("\0", "\uFFFD") : value;
}
