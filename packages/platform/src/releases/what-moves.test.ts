import type { RecentRequest, RuleCondition } from "@ebb/api";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ruleFor } from "./rule-fits.ts";
import { whatMoves, type Routing } from "./what-moves.ts";

const request = (more: Partial<RecentRequest> = {}): RecentRequest => ({
  id: "r",
  time: "2026-01-01T00:00:00.000Z",
  method: "GET",
  host: "shop.test",
  path: "/",
  headers: {},
  cookies: {},
  query: {},
  status: 200,
  outcome: "complete",
  durationMs: 3,
  responseBytes: 2,
  reason: null,
  count: 1,
  version: "v1",
  ...more,
});
const header = (name: string, is: "exact" | "present" | "regex" | "prefix" = "exact", value = "1"): RuleCondition => ({
  on: "header",
  name,
  is,
  ...(is === "present" ? {} : { value }),
});
const all = (number: number): Routing => ({ rules: [], shares: [{ number, percent: 100 }] });

const fits: [sentence: string, when: RuleCondition[], request: Partial<RecentRequest>, taken: 0 | null | string][] = [
  ["a header's value, whatever the name's case", [header("X-Beta")], { headers: { "x-beta": "1" } }, 0],
  ["another value", [header("x-beta")], { headers: { "x-beta": "2" } }, null],
  ["a header that is not there", [header("x-beta")], {}, null],
  ["a value that was not kept", [header("x-beta")], { headers: { "x-beta": null } }, "the value of the header x-beta was not kept"],
  [
    "a value that is never kept",
    [header("x-api-key")],
    { headers: { "x-api-key": null } },
    "the value of the header x-api-key is never kept",
  ],
  ["presence alone, where the value was not kept", [header("x-beta", "present")], { headers: { "x-beta": null } }, 0],
  ["an unknown value beside a condition that does not hold", [header("x-beta"), header("x-no")], { headers: { "x-beta": null } }, null],
  ["an RE2 expression takes the whole value", [header("x-beta", "regex", "a|b")], { headers: { "x-beta": "ab" } }, null],
  ["the beginning of a path", [{ on: "path", is: "prefix", value: "/beta/" }], { path: "/beta/x" }, 0],
  ["a path that was cut", [{ on: "path", is: "exact", value: "/x" }], { path: "/".repeat(512) }, "its path was too long to be kept"],
  ["a cookie", [{ on: "cookie", name: "group", is: "exact", value: "beta" }], { cookies: { group: "beta" } }, 0],
  ["a parameter of the query", [{ on: "query", name: "v", is: "exact", value: "2" }], { query: { v: "2" } }, 0],
  ["one of the users", [{ on: "users", header: "X-User", users: ["ann", "bob"] }], { headers: { "x-user": "bob" } }, 0],
  ["none of the users", [{ on: "users", header: "X-User", users: ["ann"] }], { headers: { "x-user": "eve" } }, null],
  [
    "what the gateway says itself",
    [header("x-forwarded-for")],
    { headers: { "x-forwarded-for": "1" } },
    "the value of the header x-forwarded-for was not kept",
  ],
];

test.each(fits)("rule: %s", (_sentence, when, asked, taken) => {
  const found = ruleFor([{ number: 2, when }], request(asked));
  expect(typeof found === "object" && found !== null ? found.unknown : found).toBe(taken);
});

test("a rule moves those that fit it, each of them told, and the others stay", () => {
  const beta = request({ id: "b", headers: { "x-beta": "1" }, count: 62 });
  const after = { rules: [{ number: 5, when: [header("x-beta")] }], shares: all(3).shares };
  expect(whatMoves([request({ count: 1178 }), beta], all(3), after)).toMatchObject({
    message: "Of the last 1240 requests 62 would move from v3 to v5 (rule 1: header x-beta=1)",
    requests: 1240,
    kept: 2,
    moves: [{ from: "v3", to: "v5", requests: 62, byChance: false, samples: [{ id: "b" }] }],
    unknown: [],
  });
});

test("of a new split chance decides: as many as the shares differ by, and no more", () => {
  const before = { rules: [], shares: [{ number: 1, percent: 80 }, { number: 2, percent: 20 }] }; // prettier-ignore
  const after = { rules: [], shares: [{ number: 1, percent: 50 }, { number: 2, percent: 20 }, { number: 3, percent: 30 }] }; // prettier-ignore
  const { message, moves } = whatMoves([request({ count: 1000 })], before, after);
  expect(moves).toEqual([{ from: "v1", to: "v3", requests: 300, because: "the split", byChance: true, samples: [] }]);
  expect(message).toBe("Of the last 1000 requests about 300 would move from v1 to v3 (the split)");
});

test("what is not known is said and not guessed; where nothing is kept that is said, too", () => {
  const after = { rules: [{ number: 5, when: [header("x-beta")] }], shares: all(3).shares };
  expect(whatMoves([request({ headers: { "x-beta": null }, count: 4 })], all(3), after)).toMatchObject({
    message: "Of the last 4 requests none is known that would move; of 4 it cannot be said (the value of the header x-beta was not kept)",
    moves: [],
  });
  expect(whatMoves(undefined, all(3), after)).toMatchObject({ recorded: false, moves: [] });
  expect(whatMoves([], all(3), after).message).toContain("No request");
});

const routings = fc.record({
  rules: fc.array(
    fc.record({
      number: fc.integer({ min: 1, max: 4 }),
      when: fc.constantFrom("a", "b", "a b").map((names) => names.split(" ").map((name) => header(`x-${name}`))),
    }),
    { maxLength: 3 },
  ),
  shares: fc.constantFrom([[1, 100]], [[1, 50], [2, 50]], [[2, 10], [3, 90]], [[1, 5], [2, 25], [4, 70]]).map((list) => list.map(([number = 0, percent = 0]) => ({ number, percent }))), // prettier-ignore
});
const requests = fc.array(
  fc.record({
    a: fc.constantFrom(undefined, "1", "2", null),
    b: fc.constantFrom(undefined, "1", null),
    count: fc.integer({ min: 1, max: 50 }),
  }),
  { maxLength: 20 },
);

test("the same routing moves nothing; another moves, with what is unknown, never more than all, and never to where it was", () => {
  fc.assert(
    fc.property(routings, routings, requests, (before, after, seen) => {
      const list = seen.map(({ a, b, count }) =>
        request({ headers: { ...(a === undefined ? {} : { "x-a": a }), ...(b === undefined ? {} : { "x-b": b }) }, count }),
      );
      expect(whatMoves(list, before, before).moves).toEqual([]);
      const { moves, unknown, requests: total } = whatMoves(list, before, after);
      const moved = [...moves, ...unknown].reduce((sum, each) => sum + each.requests, 0);
      // Each group is rounded.
      expect(moved).toBeLessThanOrEqual(total + moves.length);
      for (const { from, to } of moves) expect(from).not.toBe(to);
    }),
  );
});
