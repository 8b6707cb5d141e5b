import { VirtualClock } from "@ebb/testkit";
import { expect, test } from "vitest";
import { heapCompaction } from "./compact-heap.ts";

/** Compactions by each second, of a process that uses these microseconds of processor time in each second of its life. */
async function compactions(perSecond: (second: number) => number, seconds: number): Promise<number[]> {
  const clock = new VirtualClock();
  const times: number[] = [];
  let used = 0;
  const part = heapCompaction({ clock, used: () => used, compact: () => times.push(clock.monotonic() / 1000) });
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

test("leaves a busy process alone: its collector looks by itself", async () => {
  expect(await compactions(() => 300_000, 60)).toEqual([]);
});
