import { expect, test } from "vitest";
import { SyncPace } from "./sync-pace.ts";

const quick = (pace: SyncPace, times: number) => {
  for (let i = 0; i < times; i++) pace.took(0.2);
};

test.each<[string, (pace: SyncPace) => void, number, boolean]>([
  ["a disk that nobody knows is waited for in the background", () => undefined, 1, false],
  ["one that was quick for a while is waited for at once", (pace) => quick(pace, 50), 1, true],
  ["unless several writes wait, which the next ones should not wait for", (pace) => quick(pace, 50), 2, false],
  ["a single slow sync is enough to go back", (pace) => (quick(pace, 80), pace.took(5)), 1, false],
  ["and must be followed by as many quick ones again", (pace) => (quick(pace, 80), pace.took(5), quick(pace, 49)), 1, false],
  ["after which it is at once again", (pace) => (quick(pace, 80), pace.took(5), quick(pace, 50)), 1, true],
])("%s", (_, happens, writes, atOnce) => {
  const pace = new SyncPace();
  happens(pace);
  expect(pace.atOnce(writes)).toBe(atOnce);
});
