import type { Clock } from "@ebb/base";
import type { Cluster } from "../cluster/port.ts";

/** Changes wake a waiter at once; this is for conditions that depend on time alone. */
const POLL = 500;

/** Waits until `probe` returns something; it is asked after each change of the app in the cluster. Throws the signal's reason. */
export async function until<T>(
  at: { cluster: Cluster; clock: Clock; app: string; signal: AbortSignal },
  probe: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  let wake: (() => void) | undefined;
  let changed = false;
  const notify = () => {
    changed = true;
    wake?.();
  };
  const unsubscribe = at.cluster.onChange((change) => {
    if (change.app === at.app) notify();
  });
  const timer = at.clock.every(POLL, notify);
  at.signal.addEventListener("abort", notify);
  try {
    for (;;) {
      at.signal.throwIfAborted();
      changed = false;
      const value = await probe();
      if (value !== undefined) return value;
      if (!changed) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    unsubscribe();
    timer.cancel();
    at.signal.removeEventListener("abort", notify);
  }
}
