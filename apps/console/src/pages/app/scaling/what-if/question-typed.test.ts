import { expect, test } from "vitest";
import { questionIn, type QuestionSearch } from "../../../../api/question.ts";
import { isAskable, questionFaults, searchOf, typedOf } from "./question-typed.ts";

test("what is asked and what is typed stand for each other", () => {
  const searches: QuestionSearch[] = [
    { over: "6h", version: "v2", min: 0, target: 0.5, metric: "rps", idle: "prepared" },
    { over: "6h", min: 0, strategies: [{ type: "rps", target: 3 }] },
  ];
  for (const search of searches) expect(searchOf(typedOf(search))).toEqual(search);
});

test("an address has all of it but strategies, and what somebody has written there that is no question counts as absent", () => {
  const search = { over: "6h", version: "v2", min: 0, target: 0.5, idle: "prepared" } as const;
  expect(questionIn({ ...search, strategies: [{ type: "cron", start: 5 }] })).toEqual(search);
  expect(questionIn({ over: "3h", min: "two", max: Number.NaN, metric: "luck", idle: "warm", version: 2 })).toEqual({});
});

test("strategies that are asked about have targets of their own", () => {
  const strategies = [{ type: "rps" as const, target: 3 }];
  const typed = { ...typedOf({ strategies }), target: 5, metric: "rps" as const };
  expect(searchOf(typed)).toEqual({ over: "1h", strategies });
  expect(searchOf({ ...typed, others: false })).toEqual({ over: "1h", target: 5, metric: "rps" });
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
