import { VirtualClock } from "@ebb/testkit";
import { systemRandom } from "@ebb/base";
import { expect, test } from "vitest";
import { backend } from "../test-gateway.ts";
import { SharedCounts, endpointKey } from "../workers/shared-counts.ts";
import type { BackendServices } from "./backend-state.ts";
import { BackendTable } from "./backend-table.ts";

const AT = { id: "a", host: "127.0.0.1", port: 1 };

function place(counts?: SharedCounts) {
  const clock = new VirtualClock();
  const services: BackendServices = {
    clock,
    random: systemRandom,
    heldRequests: 100,
    connect: () => ({ open: () => expect.unreachable("nothing is sent here"), ahead: () => undefined, closeIdle: () => undefined }),
    wake: () => undefined,
    thaw: () => false,
    letGo: () => false,
    waiting: new Set(),
  };
  return { clock, table: new BackendTable(services, counts) };
}

test("a version is there before anybody has asked for it, as it was put last, and nothing is made of it", () => {
  const { table } = place();
  table.put(backend("ns/app", []), undefined);
  const latest = { ...backend("ns/app", [1]), containerConcurrency: 7 };
  expect(table.put(latest, undefined)).toEqual([]);
  expect([table.has("ns/app"), [...table.keys], table.configs, [...table.made]]).toEqual([true, ["ns/app"], [latest], []]);
  const made = table.get("ns/app");
  expect([made?.config, made === table.get("ns/app"), [...table.made]]).toEqual([latest, true, [made]]);
  table.put(backend("ns/app", []), undefined);
  expect(made?.endpoints).toEqual([]);
  expect(table.remove("ns/app")).toEqual([]);
  expect([table.has("ns/app"), table.get("ns/app"), [...table.made]]).toEqual([false, undefined, []]);
});

test("what comes to a version first is counted over all of the second that it is told of", async () => {
  const { table, clock } = place();
  table.put(backend("ns/app", []), undefined);
  await clock.advance(5000);
  table.told(clock.monotonic());
  await clock.advance(750);
  table.get("ns/app")?.meter.arrive(clock.monotonic());
  await clock.advance(250);
  expect(table.get("ns/app")?.meter.report(clock.monotonic())).toEqual({ concurrency: 0.25, requests: 1 });
});

test("one that is made later is counted where all workers count it", () => {
  const counts = new SharedCounts(undefined, 2, 0);
  const { table } = place(counts);
  table.put({ ...backend("ns/app", []), endpoints: [AT] }, { line: 0, endpoints: { [endpointKey(AT)]: 1 } });
  expect(table.get("ns/app")?.endpoints[0]?.tryEnter()).toBe(true);
  expect([counts.isFree(0), counts.isFree(1)]).toEqual([true, false]);
});
