import { expect, test } from "vitest";
import { standOf } from "./rollout.ts";
import type { OperationRow } from "./store.ts";

type State = OperationRow["state"];
const row = (cancelled: boolean, all: number) => ({
  id: "r1",
  request_json: JSON.stringify({ layer: "team/shop", parts: all }),
  phases_json: JSON.stringify([{ name: "apps", state: "running", message: "", startedAt: 5, finishedAt: null }]),
  cancel_requested: cancelled ? 1 : 0,
  created_at: 5,
});
const parts = (states: readonly State[]) =>
  states.map((state, at) => ({
    id: `p${at}`,
    app: `app${at}`,
    env: "test",
    state,
    failure_json:
      state === "failed" ? JSON.stringify({ code: "start_failed", message: "it does not start", hint: null, chain: [], log: [] }) : null,
  }));

test.each<[string, State[], { all?: number; cancelled?: boolean }, [State, string]]>([
  ["goes on while one of its parts does", ["succeeded", "running", "queued"], {}, ["running", "1 of 3 have it"]],
  ["says how many wait for approval", ["succeeded", "waiting"], {}, ["running", "1 of 2 have it; 1 wait for approval"]],
  ["goes on when one has failed, as the others do", ["failed", "running"], {}, ["running", "0 of 2 have it; 1 did not get it"]],
  ["has succeeded when all have", ["succeeded", "succeeded"], {}, ["succeeded", "2 of 2 have it"]],
  ["has failed when one has", ["succeeded", "failed"], {}, ["failed", "1 of 2 have it; 1 did not get it"]],
  ["has failed when one was rejected", ["succeeded", "cancelled"], {}, ["failed", "1 of 2 have it; 1 did not get it"]],
  [
    "is cancelled when somebody has asked for it and not all had it",
    ["succeeded", "cancelled"],
    { cancelled: true },
    ["cancelled", "1 of 2 have it; 1 did not get it"],
  ],
  ["has succeeded when all had it before it could be cancelled", ["succeeded"], { cancelled: true }, ["succeeded", "1 of 1 have it"]],
  ["counts those whose records are deleted by now", ["succeeded"], { all: 3 }, ["succeeded", "3 of 3 have it"]],
])("a rollout %s", (_what, states, { all = states.length, cancelled = false }, [state, message]) => {
  const stand = standOf(row(cancelled, all), parts(states), 9);
  expect(stand.state).toBe(state);
  expect(JSON.parse(stand.phases_json)).toMatchObject([{ name: "apps", message, finishedAt: state === "running" ? null : 9 }]);
});

test("of those that did not get it, it says which and why", () => {
  const { failure_json } = standOf(row(false, 3), parts(["failed", "succeeded", "cancelled"]), 9);
  expect(JSON.parse(failure_json ?? "")).toMatchObject({
    code: "not_all_apps",
    message: "2 of 3 did not get the new configuration of team/shop: app0 in test, app2 in test",
    chain: ["app0 in test: it does not start", "app2 in test: cancelled"],
    hint: expect.stringContaining("ebb operations list --part-of r1"),
  });
});
