import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemRandom, type Logger } from "@ebb/base";
import { eventually, VirtualClock } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import type { Database } from "../database/database.ts";
import { describeDatabases } from "../testing/databases.ts";
import { folderId } from "./folder-id.ts";
import { createPresence } from "./presence.ts";

/** The virtual clock does not wait for a real database: time goes on, beat by beat, until it is so. */
const inTime = (clock: VirtualClock, isSo: () => Promise<boolean> | boolean) =>
  eventually(async () => {
    await clock.advance(5000);
    return isSo();
  });

describeDatabases("platforms on one database", (when, open) => {
  const worldOf = async () => {
    const { db } = await open();
    const clock = new VirtualClock();
    const warnings: unknown[] = [];
    const log: Logger = { ...silentLogger, warn: (facts: unknown) => void warnings.push(facts) };
    const platform = (id: string, more: { folder?: string; version?: string; port?: number } = {}) =>
      createPresence({
        db,
        clock,
        log,
        id,
        host: "m1",
        version: more.version ?? "1.0.0",
        folder: more.folder ?? "f1",
        startedAt: clock.now(),
        address: () => `127.0.0.1:${more.port ?? 8090}`,
      });
    return { db, clock, warnings, platform };
  };
  const ids = async ({ db }: { db: Database }) =>
    (await db.selectFrom("platforms").select("id").orderBy("id").execute()).map(({ id }) => id);

  when("know of each other while they live, with which answers; one that was killed is forgotten in time", async () => {
    const world = await worldOf();
    const [a, b] = [world.platform("a"), world.platform("b", { port: 8190 })];
    await a.start();
    await world.clock.advance(1);
    await b.start();
    expect(await a.list()).toMatchObject([
      { address: "127.0.0.1:8090", host: "m1", version: "1.0.0", operations: 0, answering: true },
      { address: "127.0.0.1:8190", answering: false },
    ]);
    await world.clock.advance(60_000);
    await inTime(world.clock, async () => (await b.list()).length === 2);
    await b.stop();
    expect(await a.list()).toHaveLength(1);
    // Killed: nobody says that it has gone.
    await world.db
      .insertInto("platforms")
      .values({ id: "k", host: "m2", address: "10.0.0.2:8090", version: "1.0.0", folder: "f1", started_at: 0, seen_at: world.clock.now() })
      .execute();
    const shown = async () => (await a.list()).map(({ host }) => host).join();
    expect(await shown()).toContain("m2");
    await inTime(world.clock, async () => (await shown()) === "m1");
    await inTime(world.clock, async () => (await ids(world)).join() === "a");
    await a.stop();
    expect(await ids(world)).toEqual([]);
  });

  when("take the place of one that was killed at the same address", async () => {
    const world = await worldOf();
    const killed = world.platform("a");
    await killed.start();
    const next = world.platform("b");
    await next.join();
    await next.start();
    expect(await next.list()).toHaveLength(1);
    await Promise.all([killed.stop(), next.stop()]);
  });

  when("refuse to start with another data folder, and warn of another version once", async () => {
    const world = await worldOf();
    const first = world.platform("a");
    await first.join();
    await first.start();
    await expect(world.platform("b", { folder: "f2", port: 8190 }).join()).rejects.toMatchObject({
      code: "data_folder_differs",
      hint: expect.stringContaining("--data") as unknown,
    });
    const newer = world.platform("c", { version: "2.0.0", port: 8191 });
    await newer.join();
    await newer.start();
    await inTime(world.clock, () => world.warnings.length === 2);
    // Each of the two of the other.
    expect(world.warnings).toMatchObject([
      { other: "1.0.0", own: "2.0.0" },
      { other: "2.0.0", own: "1.0.0" },
    ]);
    await Promise.all([first.stop(), newer.stop()]);
  });
});

test("a data folder has one identity, whoever asks first", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ebb-folder-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const all = await Promise.all(Array.from({ length: 8 }, () => folderId(folder, systemRandom)));
  expect(new Set(all).size).toBe(1);
  expect(await folderId(folder, systemRandom)).toBe(all[0]);
  expect(await readdir(folder)).toEqual(["folder-id"]);
});
