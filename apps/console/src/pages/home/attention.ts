import type { Operation } from "@ebb/api";

export interface Attention {
  /** Under way or waiting for their turn. */
  running: Operation[];
  /** What waits for somebody's approval, and what failed last where nothing has succeeded since. */
  needed: Operation[];
}

/** Sorts the newest operations (newest first) into what happens by itself and what needs somebody. */
export function attentionOf(operations: readonly Operation[]): Attention {
  const seen = new Set<string>();
  const attention: Attention = { running: [], needed: [] };
  for (const operation of operations) {
    if (operation.state === "waiting") attention.needed.push(operation);
    else if (operation.state === "running" || operation.state === "queued") attention.running.push(operation);
    else if (operation.state !== "cancelled") {
      // The newest that has ended tells how an app is in its environment now.
      const place = `${operation.team}/${operation.app}/${operation.environment}`;
      if (operation.state === "failed" && !seen.has(place)) attention.needed.push(operation);
      seen.add(place);
    }
  }
  return attention;
}
