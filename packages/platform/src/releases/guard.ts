import type { ReleaseGuard } from "@ebb/api";
import { quantile, sumOf, type Usage } from "../metrics/usage.ts";

export const DEFAULT_GUARD: ReleaseGuard = { maxErrorRate: 0.01, maxP95Ratio: 2, minRequests: 20, maxRestarts: 2 };

/** Below it a ratio says nothing: the gateway's own buckets and a garbage collection are of that size. */
const P95_FLOOR_MS = 10;

export type Verdict = { state: "good" | "undecided" | "breached"; reasons: string[] };

/**
 * Whether the new version may go on, by what it and the old one did in the same time. Restarts count at any time; errors and durations only
 * from `minRequests` on, and durations only against as many of the old. Pure.
 */
export function evaluateGuard(old: Usage, fresh: Usage, restarts: number, guard: ReleaseGuard): Verdict {
  const of = { old: figuresOf(old), new: figuresOf(fresh) };
  const reasons: string[] = [];
  if (restarts > guard.maxRestarts) reasons.push(`its instances were restarted ${restarts} times; ${guard.maxRestarts} are allowed`);
  const enough = Math.max(1, guard.minRequests);
  if (of.new.requests >= enough) {
    if (of.new.errorRate - of.old.errorRate > guard.maxErrorRate) {
      reasons.push(
        `${percent(of.new.errorRate)} of its ${of.new.requests} requests failed, ${percent(of.old.errorRate)} of the old version's ` +
          `${of.old.requests}; ${percent(guard.maxErrorRate)} more are allowed`,
      );
    }
    const allowed = Math.max(of.old.p95, P95_FLOOR_MS) * guard.maxP95Ratio;
    if (of.old.requests >= enough && of.new.p95 > allowed) {
      reasons.push(`its 95th percentile is ${ms(of.new.p95)}, the old version's ${ms(of.old.p95)}; ${ms(allowed)} is allowed`);
    }
  }
  if (reasons.length > 0) return { state: "breached", reasons };
  const told = `${of.new.requests} requests, ${percent(of.new.errorRate)} failed (old ${percent(of.old.errorRate)}), p95 ${ms(of.new.p95)} (old ${ms(of.old.p95)})`;
  if (of.new.requests >= guard.minRequests) return { state: "good", reasons: [told] };
  return { state: "undecided", reasons: [`${of.new.requests} of ${guard.minRequests} requests that it takes to judge`] };
}

function figuresOf(usage: Usage): { requests: number; errorRate: number; p95: number } {
  const requests = sumOf(usage.responses);
  const errors = (usage.responses["5xx"] ?? 0) + (usage.responses["cut"] ?? 0);
  return { requests, errorRate: requests === 0 ? 0 : errors / requests, p95: quantile(usage.latency, 0.95) ?? 0 };
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
const ms = (value: number): string => `${Math.round(value)} ms`;
