import type { EbbError } from "@ebb/base";
import { readLayer } from "../configuration/store.ts";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { planOfImage, versionConfig } from "../compile/version-config.ts";
import {
  createVersion,
  deletePlaceRows,
  ensureApp,
  ensurePlace,
  findPlace,
  listVersions,
  trafficHistory,
  versionOfOperation,
} from "../apps/store.ts";
import { settle } from "../deploy/settle.ts";
import { getEnvironment, listEnvironments } from "../environments/store.ts";
import { claimOperation } from "../operations/claim.ts";
import { OperationLog, readOperationLog } from "../operations/logs.ts";
import {
  commitOperation,
  getOperation,
  insertOperation,
  listOperations,
  releaseLeases,
  renewLease,
  requestCancel,
  updateLeased,
} from "../operations/store.ts";
import { describeDatabases } from "../testing/databases.ts";
import { migrations } from "./migrations.ts";
import { openDatabase, type Database } from "./database.ts";

const SHOP = { team: "default", app: "shop", env: "test" };

describeDatabases("storage", (when, open) => {
  const add = (db: Database, id: string, app = "shop") =>
    insertOperation(db, { id, kind: "deploy", ...SHOP, app, request: { image: "x" }, createdBy: "ann", now: 1000, timeout: 60_000 });
  const shopIn = async (db: Database) => {
    await ensureApp(db, { name: "shop", team: "default", now: 1 });
    await ensurePlace(db, { app: "shop", environment: await getEnvironment(db, "default", "test"), now: 1 });
  };
  const claim = (db: Database, owner: string, now: number) => claimOperation(db, { owner, now, until: now + 100 }, []);

  when("is opened again as it was, times and all", async () => {
    const { db, options } = await open();
    const time = Date.UTC(2040, 0, 1);
    await insertOperation(db, { id: "a", kind: "deploy", ...SHOP, request: { é: "ü" }, createdBy: "ann", now: time, timeout: 1 });
    const { db: again } = await open(options);
    expect(await getOperation(again, "a")).toMatchObject({
      created_at: time,
      deadline: time + 1,
      request_json: '{"é":"ü"}',
      lease_owner: null,
    });
  });

  when("lists nothing of no teams", async () => {
    const { db } = await open();
    await add(db, "a");
    expect(await listOperations(db, { limit: 10, visible: [] })).toEqual([]);
    expect(await listOperations(db, { limit: 10, visible: ["default"] })).toHaveLength(1);
  });

  when("refuses a database of a newer Ebb, and changes nothing in it", async () => {
    const { db, options } = await open();
    const migrations = db.withTables<{ kysely_migration: { name: string; timestamp: string } }>();
    await migrations.insertInto("kysely_migration").values({ name: "9999_future", timestamp: "2040-01-01" }).execute();
    await expect(openDatabase(options)).rejects.toMatchObject({
      kind: "user",
      code: "database_newer",
      hint: expect.stringContaining("newer version"),
    });
    await migrations.deleteFrom("kysely_migration").where("name", "=", "9999_future").execute();
    await open(options);
  });

  when("gives each operation to one of many that ask at once, the oldest of its app", async () => {
    const { db } = await open();
    for (const id of ["a1", "a2", "a3"]) await add(db, id);
    await add(db, "b1", "blog");
    const claimed = await Promise.all(Array.from({ length: 8 }, (_, i) => claim(db, `owner-${i}`, 2000)));
    expect(claimed.flatMap((row) => row?.id ?? []).sort()).toEqual(["a1", "b1"]);
    expect(await getOperation(db, "a1")).toMatchObject({ state: "running", started_at: 2000, deadline: 62_000 });
  });

  when("never has two running operations of one app", async () => {
    const { db } = await open();
    await add(db, "a");
    await add(db, "b", "blog");
    await claim(db, "one", 2000);
    await claim(db, "one", 2000);
    const moved = db.updateTable("operations").set({ app: "shop" }).where("id", "=", "b").execute();
    await expect(moved).rejects.toThrow(/unique/i);
  });

  when("lets only the holder of the lease write", async () => {
    const { db } = await open();
    await add(db, "a");
    expect((await claim(db, "one", 2000))?.id).toBe("a");
    expect(await claim(db, "two", 2099)).toBeUndefined();
    expect((await renewLease(db, { id: "a", owner: "one" }, 2200))?.lease_until).toBe(2200);
    expect(await claim(db, "two", 2150)).toBeUndefined();
    expect((await claim(db, "two", 2200))?.lease_owner).toBe("two");
    expect(await updateLeased(db, { id: "a", owner: "one" }, { version: "v1" })).toBeUndefined();
    expect(await commitOperation(db, { id: "a", owner: "one" })).toBe(false);
    expect(await updateLeased(db, { id: "a", owner: "two" }, { version: "v2" })).toMatchObject({ version: "v2", changes: 4 });
    await releaseLeases(db);
    // Its deadline is from its first start.
    expect(await claim(db, "three", 2201)).toMatchObject({ id: "a", lease_owner: "three", deadline: 62_000 });
  });

  when("decides between cancelling and committing once", async () => {
    const { db } = await open();
    await add(db, "a");
    await add(db, "b", "blog");
    await add(db, "queued");
    await claim(db, "one", 2000);
    await claim(db, "one", 2000);
    expect(await requestCancel(db, "queued", 2001)).toMatchObject({ state: "cancelled", finished_at: 2001 });
    expect(await commitOperation(db, { id: "a", owner: "one" })).toBe(true);
    await expect(requestCancel(db, "a", 2001)).rejects.toMatchObject({ code: "operation_not_cancellable" });
    expect(await requestCancel(db, "b", 2001)).toMatchObject({ state: "running", finished_at: null, cancel_requested: 1 });
    expect(await commitOperation(db, { id: "b", owner: "one" })).toBe(false);
    await expect(requestCancel(db, "nothing", 2001)).rejects.toMatchObject({ code: "operation_not_found" });
  });

  when(
    "holds an operation on a whole environment, or on all of an app, until those before it have ended, and those after it until then",
    async () => {
      const { db } = await open();
      const insert = (id: string, app: string, env: string, team = "default") =>
        insertOperation(db, { id, kind: "delete", team, app, env, request: {}, createdBy: "ann", now: 1000, timeout: 60_000 });
      await insert("shop in test", "shop", "test");
      await insert("shop in prod", "shop", "prod");
      await insert("all of test", "", "test");
      await insert("blog in test", "blog", "test");
      await insert("blog everywhere", "blog", "");
      await insert("another team's test", "", "test", "other");
      const running: string[] = [];
      const claimAll = async () => {
        for (let row = await claim(db, "one", 2000); row; row = await claim(db, "one", 2000)) running.push(row.id);
        return running.splice(0).sort();
      };
      const end = (id: string) => db.updateTable("operations").set({ state: "succeeded" }).where("id", "=", id).execute();
      expect(await claimAll()).toEqual(["another team's test", "shop in prod", "shop in test"]);
      await end("shop in test");
      expect(await claimAll()).toEqual(["all of test"]);
      await end("all of test");
      expect(await claimAll()).toEqual(["blog in test"]);
      await end("blog in test");
      expect(await claimAll()).toEqual(["blog everywhere"]);
    },
  );

  when("holds up an older one that comes to an app while something wider runs there, and lets what runs be taken over first", async () => {
    const { db } = await open();
    const insert = (id: string, app: string, env: string) =>
      insertOperation(db, { id, kind: "delete", ...SHOP, app, env, request: {}, createdBy: "ann", now: 1000, timeout: 60_000 });
    await insert("older", "blog", "test");
    await insert("wider", "shop", "");
    expect((await claim(db, "one", 2000))?.id).toBe("older");
    expect((await claim(db, "two", 2000))?.id).toBe("wider");
    // Its source says that it is of the other app.
    await updateLeased(db, { id: "older", owner: "one" }, { state: "queued", app: "shop", lease_until: 0 });
    expect(await claim(db, "one", 2050)).toBeUndefined();
    expect(await claim(db, "one", 2100)).toMatchObject({ id: "wider", lease_owner: "one" });
    await updateLeased(db, { id: "wider", owner: "one" }, { state: "succeeded" });
    expect((await claim(db, "two", 2101))?.id).toBe("older");
  });

  when("never claims two that are about the same, though an older one comes to light after a wider one has been claimed", async () => {
    const { db, options } = await open();
    // One connection at a time has SQLite's file: nothing comes to light late there.
    if (options.kind === "sqlite") return;
    const { db: other } = await open(options);
    const late = Promise.withResolvers<void>();
    const inserted = Promise.withResolvers<void>();
    const older = db.transaction().execute(async (transaction) => {
      await add(transaction, "older");
      inserted.resolve();
      await late.promise;
    });
    await inserted.promise;
    const wide = {
      kind: "sleep",
      team: "default",
      app: "",
      env: "test",
      request: {},
      createdBy: "ann",
      now: 1000,
      timeout: 60_000,
    } as const;
    await insertOperation(other, { id: "wider", ...wide });
    expect((await claim(other, "two", 2000))?.id).toBe("wider");
    late.resolve();
    await older;
    expect((await getOperation(db, "older")).seq).toBeLessThan((await getOperation(db, "wider")).seq);
    expect(await claim(db, "one", 2001)).toBeUndefined();
    await updateLeased(other, { id: "wider", owner: "two" }, { state: "succeeded" });
    expect((await claim(db, "one", 2002))?.id).toBe("older");
  });

  when("makes team default, environment test of what there was before there were environments, with the hosts that it had", async () => {
    const { db, options } = await open();
    await downToMetrics(db);
    const { db: next } = await open(options);
    expect(await findPlace(next, SHOP)).toMatchObject({
      host: "shop",
      cluster: "main",
      next_version: 3,
      failure: "x",
    });
    expect(await readLayer(next, { team: "default", env: "test", app: "shop" })).toMatchObject([
      { name: "A", kind: "variable", text: "1" },
    ]);
    expect(await next.selectFrom("apps").selectAll().execute()).toMatchObject([{ name: "shop", team: "default", metadata_json: "{}" }]);
    expect(await listVersions(next, SHOP)).toMatchObject([{ number: 2, env: "test", origin_json: "{}", state: "active" }]);
    expect(await trafficHistory(next, SHOP)).toEqual([[{ number: 2, percent: 100 }]]);
    expect(await getOperation(next, "old")).toMatchObject({ team: "default", env: "test", state: "succeeded" });
    expect(await next.selectFrom("metric_points").select(["env", "version"]).execute()).toEqual([{ env: "test", version: 2 }]);
    expect(await next.selectFrom("metric_counters").select(["env", "version"]).execute()).toEqual([{ env: "test", version: 2 }]);
    expect((await listEnvironments(next, "default")).map(({ name, namespace }) => [name, namespace])).toEqual([
      ["test", "default"],
      ["staging", "default-staging"],
      ["prod", "default-prod"],
    ]);
    // What comes after has its place behind what there was.
    await add(next, "new");
    expect((await listOperations(next, { app: "shop", limit: 10 })).map(({ id }) => id)).toEqual(["new", "old"]);
    const history = { ...SHOP, operation: "later", targets_json: "[]", created_at: 5 };
    const { team: _, ...place } = history;
    await next.insertInto("traffic_history").values(place).execute();
    expect(await trafficHistory(next, SHOP)).toEqual([[], [{ number: 2, percent: 100 }]]);
  });

  when("numbers versions without a gap or a repeat, one for each operation", async () => {
    const { db } = await open();
    await shopIn(db);
    const environment = await getEnvironment(db, "default", "test");
    await ensurePlace(db, { app: "shop", environment, now: 2, firstVersion: 7 });
    const config = versionConfig({ plan: planOfImage({ name: "shop", image: "x" }), image: "x", bundle: false }, {}, null);
    const make = (operation: string) =>
      createVersion(db, { app: "shop", env: "test", operation, config, origin: {}, createdBy: "ann", now: 3 });
    await Promise.all(["a", "b", "c", "d"].map(make));
    expect((await make("a")).number).toBe((await versionOfOperation(db, "a"))?.number);
    expect((await listVersions(db, SHOP)).map((version) => version.number)).toEqual([4, 3, 2, 1]);
    expect((await findPlace(db, SHOP))?.created_at).toBe(1);
  });

  when("writes an operation's end and what follows from it together", async () => {
    const { db } = await open();
    await shopIn(db);
    await add(db, "a");
    await claim(db, "one", 2000);
    const shares = [{ number: 1, percent: 100 }];
    const lease = { id: "a", owner: "one" };
    const finish = (fail: boolean) =>
      db.transaction().execute(async (transaction) => {
        const values = { state: "succeeded", finished_at: 3000, state_json: JSON.stringify({ shares }) } as const;
        const row = await updateLeased(transaction, lease, values);
        if (row) await settle(transaction, row, { state: "succeeded" });
        if (fail) throw new Error("power cut");
      });
    await expect(finish(true)).rejects.toThrow("power cut");
    expect(await getOperation(db, "a")).toMatchObject({ state: "running" });
    expect(await trafficHistory(db, SHOP)).toEqual([]);
    await finish(false);
    expect(await getOperation(db, "a")).toMatchObject({ state: "succeeded", finished_at: 3000 });
    expect(await trafficHistory(db, SHOP)).toEqual([shares]);
    await deletePlaceRows(db, SHOP);
    expect(await trafficHistory(db, SHOP)).toEqual([]);
    expect((await listOperations(db, { app: "shop", limit: 10 })).length).toBe(1);
  });

  when("keeps an operation's lines in order, counting on after a restart", async () => {
    const { db } = await open();
    for (const start of [0, 2500]) {
      const log = new OperationLog(db, "a");
      for (let i = 0; i < 2500; i++) log.add(start + i, `line ${start + i}`);
      await log.flush();
    }
    const lines = await readOperationLog(db, "a", 4990, 100);
    expect(lines.map((line) => [line.seq, line.line]).at(-1)).toEqual([5000, "line 4999"]);
    expect(lines.length).toBe(10);
  });
});

