import { join } from "node:path";
import { silentLogger } from "@ebb/base";
import { isStatus, type KubeObject } from "@ebb/kube";
import { tempDir, VirtualClock } from "@ebb/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SqliteStore } from "./sqlite-store.ts";
import type { StoreEvent, StoreKey } from "./store.ts";

/**
 * Random writes, turns of the event loop, passing time, compactions and restarts, against the plainest model: a map, and the list of its
 * states. Watchers that began anywhere must see exactly the changes after their beginning; lists of any kept revision must be exact.
 */
type Step =
  | { do: "put"; name: string; value: number }
  | { do: "remove"; name: string }
  | { do: "settle" }
  | { do: "wait"; minutes: number }
  | { do: "reopen" };

const name = fc.constantFrom("a", "b", "c");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("put" as const), name, value: fc.integer({ min: 0, max: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("remove" as const), name }) },
  { weight: 4, arbitrary: fc.constant({ do: "settle" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), minutes: fc.constantFrom(1, 6, 11) }) },
  { weight: 1, arbitrary: fc.constant({ do: "reopen" as const }) },
);

type State = Record<string, number>;
const keyOf = (name: string): StoreKey => ({ resource: "things", namespace: "", name });
const objectOf = (name: string, value: number) => ({ apiVersion: "v1", kind: "Thing", metadata: { name }, value }) as KubeObject;
const stateOf = (objects: readonly KubeObject[]): State =>
  Object.fromEntries(objects.map((object) => [object.metadata.name, (object as unknown as { value: number }).value]));

/** Applies events to a state and insists that each makes sense there. */
function follow(state: State, events: readonly StoreEvent[]): State {
  const next = { ...state };
  for (const { type, key, object, previous } of events) {
    expect(type === "ADDED").toBe(!(key.name in next));
    if (previous) expect(stateOf([previous])).toEqual({ [key.name]: next[key.name] });
    if (type === "DELETED") delete next[key.name];
    else Object.assign(next, stateOf([object]));
  }
  return next;
}

async function run(path: string, steps: readonly Step[], onDisk: readonly string[]): Promise<void> {
  const clock = new VirtualClock();
  const open = () => new SqliteStore({ path, clock, log: silentLogger, onDisk });
  let store = open();
  let model: State = {};
  const states = new Map<number, State>([[0, {}]]);
  let revision = 0;
  let pending: Promise<unknown>[] = [];
  let live: State = {};
  let watch = store.onCommit((events) => (live = follow(live, events)));
  const record = () => states.set(++revision, { ...model });
  for (const one of steps) {
    if (one.do === "put") {
      const before = model[one.name];
      const write = store.write(keyOf(one.name), (current) => {
        expect(current && stateOf([current])).toEqual(before === undefined ? undefined : { [one.name]: before });
        return objectOf(one.name, one.value);
      });
      pending.push(write);
      if (model[one.name] === one.value) continue;
      model = { ...model, [one.name]: one.value };
      record();
    } else if (one.do === "remove") {
      pending.push(store.write(keyOf(one.name), () => "removed"));
      if (!(one.name in model)) continue;
      const { [one.name]: _, ...rest } = model;
      model = rest;
      record();
    } else if (one.do === "wait") {
      await clock.advance(one.minutes * 60_000);
      store.compact(clock.now());
    } else {
      await Promise.all(pending);
      pending = [];
      if (one.do === "reopen") {
        watch();
        store.close();
        store = open();
        watch = store.onCommit((events) => (live = follow(live, events)));
      }
      check(store, states, revision);
      expect(live).toEqual(model);
    }
  }
  await Promise.all(pending);
  check(store, states, revision);
  store.close();
}

function check(store: SqliteStore, states: ReadonlyMap<number, State>, revision: number): void {
  expect(store.revision).toBe(revision);
  for (const [at, state] of states) {
    try {
      expect(stateOf(store.list("things", undefined, at).objects)).toEqual(state);
      expect(follow(state, store.since(at))).toEqual(states.get(revision));
    } catch (error) {
      // Only what is old may be forgotten, and never the present.
      if (!isStatus(error, "Expired") || at === revision) throw error;
    }
  }
}

test.each([
  { where: "in memory", onDisk: [] },
  { where: "on the disk alone", onDisk: ["things"] },
])(
  "lists and watches are those of the model, over commits, compactions and restarts: objects $where",
  { timeout: 60_000 },
  async ({ onDisk }) => {
    const dir = await tempDir();
    let runs = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), (steps) => run(join(dir.path, `${runs++}.db`), steps, onDisk)),
        { numRuns: 40 },
      );
    } finally {
      await dir.remove();
    }
  },
);
