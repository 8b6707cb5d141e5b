import { silentLogger, systemClock } from "@ebb/base";
import { eventually, postgresPrograms, startPostgres, type Postgres } from "@ebb/testkit";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createBus, type Notice } from "./bus.ts";
import { openDatabase, type DatabaseOptions } from "./database.ts";

const programs = postgresPrograms();
describe.skipIf(!programs)("word between platforms on PostgreSQL", () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres(programs ?? "");
  }, 60_000);
  afterAll(() => server.stop());

  async function listener(options: DatabaseOptions, id: string) {
    const db = await openDatabase(options);
    const bus = createBus(options, { db, clock: systemClock, log: silentLogger, id });
    const heard: Notice[] = [];
    let missed = 0;
    bus.heard.on((notice) => heard.push(notice));
    bus.missed.on(() => missed++);
    await bus.start();
    onTestFinished(async () => {
      await bus.stop();
      await db.destroy();
    });
    return { db, bus, heard, missed: () => missed };
  }
  const change = (id: string): Notice => ({ kind: "operation", id, app: "shop" });

  test("others hear it, whoever tells does not; what nobody of us sent is not heard", async () => {
    const options = { kind: "postgres", url: await server.url("told") } as const;
    const one = await listener(options, "one");
    const two = await listener(options, "two");
    for (const payload of ["nonsense", "{}", `{"from":"x","notices":[{"kind":"operation"},null,{"kind":"else"}]}`])
      await sql`select pg_notify('ebb', ${payload})`.execute(two.db);
    // Longer than one notice of PostgreSQL may be, and twice the same.
    const keys = Array.from({ length: 60 }, (_, at) => `${at}-${"x".repeat(200)}`);
    for (const key of keys) one.bus.tell({ kind: "attempt", limit: "names", key, by: 1 });
    for (const id of ["a", "a", "b"]) one.bus.tell(change(id));
    await eventually(() => two.heard.some((notice) => notice.kind === "operation" && notice.id === "b"));
    expect(two.heard.flatMap((notice) => (notice.kind === "attempt" ? [notice.key] : []))).toEqual(keys);
    expect(two.heard.filter(({ kind }) => kind === "operation")).toEqual([change("a"), change("b")]);
    expect(one.heard).toEqual([]);
  });

  test("after a restart of the server it is heard again, and told that something may have been missed", async () => {
    const options = { kind: "postgres", url: await server.url("restarted") } as const;
    const one = await listener(options, "one");
    const two = await listener(options, "two");
    const before = two.missed();
    await server.halt();
    one.bus.tell(change("lost"));
    await server.start();
    await eventually(() => two.missed() > before && one.missed() > before, 20_000);
    one.bus.tell(change("heard"));
    await eventually(() => two.heard.some((notice) => notice.kind === "operation" && notice.id === "heard"));
  });
});
