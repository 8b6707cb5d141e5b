import { silentLogger, systemClock, UserError, type EbbError } from "@ebb/base";
import { eventually, postgresPrograms, startPostgres, type Postgres } from "@ebb/testkit";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { listEnvironments } from "../environments/store.ts";
import { openDatabase } from "./database.ts";
import { createDatabaseMonitor } from "./monitor.ts";
import { DatabaseUnavailable, describePostgres } from "./postgres.ts";

const SECRET = "pa:ss@/word";
const ENCODED = encodeURIComponent(SECRET);

test.each([
  ["postgres://ann:s3cret@db.example/ebb", "ebb on db.example:5432"],
  ["postgresql://ann@db.example:6543/ebb?sslmode=verify-full", "ebb on db.example:6543"],
  ["postgres://ann@/ebb?host=/run/postgresql", "ebb on /run/postgresql"],
  ["postgres://ann@[::1]:5433/ebb", "ebb on ::1:5433"],
])("%s is shown without its password", (url, shown) => {
  expect(describePostgres(url)).toBe(shown);
});

test.each([
  "",
  "ebb",
  "mysql://ann:s3cret@db/ebb",
  "postgres://ann:s3cret@db:port/ebb",
  "postgres://ann:s3cret@db/ebb?sslrootcert=/nowhere/s.pem",
])("%s is refused, and nobody is shown its password", async (url) => {
  const error = await openDatabase({ kind: "postgres", url }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ kind: "user", code: "database_url_invalid", hint: expect.stringContaining("postgres://") });
  expect(everythingOf(error)).not.toContain("s3cret");
});

/** What a logger could write of it. */
function everythingOf(error: unknown): string {
  const seen: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    seen.push(String(at), at.stack ?? "", ...Object.getOwnPropertyNames(at).map((name) => JSON.stringify(Reflect.get(at, name)) ?? ""));
  }
  return seen.join("\n");
}

const programs = postgresPrograms();
describe.skipIf(!programs)("a server", () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres(programs ?? "");
    await server.query(`create role guarded login password '${SECRET}'`);
    await server.query("create role standby login");
    await server.query("alter role standby set default_transaction_read_only = on");
    await server.query("create role stranger login");
    await server.url("empty");
    await server.query(`create database latin encoding 'LATIN1' locale 'C' template template0`);
  }, 60_000);
  afterAll(() => server.stop());

  const at = (user: string, database: string) => `postgres://${user}@127.0.0.1:${server.port}/${database}`;

  test.each([
    ["a wrong password", () => at("guarded:s3cret", "empty"), "database_login_refused", "password"],
    ["no password where one is wanted", () => at("guarded", "empty"), "database_login_refused", ".pgpass"],
    ["a database that is not there", () => at("ebb", "nowhere"), "database_missing", "createdb"],
    ["a user who may change nothing", () => at("standby", "empty"), "database_read_only", "default_transaction_read_only"],
    ["a user who may not make tables", () => at("stranger", "empty"), "database_forbidden", "grant create"],
    ["a database of another alphabet", () => at("ebb", "latin"), "database_unsuitable", "UTF8"],
    ["a server that is not there", () => "postgres://ebb:s3cret@127.0.0.1:1/empty", "database_unreachable", "runs"],
    ["a host that is not there", () => "postgres://ebb:s3cret@nowhere.invalid/empty", "database_unreachable", "host"],
  ])("%s is told with its remedy", async (_, url, code, remedy) => {
    const error = await openDatabase({ kind: "postgres", url: url() }).then(
      (db) => db.destroy(),
      (thrown: unknown) => thrown as EbbError,
    );
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ code, hint: expect.stringContaining(remedy) });
    expect(everythingOf(error)).not.toContain("s3cret");
  });

  test("a password with signs of its own opens the database", async () => {
    await server.query("grant all on database empty to guarded");
    await server.query("create database own owner guarded");
    const db = await openDatabase({ kind: "postgres", url: at(`guarded:${ENCODED}`, "own") });
    onTestFinished(() => db.destroy());
    expect(await listEnvironments(db)).not.toEqual([]);
  });

  test("a server that starts anew: what was under way is undone and told to be tried again, and the next one finds it", async () => {
    const db = await openDatabase({ kind: "postgres", url: await server.url("restarted") });
    onTestFinished(() => db.destroy());
    const monitor = createDatabaseMonitor({ db, clock: systemClock, log: silentLogger });
    expect(await monitor.ready()).toBe(true);
    const write = (name: string) => db.insertInto("settings").values({ name, value_json: "{}" });
    const halfway = Promise.withResolvers<void>();
    const halted = Promise.withResolvers<void>();
    const cut = db.transaction().execute(async (transaction) => {
      await transaction.insertInto("settings").values({ name: "half", value_json: "{}" }).execute();
      halfway.resolve();
      await halted.promise;
      await transaction.insertInto("settings").values({ name: "whole", value_json: "{}" }).execute();
    });
    const sleeping = sql`select pg_sleep(60)`.execute(db);
    const asleep = expect(sleeping).rejects.toBeInstanceOf(DatabaseUnavailable);
    await halfway.promise;
    await server.halt();
    halted.resolve();
    await expect(cut).rejects.toMatchObject({ kind: "transient", code: "database_unavailable" });
    await asleep;
    await expect(write("away").execute()).rejects.toBeInstanceOf(DatabaseUnavailable);
    await eventually(async () => !(await monitor.ready()));
    await server.start();
    await eventually(() => monitor.ready());
    await write("back").execute();
    const names = (await db.selectFrom("settings").select("name").execute()).map(({ name }) => name);
    expect(names).toContain("back");
    for (const lost of ["half", "whole", "away"]) expect(names).not.toContain(lost);
  });

  test("a text with NUL is refused as what somebody asked for", async () => {
    const db = await openDatabase({ kind: "postgres", url: await server.url("nul") });
    onTestFinished(() => db.destroy());
    const write = db.insertInto("settings").values({ name: "a\0b", value_json: "{}" }).execute();
    await expect(write).rejects.toMatchObject({ kind: "user", code: "invalid_request", message: expect.stringContaining("NUL") });
  });

  test("a deadlock is to be tried again, and a mistake of ours is not", async () => {
    const db = await openDatabase({ kind: "postgres", url: await server.url("deadlock") });
    onTestFinished(() => db.destroy());
    for (const name of ["a", "b"]) await db.insertInto("settings").values({ name, value_json: "{}" }).execute();
    const both = { a: Promise.withResolvers<void>(), b: Promise.withResolvers<void>() };
    const lock = (first: "a" | "b", second: "a" | "b") =>
      db.transaction().execute(async (transaction) => {
        const take = (name: string) => transaction.updateTable("settings").set({ value_json: "[]" }).where("name", "=", name).execute();
        await take(first);
        both[first].resolve();
        await both[second].promise;
        await take(second);
      });
    const results = await Promise.allSettled([lock("a", "b"), lock("b", "a")]);
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(results.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "database_unavailable" } });
    await expect(sql`select nonsense`.execute(db)).rejects.toMatchObject({ code: "42703" });
  });
});
