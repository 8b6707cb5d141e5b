import { systemRandom } from "@ebb/base";
import { expect, test } from "vitest";
import { BatchedIds } from "./request-ids.ts";

const COUNT = 1000;

test.each([
  [
    "requests are UUIDs of version 4",
    (ids: BatchedIds) => ids.requestId(),
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  ],
  ["traces are 32 digits", (ids: BatchedIds) => ids.traceId(), /^[0-9a-f]{32}$/],
  ["spans are 16 digits", (ids: BatchedIds) => ids.spanId(), /^[0-9a-f]{16}$/],
])("ids of %s, and none comes twice", (_sentence, next, form) => {
  const ids = new BatchedIds(systemRandom);
  const made = Array.from({ length: COUNT }, () => next(ids));
  for (const id of made) expect(id).toMatch(form);
  expect(new Set(made).size).toBe(COUNT);
});

test("ids of traces and spans are cut from one text without overlapping", () => {
  const digits = Array.from({ length: 6144 }, (_, index) => (index % 16).toString(16)).join("");
  const ids = new BatchedIds({ ...systemRandom, hex: () => digits });
  expect(ids.traceId() + ids.spanId() + ids.traceId()).toBe(digits.slice(0, 80));
});
