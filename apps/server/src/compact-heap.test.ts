import { VirtualClock } from "@ebb/testkit";
import { expect, test } from "vitest";
import { heapCompaction } from "./compact-heap.ts";

const MIB = 1024 * 1024;

/** Compactions by each second, of a process that uses these microseconds of processor time in each second of its life, and then has so many bytes. */
async function compactions(
  perSecond: (second: number) => number,
  seconds: number,
  resident: (second: number, compacted: number) => number = () => 0,
): Promise<number[]> {
  const clock = new VirtualClock();
  const times: number[] = [];
  let used = 0;
  const second = () => clock.monotonic() / 1000;
  const part = heapCompaction({
    clock,
    used: () => used,
    compact: () => {
      times.push(second());
      return Promise.resolve();
    },
    resident: () => resident(second(), times.length),
  });
  await part.start();
  for (let second = 0; second < seconds; second++) {
    used += perSecond(second);
    await clock.advance(1000);
  }
  await part.stop();
  return times;
}

test("compacts once, five seconds after the start of a process that has little to do", async () => {
  expect(await compactions(() => 20_000, 30)).toEqual([5]);
});

test("waits for the end of what a long start has to do", async () => {
  expect(await compactions((second) => (second < 12 ? 900_000 : 10_000), 30)).toEqual([13]);
});

test("compacts again once a process that was given much has fallen quiet, and not for what it keeps", async () => {
  // Given 64 MiB in its 30th second, half of it garbage, and busy with that until its 40th.
  const resident = (second: number, compacted: number) => (second < 30 ? 100 : compacted < 2 ? 164 : 132) * MIB;
  expect(await compactions((second) => (second > 29 && second < 40 ? 900_000 : 10_000), 90, resident)).toEqual([5, 41]);
});

test("does not compact again for a growth that is small, or small for what it has", async () => {
  expect(
    await compactions(
      () => 10_000,
      60,
      (second) => (second < 30 ? 100 : 110) * MIB,
    ),
  ).toEqual([5]);
  expect(
    await compactions(
      () => 10_000,
      60,
      (second) => (second < 30 ? 500 : 560) * MIB,
    ),
  ).toEqual([5]);
});

test("leaves a busy process alone: its collector looks by itself", async () => {
  expect(await compactions(() => 300_000, 60)).toEqual([]);
});
