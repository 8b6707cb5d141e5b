import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Clock, Runnable, Timer } from "@ebb/base";

/** Milliseconds after the start by which everything that was on disk has been read and reconciled, of some thousand Services. */
const SETTLED_AFTER = 5000;

/**
 * Collects all garbage and gives the pages back. V8 lets a heap grow to several times what lives in it while a program starts, and if it then has
 * little to do, never looks again. Blocks for as long as one full collection takes: some tenths of a second with 150 MB alive.
 */
function compactHeap(): void {
  // The engine's own function, which is not there without its flag; nobody else is given it.
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: { type: "major"; flavor: "last-resort" }) => void;
  setFlagsFromString("--no-expose-gc");
  collect({ type: "major", flavor: "last-resort" });
}

/** Started last: compacts the heap once, when what the start made has been used. */
export function heapCompaction(clock: Clock): Runnable {
  let settled: Timer | undefined;
  return {
    name: "heap compaction",
    start() {
      settled = clock.after(SETTLED_AFTER, compactHeap);
      return Promise.resolve();
    },
    stop() {
      settled?.cancel();
      return Promise.resolve();
    },
  };
}
