import { silentLogger } from "@ebb/base";
import { VirtualClock } from "@ebb/testkit";
import { expect, test } from "vitest";
import { Diagnosis } from "./diagnosis.ts";
import { FakeDriver } from "./fake-driver.fixture.ts";

test.each([
  ["alone, after a second", 1, 1000],
  ["beside 49 others, which want the same cores, after six", 50, 5900],
])("what starts %s, is looked into then", async (_, starting, first) => {
  const clock = new VirtualClock();
  const diagnosis = new Diagnosis("a", { driver: new FakeDriver(clock), clock, log: silentLogger, pace: { starting } });
  const found: number[] = [];
  diagnosis.begin();
  const look = () => diagnosis.look(() => found.push(clock.monotonic()));
  for (let time = 0; time <= 8000; time += 100, await clock.advance(100)) look();
  expect(found[0]).toBeGreaterThanOrEqual(first);
  expect(found[0]).toBeLessThanOrEqual(first + 200);
});
