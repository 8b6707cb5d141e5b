/** A pending timer; cancelling it twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Time as a dependency. Everything outside this package takes a Clock, so that tests run on a virtual one and never sleep.
 *
 * Invariants: `monotonic()` never goes backwards and is unaffected by changes of the wall clock; callbacks of `after` run in order of
 * their due time; a delay below zero counts as zero.
 */
export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. For timestamps that people read. */
  now(): number;
  /** Milliseconds from an arbitrary origin. For durations and deadlines. */
  monotonic(): number;
  /** Runs `callback` once, after `delay` milliseconds. */
  after(delay: number, callback: () => void): Timer;
  /** Runs `callback` each `period` milliseconds until it is cancelled. */
  every(period: number, callback: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delay, callback) {
    const handle = setTimeout(callback, Math.max(0, delay));
    return { cancel: () => clearTimeout(handle) };
  },
  every(period, callback) {
    const handle = setInterval(callback, period);
    return { cancel: () => clearInterval(handle) };
  },
};

/** Resolves after `delay` milliseconds; rejects with the signal's reason if that is aborted first. */
export function sleep(clock: Clock, delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(delay, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** What was written last: it is asked for many times in a second. */
let written = { second: Number.NaN, text: "" };

/** RFC 3339 with whole seconds, as Kubernetes writes its timestamps. */
export function rfc3339(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1000);
  if (second !== written.second) written = { second, text: new Date(second * 1000).toISOString().replace(".000Z", "Z") };
  return written.text;
}
