import { expect, test } from "vitest";
import { SyncPace } from "./sync-pace.ts";

/** Quick syncs after which an unknown disk counts as a quick one. */
const PROVEN = 12;

/** Batches of so many writes, each synced in so many milliseconds. */
function batches(pace: SyncPace, count: number, { writes = 1, took = 0.2 } = {}): void {
  for (let i = 0; i < count; i++) {
    pace.atOnce(writes);
    pace.took(took);
  }
}

test.each<[string, (pace: SyncPace) => void, number, boolean]>([
  ["a disk that nobody knows is waited for in the background", (pace) => batches(pace, PROVEN - 1), 1, false],
  ["one that was quick for a while is waited for at once", (pace) => batches(pace, PROVEN), 1, true],
  ["unless several writes wait, which the next ones should not wait for", (pace) => batches(pace, PROVEN), 2, false],
  [
    "nor when several were written just before, whose clients wait for their answers",
    (pace) => batches(pace, PROVEN, { writes: 2 }),
    1,
    false,
  ],
  ["until a write has been alone", (pace) => (batches(pace, PROVEN, { writes: 2 }), batches(pace, 1)), 1, true],
  [
    "one slow sync among quick ones, as every disk has, changes nothing",
    (pace) => (batches(pace, 80), batches(pace, 1, { took: 25 })),
    1,
    true,
  ],
  ["several of them do", (pace) => (batches(pace, 80), batches(pace, 2, { took: 25 })), 1, false],
  ["and a disk that has become slow", (pace) => (batches(pace, 80), batches(pace, 20, { took: 4 })), 1, false],
  ["after which it must be quick again", (pace) => (batches(pace, 80), batches(pace, 20, { took: 4 }), batches(pace, PROVEN)), 1, true],
])("%s", (_, happens, writes, atOnce) => {
  const pace = new SyncPace();
  happens(pace);
  expect(pace.atOnce(writes)).toBe(atOnce);
});
