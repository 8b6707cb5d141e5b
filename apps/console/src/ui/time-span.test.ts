import { expect, test } from "vitest";
import { spanOf } from "./time-span.tsx";

test.each([
  [{}, {}],
  [{ from: "2026-11-23T09:00:00Z" }, { from: "2026-11-23T09:00:00.000Z" }],
  [
    { from: "2026-11-23T10:00:00+01:00", to: "2026-11-23T10:00:00Z" },
    { from: "2026-11-23T09:00:00.000Z", to: "2026-11-23T10:00:00.000Z" },
  ],
  [{ from: "yesterday", to: "2026-11-23T10:00:00Z" }, {}],
  [{ from: 7 }, {}],
  [{ from: "2026-11-23T09:00:00Z", to: "" }, { from: "2026-11-23T09:00:00.000Z" }],
])("an address with %j says %j", (search, span) => {
  expect(spanOf(search)).toEqual(span);
});
