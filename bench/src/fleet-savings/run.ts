import type { Benchmark } from "../main.ts";
import { PLANS, simulate, type Totals } from "./simulate.ts";

const APPS = 100;
const DAYS = 7;
const ENVIRONMENTS = 4;
const HOURS = DAYS * 24;
/** Seconds to readiness, the 99th percentile of cold-start-process and cold-start-frozen (docs/reference/performance.md). */
const STARTS = { cold: 0.4, prepared: 0.3, frozen: 0.03 };
const SEED = 2026;
/** Of PLANS: with which prod's first requests wait for no cold start, and nothing runs for nobody. */
const RECOMMENDED = 2;

export const benchmark: Benchmark = {
  summary: "a simulated week of 100 apps × 4 environments: share of instance-hours saved against one replica that is always kept of each",
  goal: 0.9,
  run() {
    const totals = simulate({ apps: APPS, days: DAYS, plans: PLANS, starts: STARTS, seed: SEED });
    const always = APPS * ENVIRONMENTS * HOURS;
    console.log(`  always one of each: ${always} instance-hours`);
    PLANS.forEach((plan, at) => {
      const total = totals[at];
      if (total) console.log(`  ${plan.name}: ${line(total, always)}`);
    });
    return Promise.resolve(saved(totals[RECOMMENDED], always));
  },
};

function saved(total: Totals | undefined, always: number): number {
  return total ? 1 - total.instanceSeconds / 3600 / always : 0;
}

function line(total: Totals, always: number): string {
  const hours = (seconds: number) => (seconds / 3600).toFixed(0);
  const { prodStarts, prodWaited, prodRequests, prodWaitingSeconds } = total;
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  return [
    `${hours(total.instanceSeconds)} instance-hours (${percent(saved(total, always))} saved)`,
    `${hours(total.keptSeconds)} frozen`,
    `prod woke ${prodStarts.cold} times from cold and ${prodStarts.frozen} from frozen`,
    `${percent(prodWaited / prodRequests)} of its ${prodRequests} requests waited, ${((prodWaitingSeconds / Math.max(1, prodWaited)) * 1000).toFixed(0)} ms on average`,
    `longest wake ${(total.prodLongestWakeSeconds * 1000).toFixed(0)} ms`,
  ].join("; ");
}
