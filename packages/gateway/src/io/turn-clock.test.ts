import { systemClock } from "@ebb/base";
import { expect, test } from "vitest";
import { TurnClock } from "./turn-clock.ts";

test("within a turn it stands, outside of one it goes, and a new turn begins at the time it is", () => {
  let time = 1;
  const clock = new TurnClock({ ...systemClock, monotonic: () => time++ });
  expect([clock.monotonic(), clock.monotonic()]).toEqual([1, 2]);
  clock.begin();
  expect([clock.monotonic(), clock.monotonic()]).toEqual([3, 3]);
  clock.end();
  expect(clock.monotonic()).toBe(4);
  clock.begin();
  expect(clock.monotonic()).toBe(5);
});
