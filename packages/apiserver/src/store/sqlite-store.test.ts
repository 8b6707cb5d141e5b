import { copyFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { silentLogger, UserError } from "@ebb/base";
import { isStatus, type KubeObject } from "@ebb/kube";
import { tempDir, VirtualClock } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { SqliteStore } from "./sqlite-store.ts";
import type { StoreEvent, StoreKey } from "./store.ts";

async function folder(): Promise<string> {
  const dir = await tempDir();
  onTestFinished(() => dir.remove());
  return join(dir.path, "store.db");
}

function open(path: string, clock = new VirtualClock(), maxBytes = 1024 ** 3): SqliteStore {
  const store = new SqliteStore({ path, clock, log: silentLogger, maxBytes });
  onTestFinished(() => store.close());
  return store;
}

const key = (name: string): StoreKey => ({ resource: "configmaps", namespace: "n", name });
const map = (name: string, value: string): KubeObject =>
  ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "n" }, data: { value } }) as KubeObject;
const put = (store: SqliteStore, name: string, value: string) => store.write(key(name), () => map(name, value));
const names = (objects: readonly KubeObject[]) => objects.map(({ metadata }) => metadata.name);
const shape = ({ type, revision, object }: StoreEvent) => `${revision} ${type} ${object.metadata.name}@${object.metadata.resourceVersion}`;

test("a write is stamped with its revision, frozen, and still there after reopening", async () => {
  const path = await folder();
  const store = open(path);
  const { object } = await put(store, "a", "1");
  expect(object?.metadata.resourceVersion).toBe("1");
  expect(() => Object.assign((object as unknown as { data: object }).data, { value: "2" })).toThrow("read only");
  await put(store, "a", "2");
  await put(store, "b", "1");
  await store.write(key("b"), () => "removed");
  store.close();

  const again = open(path);
  expect(again.revision).toBe(4);
  expect(names(again.list("configmaps").objects)).toEqual(["a"]);
  expect(again.since(1).map(shape)).toEqual(["2 MODIFIED a@2", "3 ADDED b@3", "4 DELETED b@4"]);
  expect(again.since(3)[0]?.previous?.metadata.resourceVersion).toBe("3");
});

test("writes of one turn are one commit, each sees the one before, and readers see none until it is durable", async () => {
  const store = open(await folder());
  const commits: string[][] = [];
  store.onCommit((events) => commits.push(events.map(shape)));
  const writes = [put(store, "a", "1"), put(store, "b", "1"), put(store, "a", "2")];
  let head: unknown;
  const last = store.write(key("a"), (current) => {
    head = current;
    return "unchanged";
  });
  expect(store.get(key("a"))).toBeUndefined();
  expect(store.revision).toBe(0);
  await Promise.all([...writes, last]);
  expect(head).toMatchObject({ data: { value: "2" }, metadata: { resourceVersion: "3" } });
  expect(commits).toEqual([["1 ADDED a@1", "2 ADDED b@2", "3 MODIFIED a@3"]]);
});

test("a write that changes nothing takes no revision, whatever the order of its keys", async () => {
  const store = open(await folder());
  await store.write(key("a"), () => ({ ...map("a", "1"), extra: { x: 1, y: undefined, z: [1] } }) as KubeObject);
  const { changed, object } = await store.write(key("a"), () => ({ extra: { z: [1], x: 1 }, ...map("a", "1") }) as KubeObject);
  expect({ changed, revision: store.revision, version: object?.metadata.resourceVersion }).toEqual({
    changed: false,
    revision: 1,
    version: "1",
  });
  expect(await store.write(key("none"), () => "removed")).toEqual({ object: undefined, changed: false });
});

test("what a change throws rejects that write alone", async () => {
  const store = open(await folder());
  const good = put(store, "a", "1");
  await expect(
    store.write(key("b"), () => {
      throw new Error("refused");
    }),
  ).rejects.toThrow("refused");
  await good;
  expect(names(store.list("configmaps").objects)).toEqual(["a"]);
});

