import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Clock, Runnable, Timer } from "@ebb/base";

/** Milliseconds after the start before it is first looked at: what was on disk is being read. */
const STARTED_AFTER = 5000;
/** How often it is looked at, milliseconds. */
const PERIOD = 1000;
/** Of one core, over a period: a process that uses less than this has nothing to do. */
const QUIET = 0.1;

export interface HeapCompactionDeps {
  clock: Clock;
  /** Microseconds of processor time that the process has used so far. */
  used?: () => number;
  /** Collects all garbage and gives its pages back. */
  compact?: () => void;
}

/**
 * Compacts the heap once, when the process first falls quiet after its start. V8 lets a heap grow to several times what lives in it while a
 * program starts and, if it then has little to do, never looks again. Started last.
 */
export function heapCompaction({ clock, used = processorTime, compact = collectAll }: HeapCompactionDeps): Runnable {
  let timer: Timer | undefined;
  const look = (before: number) => {
    const now = used();
    if (now - before < QUIET * PERIOD * 1000) compact();
    else timer = clock.after(PERIOD, () => look(now));
  };
  return {
    name: "heap compaction",
    start() {
      timer = clock.after(STARTED_AFTER - PERIOD, () => {
        const now = used();
        timer = clock.after(PERIOD, () => look(now));
      });
      return Promise.resolve();
    },
    stop() {
      timer?.cancel();
      return Promise.resolve();
    },
  };
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Blocks for as long as one full collection takes: some tenths of a second with 150 MB alive. */
function collectAll(): void {
  // The engine's own function, which is not there without its flag; nobody else is given it.
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: { type: "major"; flavor: "last-resort" }) => void;
  setFlagsFromString("--no-expose-gc");
  collect({ type: "major", flavor: "last-resort" });
}