/** The tables as they were before 0003_environments, with one of everything in them. */
async function downToMetrics(db: Database): Promise<void> {
  const kind = (await sql`select 1 as one from sqlite_master limit 1`.execute(db).catch(() => undefined)) ? "sqlite" : "postgres";
  for (const table of await db.introspection.getTables()) await sql`drop table ${sql.table(table.name)}`.execute(db);
  await sql`delete from kysely_migration where name not like '0000%'`.execute(db);
  for (const name of ["0001_foundation", "0002_metrics"]) {
    await migrations(kind)[name]?.up(db);
    await sql`insert into kysely_migration (name, timestamp) values (${name}, 'then')`.execute(db);
  }
  const rows = [
    sql`insert into apps values ('shop', 'application', 3, '{"A":"1"}', '{"object":null,"keys":{}}', 'x', 1, 1)`,
    sql`insert into versions values ('shop', 2, 'old', '{}', 'active', '', 'ann', 1)`,
    sql`insert into operations (id, kind, app, state, request_json, state_json, phases_json, created_at, created_by, deadline, timeout, lease_until,
      cancel_requested, committed, changes) values ('old', 'deploy', 'shop', 'succeeded', '{}', '{}', '[]', 1, 'ann', 1, 1, 0, 0, 1, 1)`,
    sql`insert into traffic_history (app, operation, targets_json, created_at) values ('shop', 'old', '[{"number":2,"percent":100}]', 1)`,
    sql`insert into metric_points values ('shop', 10, 0, 2, '{}')`,
    sql`insert into metric_counters values ('shop', 2, '{}')`,
  ];
  for (const row of rows) await row.execute(db);
}

test("a folder that cannot be written to, and a server that is not there, are named with the remedy", async () => {
  const refused = [
    openDatabase({ kind: "sqlite", path: "/proc/nowhere/p.db" }),
    openDatabase({ kind: "postgres", url: "postgres://ebb@127.0.0.1:1/x" }),
  ];
  const results = await Promise.allSettled(refused);
  expect(results.map((result) => (result.status === "rejected" ? (result.reason as EbbError).code : ""))).toEqual([
    "database_unavailable",
    "database_unreachable",
  ]);
  for (const result of results) {
    expect(result).toMatchObject({ status: "rejected", reason: { kind: "user", hint: expect.stringMatching(/^Check/) } });
  }
});