test("a list of an earlier revision is exact, and one that is forgotten is Expired", async () => {
  const clock = new VirtualClock();
  const store = open(await folder(), clock);
  await put(store, "a", "1");
  await put(store, "b", "1");
  await store.write(key("a"), () => "removed");
  await put(store, "c", "1");
  expect([1, 2, 3, 4].map((revision) => names(store.list("configmaps", "n", revision).objects).join())).toEqual(["a", "a,b", "b", "b,c"]);
  await clock.advance(11 * 60_000);
  await put(store, "d", "1");
  store.compact(clock.now());
  expect(() => store.list("configmaps", "n", 3)).toThrow("too old resource version: 3 (4)");
  expect(() => store.since(3)).toThrow(expect.objectContaining({ reason: "Expired", status: 410 }));
  expect(store.since(4).map(shape)).toEqual(["5 ADDED d@5"]);
});

test("compaction keeps what is live and the counter, over a restart", async () => {
  const path = await folder();
  const clock = new VirtualClock();
  const store = open(path, clock);
  await put(store, "a", "1");
  await put(store, "a", "2");
  await put(store, "b", "1");
  await store.write(key("b"), () => "removed");
  await clock.advance(11 * 60_000);
  store.compact(clock.now());
  store.close();
  const database = new DatabaseSync(path);
  expect(database.prepare("SELECT revision FROM revisions").all()).toEqual([{ revision: 2 }]);
  database.close();

  const again = open(path, clock);
  expect(again.revision).toBe(4);
  expect(again.get(key("a"))).toMatchObject({ data: { value: "2" } });
  expect(() => again.since(2)).toThrow("too old");
  expect((await put(again, "c", "1")).object?.metadata.resourceVersion).toBe("5");
});

test("what happened long before the last events is told from the file, over compactions and restarts", async () => {
  const path = await folder();
  const clock = new VirtualClock();
  let store = open(path, clock);
  const few = 3;
  const many = 1200;
  for (let i = 1; i <= few; i++) await put(store, "old", String(i));
  await clock.advance(6 * 60_000);
  await Promise.all(Array.from({ length: many }, (_, i) => put(store, `m${i % 7}`, String(i))));
  await store.write(key("m0"), () => "removed");
  const told = () => store.since(few).map(({ type, revision, key, object, previous }) => [type, revision, key, object, previous]);
  const before = told();
  expect(before).toHaveLength(many + 1);
  expect(before.at(0)).toMatchObject(["ADDED", few + 1, key("m0"), { data: { value: "0" } }, undefined]);
  expect(before.at(-1)).toMatchObject(["DELETED", few + many + 1, key("m0"), { data: { value: "1197" } }, { data: { value: "1197" } }]);
  expect(names(store.list("configmaps", "n", few).objects)).toEqual(["old"]);
  expect(store.list("configmaps", "n", 2).objects[0]).toMatchObject({ data: { value: "2" } });
  await clock.advance(5 * 60_000);
  store.compact(clock.now());
  expect(told()).toEqual(before);
  store.close();
  store = open(path, clock);
  expect(told()).toEqual(before);
});

test("the history is bounded in size too, without losing an object", async () => {
  const store = open(await folder());
  const big = "x".repeat(1024 * 1024);
  for (let i = 0; i < 40; i++) await put(store, `m${i % 4}`, `${i}${big}`);
  expect(() => store.since(1)).toThrow("too old");
  expect(store.since(30)).toHaveLength(10);
  expect(store.list("configmaps").objects).toHaveLength(4);
});

test("without space the whole transaction fails with a clear error, and nothing of it is seen, now or later", async () => {
  const path = await folder();
  // SQLite answers its own limit as it answers a full disk: SQLITE_FULL.
  const store = open(path, new VirtualClock(), 64 * 1024);
  await put(store, "a", "1");
  const seen: string[] = [];
  store.onCommit((events) => seen.push(...events.map(shape)));
  const small = put(store, "b", "1");
  const large = put(store, "c", "x".repeat(128 * 1024));
  for (const write of [small, large]) {
    await expect(write).rejects.toSatisfy((error) => isStatus(error, "ServiceUnavailable") && error.message.includes("is full"));
  }
  expect({ seen, revision: store.revision, listed: names(store.list("configmaps").objects) }).toEqual({
    seen: [],
    revision: 1,
    listed: ["a"],
  });
  expect((await put(store, "d", "1")).object?.metadata.resourceVersion).toBe("2");
  store.close();
  expect(names(open(path).list("configmaps").objects)).toEqual(["a", "d"]);
});

