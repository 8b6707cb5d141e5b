import { join } from "node:path";
import { silentLogger } from "@ebb/base";
import type { KubeObject } from "@ebb/kube";
import { tempDir, VirtualClock } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { SqliteStore } from "../store/sqlite-store.ts";
import { EVENT_LIFE, EventExpiry } from "./event-expiry.ts";

const HALF = EVENT_LIFE / 2;

async function openStore() {
  const dir = await tempDir();
  const clock = new VirtualClock();
  const store = new SqliteStore({ path: join(dir.path, "store.db"), clock, log: silentLogger });
  onTestFinished(async () => {
    store.close();
    await dir.remove();
  });
  const write = (resource: string, name: string, message: string) => {
    const object = { apiVersion: "v1", kind: "X", metadata: { name, namespace: "n" }, message } as KubeObject;
    return store.write({ resource, namespace: "n", name }, () => object);
  };
  const left = () => store.list("events").objects.map(({ metadata }) => metadata.name);
  return { clock, store, write, left };
}

test("Events go an hour after their last write; nothing else does; whoever begins anew comes to the same", async () => {
  const { clock, store, write, left } = await openStore();
  await write("events", "old", "1");
  await write("events", "again", "1");
  await write("configmaps", "map", "1");
  await clock.advance(HALF);
  await write("events", "again", "2");
  await write("events", "new", "1");
  const expiry = new EventExpiry(store, silentLogger);
  await expiry.sweep(clock.now());
  expect(left()).toEqual(["again", "new", "old"]);
  await clock.advance(HALF);
  await expiry.sweep(clock.now());
  expect(left()).toEqual(["again", "new"]);
  await clock.advance(HALF);
  await new EventExpiry(store, silentLogger).sweep(clock.now());
  expect(left()).toEqual([]);
  expect(store.list("configmaps").objects).toHaveLength(1);
});

test("what could not be written is tried again", async () => {
  const { clock, store, write, left } = await openStore();
  await write("events", "old", "1");
  await clock.advance(EVENT_LIFE);
  let broken = true;
  const expiry = new EventExpiry(
    {
      writtenBefore: (before, page) => store.writtenBefore(before, page),
      write: (key, change) => (broken ? Promise.reject(new Error("full")) : store.write(key, change)),
    },
    silentLogger,
  );
  await expiry.sweep(clock.now());
  expect(left()).toEqual(["old"]);
  broken = false;
  await expiry.sweep(clock.now());
  expect(left()).toEqual([]);
});
