import { MetricWindow } from "./metric-window.ts";
import type { Metric, RevisionScaling } from "./revision-scaling.ts";

export interface Sample {
  /** Time-weighted mean of requests in the gateway over the last second. */
  concurrency: number;
  /** Requests that arrived in it. */
  requests: number;
}

interface Pair {
  stable: MetricWindow;
  panic: MetricWindow;
}

/** What counts for a request that has just arrived; it is in the next report too, and taken off there. */
const FIRST: Sample = { concurrency: 1, requests: 1 };
const SECOND = 1000;
const NOTHING = { stable: 0, panic: 0 };

/**
 * The load of one revision over its stable and its panic window, after knative's metrics.MetricCollector (collection). There are no windows before
 * the first sample: most of thousands of revisions sleep.
 */
export class LoadWindows {
  #scaling: RevisionScaling;
  #pairs: Record<Metric, Pair> | undefined;
  #counted: Sample | undefined;

  constructor(scaling: RevisionScaling) {
    this.#scaling = scaling;
  }

  /** The aggregation stays what it was at the first sample. */
  resize(scaling: RevisionScaling, now: number): void {
    const { stableWindow, panicWindow } = scaling;
    this.#scaling = scaling;
    for (const { stable, panic } of Object.values(this.#pairs ?? {})) {
      stable.resize(stableWindow, now);
      panic.resize(panicWindow, now);
    }
  }

  record(now: number, sample: Sample): void {
    const counted = this.#counted;
    this.#counted = undefined;
    const rest = (value: number, already: number | undefined) => Math.max(0, value - (already ?? 0));
    this.#add(now, { concurrency: rest(sample.concurrency, counted?.concurrency), requests: rest(sample.requests, counted?.requests) });
  }

  /** A request has arrived where nothing runs: it counts at once, not only with the second's report (activator's concurrency reporter). */
  arrived(now: number): void {
    this.#counted = FIRST;
    this.#add(now, FIRST);
  }

  /** Instances run and nothing was reported: there was no request until the second before `now`. The one under way may still be reported. */
  silent(now: number): void {
    this.#add(now - SECOND, { concurrency: 0, requests: 0 });
  }

  mean(metric: Metric, now: number): { stable: number; panic: number } {
    if (!this.#pairs) return NOTHING;
    const { stable, panic } = this.#pairs[metric];
    return { stable: stable.average(now), panic: panic.average(now) };
  }

  /** Whether there was a request within the stable window. */
  busy(now: number): boolean {
    return this.mean("concurrency", now).stable > 0 || this.mean("rps", now).stable > 0;
  }

  #add(time: number, { concurrency, requests }: Sample): void {
    const pairs = (this.#pairs ??= { concurrency: pairOf(this.#scaling), rps: pairOf(this.#scaling) });
    for (const window of Object.values(pairs.concurrency)) window.record(time, concurrency);
    for (const window of Object.values(pairs.rps)) window.record(time, requests);
  }
}

function pairOf({ stableWindow, panicWindow, aggregation }: RevisionScaling): Pair {
  return { stable: new MetricWindow(stableWindow, aggregation), panic: new MetricWindow(panicWindow, aggregation) };
}
