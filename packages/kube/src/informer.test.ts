import { silentLogger } from "@ebb/base";
import { eventually, VirtualClock } from "@ebb/testkit";
import { expect, test } from "vitest";
import type { KubeClient } from "./client.ts";
import type { ConfigMap } from "./core.ts";
import { createInformer } from "./informer.ts";
import { ConfigMaps } from "./kinds/core.ts";
import type { WatchEvent } from "./meta.ts";
import { StatusError } from "./status-error.ts";

const map = (name: string, revision: number, uid = name): ConfigMap => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "n", uid, resourceVersion: String(revision), labels: { name } },
});

/** The port in as much as an informer uses it: lists from `lists`, watches from `watches`, one after the other. */
function scripted(lists: (ConfigMap[] | Error)[], watches: (WatchEvent<ConfigMap>[] | Error)[]) {
  const asked: (string | undefined)[] = [];
  const client = {
    async list() {
      const items = lists.shift() ?? [];
      if (items instanceof Error) throw items;
      return { apiVersion: "v1", kind: "ConfigMapList", metadata: { resourceVersion: "100" }, items };
    },
    async *watch(_kind: unknown, { resourceVersion, signal }: { resourceVersion?: string; signal: AbortSignal }) {
      asked.push(resourceVersion);
      const events = watches.shift();
      if (events instanceof Error) throw events;
      if (events) yield* events;
      else await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    },
  } as unknown as KubeClient;
  const clock = new VirtualClock();
  const informer = createInformer({ client, kind: ConfigMaps, clock, log: silentLogger });
  const seen: string[] = [];
  informer.onChange((event) => seen.push(`${event.type} ${event.object.metadata.name}@${event.object.metadata.resourceVersion}`));
  return { informer, clock, seen, asked };
}

test("lists, then follows; the copy is changed before listeners hear of it", async () => {
  const { informer, seen, asked } = scripted(
    [[map("a", 1), map("b", 2)]],
    [
      [
        { type: "MODIFIED", object: map("a", 101) },
        { type: "DELETED", object: map("b", 102) },
        { type: "ADDED", object: map("c", 103) },
      ],
    ],
  );
  const known: (string | undefined)[] = [];
  informer.onChange(({ object }) => known.push(informer.get("n", object.metadata.name)?.metadata.resourceVersion));
  await informer.start();
  expect(informer.synced).toBe(true);
  await eventually(() => seen.length === 5);
  expect(seen).toEqual(["added a@1", "added b@2", "updated a@101", "deleted b@102", "added c@103"]);
  expect(known).toEqual(["1", "2", "101", undefined, "103"]);
  expect(informer.list({ namespace: "n", labels: { name: "c" } }).map(({ metadata }) => metadata.name)).toEqual(["c"]);
  expect(informer.list({ where: ({ metadata }) => metadata.name < "b" })).toHaveLength(1);
  // The next watch goes on from the last event.
  await eventually(() => asked.length === 2);
  expect(asked).toEqual(["100", "103"]);
  await informer.stop();
});

test("an expired watch lists again and reports the differences, also of an object that was made anew", async () => {
  const { informer, clock, seen } = scripted(
    [
      [map("a", 1), map("b", 2), map("c", 3)],
      [map("a", 1), map("c", 50, "another"), map("d", 51)],
    ],
    [new StatusError("Expired", "too old resource version")],
  );
  await informer.start();
  seen.length = 0;
  await clock.advance(100);
  expect(seen).toEqual(["deleted b@2", "resync a@1", "deleted c@3", "added c@50", "added d@51"]);
  await informer.stop();
});

test("an in-stream Expired error, as over HTTP, does the same", async () => {
  const gone = { kind: "Status", code: 410, reason: "Expired", message: "gone" } as unknown as ConfigMap;
  const { informer, clock, seen } = scripted([[map("a", 1)], []], [[{ type: "ERROR", object: gone }]]);
  await informer.start();
  await clock.advance(100);
  expect(seen).toEqual(["added a@1", "deleted a@1"]);
  await informer.stop();
});

test("failures are tried again with growing delays, and start waits for the first success", async () => {
  const { informer, clock, seen } = scripted([new Error("no"), new Error("no"), [map("a", 1)]], []);
  let started = false;
  const start = informer.start().then(() => (started = true));
  await clock.advance(100);
  expect(started).toBe(false);
  await clock.advance(199);
  expect(seen).toEqual([]);
  await clock.advance(1);
  await start;
  expect(seen).toEqual(["added a@1"]);
  await informer.stop();
  expect(clock.pending).toBe(0);
});

test("a listener that throws does not keep the others from hearing", async () => {
  const { informer } = scripted([[map("a", 1)]], []);
  const heard: string[] = [];
  informer.onChange(() => {
    throw new Error("a bug");
  });
  informer.onChange(({ object }) => heard.push(object.metadata.name));
  await informer.start();
  expect(heard).toEqual(["a"]);
  await informer.stop();
});

test("stop ends it although nothing was ever listed", async () => {
  const { informer } = scripted([new Error("no")], []);
  const start = informer.start();
  await informer.stop();
  await start;
  expect(informer.synced).toBe(false);
});
