import { expect, test } from "vitest";
import { questionIn } from "../../../../api/question.ts";
import { isAskable, questionFaults, searchOf, typedOf } from "./question-typed.ts";

test("an address and what is typed stand for each other", () => {
  const search = { over: "6h", version: "v2", min: 0, target: 0.5, idle: "prepared", strategies: [{ type: "rps", target: 3 }] } as const;
  const read = questionIn(search);
  expect(read).toEqual(search);
  expect(searchOf(typedOf(read))).toEqual(search);
});

test("of an address that somebody has written, what is no question counts as absent", () => {
  expect(questionIn({ over: "3h", min: "two", max: Number.NaN, metric: "luck", idle: "warm", version: 2, strategies: [1, null] })).toEqual(
    {},
  );
});

test("begins with an hour, all as in force, which may be asked", () => {
  expect(searchOf(typedOf({}))).toEqual({ over: "1h" });
  expect(isAskable(typedOf({}))).toBe(true);
});

test("says which fields cannot be asked", () => {
  const faults = questionFaults({ ...typedOf({}), min: 3, max: 2, target: 0, window: 5 });
  expect(faults).toEqual({ max: { code: "max" }, target: { code: "target" }, window: { code: "window" } });
  expect(questionFaults({ ...typedOf({}), min: 3, max: 0, window: 6 })).toEqual({});
});

test("other strategies are asked about when there are some, and they are whole", () => {
  const some = typedOf({ strategies: [{ type: "cpu", target: 70 }] });
  expect(isAskable(some)).toBe(true);
  expect(isAskable({ ...some, strategies: [] })).toBe(false);
  expect(isAskable({ ...some, strategies: some.strategies.map((each) => ({ ...each, target: null })) })).toBe(false);
  expect(searchOf({ ...some, others: false })).not.toHaveProperty("strategies");
});
