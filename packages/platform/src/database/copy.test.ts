import { silentLogger, systemRandom } from "@ebb/base";
import { postgresPrograms, startPostgres, VirtualClock, type Postgres } from "@ebb/testkit";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { record, verifyAudit } from "../audit/store.ts";
import { ensureApp } from "../apps/store.ts";
import { createIdentity } from "../identity/identity.ts";
import { claimOperation } from "../operations/claim.ts";
import { OperationLog, readOperationLog } from "../operations/logs.ts";
import { getOperation, insertOperation } from "../operations/store.ts";
import { emptySqlite } from "../testing/databases.ts";
import { copyDatabase } from "./copy.ts";
import { openDatabase, type Database, type DatabaseOptions } from "./database.ts";

const OPERATION = {
  kind: "deploy",
  team: "default",
  app: "shop",
  env: "test",
  request: { é: "ü" },
  createdBy: "ann",
  timeout: 60_000,
} as const;

/** A platform that was stopped in the middle of something. */
async function used(options: DatabaseOptions): Promise<void> {
  const db = await openDatabase(options);
  await createIdentity({ database: db, ownerToken: "o", clock: new VirtualClock(1), random: systemRandom, log: silentLogger, signIn: {} });
  await ensureApp(db, { name: "shop", team: "default", now: 1 });
  for (const id of ["gone", "running", "queued"]) await insertOperation(db, { id, ...OPERATION, now: Date.UTC(2040, 0, 1) });
  await db.deleteFrom("operations").where("id", "=", "gone").execute();
  await claimOperation(db, { owner: "old", now: 1000, until: 9e14 }, []);
  const log = new OperationLog(db, "running");
  for (let line = 0; line < 1200; line++) log.add(line, line === 7 ? "seven\0" : `line ${line}`);
  await log.flush();
  // As an Ebb of before has stored it.
  await db.updateTable("operation_logs").set({ line: "seven\0" }).where("seq", "=", 8).execute();
  for (let at = 0; at < 20; at++)
    await db
      .transaction()
      .execute((transaction) => record(transaction, at, { action: "app.changed", object: "app/shop", after: { at, é: 1.5 } }));
  await db
    .insertInto("usage_days")
    .values({
      day: "2026-11-29",
      team: "default",
      app: "shop",
      env: "test",
      instance_seconds: 0.125,
      cpu_seconds: 1e-9,
      memory_seconds: 12.5,
      kept_seconds: 86_400,
      kept_cpu_seconds: 0,
      kept_memory_seconds: 0,
    })
    .execute();
  await db.destroy();
}

async function everything(db: Database): Promise<Record<string, unknown[]>> {
  const names = (await db.introspection.getTables()).map(({ name }) => name).sort();
  const tables: Record<string, unknown[]> = {};
  for (const name of names) {
    const { rows } = await sql`select * from ${sql.table(name)}`.execute(db);
    tables[name] = rows.map((row) => JSON.stringify(row, Object.keys(row as object).sort())).sort();
  }
  return tables;
}

describe.skipIf(!postgresPrograms())("a platform that moves from SQLite to PostgreSQL", () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres(postgresPrograms() ?? "");
  }, 60_000);
  afterAll(() => server.stop());

  test("has everything that it had, lets go of what was under way, and goes on counting", async () => {
    const from = await emptySqlite();
    if (from.kind !== "sqlite") throw new Error("unreachable");
    await used(from);
    const to = { kind: "postgres", url: await server.url("moved") } as const;
    const { rows, tables } = await copyDatabase(from, to);
    const source = await openDatabase(from);
    const target = await openDatabase(to);
    onTestFinished(async () => {
      await source.destroy();
      await target.destroy();
    });
    // What is another: a lease that nobody has any more, and a sign that PostgreSQL takes in no text.
    await source.updateTable("operations").set({ lease_until: 0 }).execute();
    await source.updateTable("operation_logs").set({ line: "seven\uFFFD" }).where("seq", "=", 8).execute();
    const [had, has] = [await everything(source), await everything(target)];
    expect(has).toEqual(had);
    expect([rows, tables]).toEqual([Object.values(had).flat().length, Object.keys(had).length]);
    expect(rows).toBeGreaterThan(1200);
    expect((await readOperationLog(target, "running", 1190, 100)).length).toBe(10);
    expect(await verifyAudit(target)).toMatchObject({ rows: 20, breach: null });
    expect(await claimOperation(target, { owner: "new", now: 2000, until: 3000 }, [])).toMatchObject({ id: "running", lease_owner: "new" });
    const { seq } = await insertOperation(target, { id: "next", ...OPERATION, now: 1 });
    expect(seq).toBeGreaterThan((await getOperation(target, "queued")).seq);
    await expect(copyDatabase(from, to)).rejects.toMatchObject({ code: "database_not_empty", hint: expect.stringContaining("createdb") });
  });

  test("is not there at all when its audit trail was tampered with", async () => {
    const from = await emptySqlite();
    if (from.kind !== "sqlite") throw new Error("unreachable");
    await used(from);
    const source = await openDatabase(from);
    await source.updateTable("audit").set({ actor: "nobody" }).where("seq", "=", 5).execute();
    await source.destroy();
    const to = { kind: "postgres", url: await server.url("tampered") } as const;
    await expect(copyDatabase(from, to)).rejects.toMatchObject({ code: "audit_broken" });
    const target = await openDatabase(to);
    onTestFinished(() => target.destroy());
    expect(await target.selectFrom("audit").selectAll().execute()).toEqual([]);
    expect(await target.selectFrom("users").selectAll().execute()).toEqual([]);
  });
});
