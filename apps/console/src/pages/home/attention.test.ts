import type { Operation } from "@ebb/api";
import { expect, test } from "vitest";
import { attentionOf } from "./attention.ts";

const operation = (id: string, state: Operation["state"], app = "shop", environment = "test") =>
  ({ id, state, app, environment, team: "default" }) as Operation;
const ids = (operations: Operation[]) => {
  const { running, needed } = attentionOf(operations);
  return { running: running.map(({ id }) => id), needed: needed.map(({ id }) => id) };
};

test.each([
  ["what runs or is queued is happening", [operation("a", "running"), operation("b", "queued")], { running: ["a", "b"], needed: [] }],
  ["an approval is needed", [operation("a", "waiting")], { running: [], needed: ["a"] }],
  [
    "a failure is needed until something has succeeded there",
    [operation("b", "succeeded"), operation("a", "failed")],
    { running: [], needed: [] },
  ],
  [
    "a success elsewhere does not mend it",
    [operation("b", "succeeded", "shop", "prod"), operation("a", "failed")],
    { running: [], needed: ["a"] },
  ],
  ["a cancelled one does not either", [operation("b", "cancelled"), operation("a", "failed")], { running: [], needed: ["a"] }],
  ["only the last failure counts", [operation("b", "failed"), operation("a", "failed")], { running: [], needed: ["b"] }],
])("%s", (_name, operations, expected) => expect(ids(operations)).toEqual(expected));
