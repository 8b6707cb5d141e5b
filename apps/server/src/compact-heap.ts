import { collectGarbage, type Clock, type Runnable, type Timer } from "@ebb/base";

/** Milliseconds after the start before it is first looked at: what was on disk is being read. */
const STARTED_AFTER = 5000;
/** How often it is looked at, milliseconds. */
const PERIOD = 1000;
/** Of one core, over a period: a process that uses less than this has nothing to do. */
const QUIET = 0.1;
/** How often it is looked at whether the process has grown since it was compacted, milliseconds. */
const GROWTH_PERIOD = 10_000;
/** Bytes that it must have grown by, and the share of what it had: less is not worth the pause. */
const GROWTH = 16 * 1024 * 1024;
const GROWTH_SHARE = 0.2;

export interface HeapCompactionDeps {
  clock: Clock;
  /** Microseconds of processor time that the process has used so far. */
  used?: () => number;
  /** Collects all garbage and gives its pages back; resolves when every thread has. */
  compact?: () => Promise<void>;
  /** Bytes of memory that the process has. */
  resident?: () => number;
}

/**
 * Compacts the heap when the process first falls quiet after its start, and when it does so after having grown a lot (a large table that it was
 * given, a burst of new objects). V8 lets a heap grow to several times what lives in it while there is much to do and, if there is then little to do,
 * never looks again. Started last.
 */
export function heapCompaction(deps: HeapCompactionDeps): Runnable {
  const { clock, used = processorTime, compact = compactOwn, resident = () => process.memoryUsage.rss() } = deps;
  let timer: Timer | undefined;
  let stopped = false;
  const lookIn = (delay: number) => {
    const before = used();
    timer = clock.after(delay, () => void compactIfQuiet(before));
  };
  const compactIfQuiet = async (before: number) => {
    if (used() - before >= QUIET * PERIOD * 1000) return lookIn(PERIOD);
    await compact();
    if (stopped) return;
    const left = resident();
    timer = clock.every(GROWTH_PERIOD, () => {
      if (resident() - left < Math.max(GROWTH, GROWTH_SHARE * left)) return;
      timer?.cancel();
      lookIn(PERIOD);
    });
  };
  return {
    name: "heap compaction",
    start() {
      timer = clock.after(STARTED_AFTER - PERIOD, () => lookIn(PERIOD));
      return Promise.resolve();
    },
    stop() {
      stopped = true;
      timer?.cancel();
      return Promise.resolve();
    },
  };
}

function compactOwn(): Promise<void> {
  collectGarbage();
  return Promise.resolve();
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
