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

test("a program that listens elsewhere is said to do so at once, and to be at work as long as it is", async () => {
  const clock = new VirtualClock();
  let cpuMs = 0;
  const driver = Object.assign(new FakeDriver(clock), { usage: () => ({ cpuMs, memoryBytes: 0 }) });
  const diagnosis = new Diagnosis("a", { driver, clock, log: silentLogger, pace: { starting: 1 } });
  const look = async (cpu: number) => {
    cpuMs += cpu;
    await clock.advance(5000);
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    diagnosis.look(resolve);
    return promise;
  };
  const ELSEWHERE = "listens on 3000, but requests come to $PORT (1)";
  diagnosis.begin();
  expect(await look(4000)).toBe(`${ELSEWHERE} (it is at work, and may still be starting)`);
  expect(await look(4000)).toContain("it is at work");
  expect(await look(10)).toBe(ELSEWHERE);
  expect(await look(2000)).toContain("it is at work");
});
