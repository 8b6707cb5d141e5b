import type { ReleaseGuard } from "@ebb/api";
import type { Said } from "@ebb/base";
import { quantile, sumOf, type Usage } from "../metrics/usage.ts";
import { say } from "../operations/words.ts";

export const DEFAULT_GUARD: ReleaseGuard = { maxErrorRate: 0.01, maxP95Ratio: 2, minRequests: 20, maxRestarts: 2 };

/** Below it a ratio says nothing: the gateway's own buckets and a garbage collection are of that size. */
const P95_FLOOR_MS = 10;

export type Verdict =
  | { state: "breached"; reasons: Said[] }
  /** With the figures that are told of it. */
  | { state: "good" | "undecided"; figures: NonNullable<Said["with"]> };

/**
 * Whether the new version may go on, by what it and the old one did in the same time. Restarts count at any time; errors and durations only
 * from `minRequests` on, and durations only against as many of the old. Pure.
 */
export function evaluateGuard(old: Usage, fresh: Usage, restarts: number, guard: ReleaseGuard): Verdict {
  const of = { old: figuresOf(old), new: figuresOf(fresh) };
  const reasons: Said[] = [];
  if (restarts > guard.maxRestarts) reasons.push(say("guard.restarts", { restarts, allowed: guard.maxRestarts }));
  const enough = Math.max(1, guard.minRequests);
  if (of.new.requests >= enough) {
    if (of.new.errorRate - of.old.errorRate > guard.maxErrorRate) {
      reasons.push(
        say("guard.errors", {
          errors: percent(of.new.errorRate),
          requests: of.new.requests,
          oldErrors: percent(of.old.errorRate),
          oldRequests: of.old.requests,
          allowed: percent(guard.maxErrorRate),
        }),
      );
    }
    const allowed = Math.max(of.old.p95, P95_FLOOR_MS) * guard.maxP95Ratio;
    if (of.old.requests >= enough && of.new.p95 > allowed) {
      reasons.push(say("guard.slower", { p95: ms(of.new.p95), oldP95: ms(of.old.p95), allowed: ms(allowed) }));
    }
  }
  if (reasons.length > 0) return { state: "breached", reasons };
  const { requests } = of.new;
  if (requests < guard.minRequests) return { state: "undecided", figures: { requests, enough: guard.minRequests } };
  const figures = {
    requests,
    errors: percent(of.new.errorRate),
    oldErrors: percent(of.old.errorRate),
    p95: ms(of.new.p95),
    oldP95: ms(of.old.p95),
  };
  return { state: "good", figures };
}

function figuresOf(usage: Usage): { requests: number; errorRate: number; p95: number } {
  const requests = sumOf(usage.responses);
  const errors = (usage.responses["5xx"] ?? 0) + (usage.responses["cut"] ?? 0);
  return { requests, errorRate: requests === 0 ? 0 : errors / requests, p95: quantile(usage.latency, 0.95) ?? 0 };
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
const ms = (value: number): string => `${Math.round(value)} ms`;