test("files that cannot be used: a newer version, another process's, none of ours", async () => {
  const path = await folder();
  open(path);
  expect(() => open(path)).toThrow(expect.objectContaining({ code: "store_in_use", hint: expect.any(String) }));

  const newer = await folder();
  open(newer).close();
  const database = new DatabaseSync(newer);
  database.exec("PRAGMA user_version = 99");
  database.close();
  expect(() => open(newer)).toThrow(expect.objectContaining({ code: "store_too_new", hint: expect.stringContaining("newer Ebb") }));

  const foreign = await folder();
  await writeFile(foreign, "this is not a database, whatever its name says; it is longer than a header");
  expect(() => open(foreign)).toThrow(UserError);
});

test("the file is for its owner's eyes only, as it holds secrets", async () => {
  const path = await folder();
  await put(open(path), "a", "1");
  for (const file of [path, `${path}-wal`]) expect((await stat(file)).mode & 0o077).toBe(0);
});

test("after close every write is refused, and those before it are kept", async () => {
  const path = await folder();
  const store = open(path);
  const pending = put(store, "a", "1");
  store.close();
  await pending;
  await expect(put(store, "b", "1")).rejects.toThrow("stopping");
  expect(names(open(path).list("configmaps").objects)).toEqual(["a"]);
});

test("the journal is longer than it needs to be, and keeps its length from write to write", async () => {
  const path = await folder();
  const store = open(path);
  const lengthAfter = async (name: string) => {
    await put(store, name, "1");
    return (await stat(`${path}-wal`)).size;
  };
  await lengthAfter("a");
  const length = await lengthAfter("b");
  for (const name of ["c", "d", "e", "f"]) expect(await lengthAfter(name)).toBe(length);
  store.close();
  expect(names(open(path).list("configmaps").objects)).toEqual(["a", "b", "c", "d", "e", "f"]);
});

test("a journal that ends in what was reserved is read to its last write", async () => {
  const path = await folder();
  const store = open(path);
  await put(store, "a", "1");
  await put(store, "b", "2");
  const crashed = await folder();
  for (const end of ["", "-wal"]) await copyFile(`${path}${end}`, `${crashed}${end}`);
  expect((await stat(`${crashed}-wal`)).size).toBeGreaterThan(1024 ** 2);
  expect(names(open(crashed).list("configmaps").objects)).toEqual(["a", "b"]);
});

test("a single writer is answered whether the disk is waited for at once or in the background", async () => {
  const path = await folder();
  const store = open(path);
  for (let i = 0; i < 120; i++) {
    await put(store, "a", String(i));
    expect(store.revision).toBe(i + 1);
  }
  store.close();
  expect(open(path).get(key("a"))).toMatchObject({ data: { value: "119" } });
});

test("what is on the disk alone is read, listed and changed as anything else, and is none of what is in memory", async () => {
  const path = await folder();
  const options = { path, clock: new VirtualClock(), log: silentLogger, onDisk: ["configmaps"] };
  const store = new SqliteStore(options);
  await put(store, "b", "1");
  await put(store, "a", "1");
  const { changed } = await put(store, "a", "1");
  expect(changed).toBe(false);
  await put(store, "a", "2");
  const read = store.get(key("a"));
  expect(read).toMatchObject({ data: { value: "2" }, metadata: { resourceVersion: "3" } });
  expect(Object.isFrozen(read?.metadata)).toBe(true);
  expect([...store.all()]).toEqual([]);
  store.close();

  const again = new SqliteStore(options);
  onTestFinished(() => again.close());
  expect(names(again.list("configmaps", "n").objects)).toEqual(["a", "b"]);
  expect([...again.all()]).toEqual([]);
  await again.write(key("a"), (current) => (current?.metadata.resourceVersion === "3" ? "removed" : "unchanged"));
  expect(names(again.list("configmaps").objects)).toEqual(["b"]);
});
