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
/** A report may be so late before the second counts as one without requests. */
const LATE = 250;
const NONE: Sample = { concurrency: 0, requests: 0 };
const NOTHING = { stable: 0, panic: 0 };

/**
 * The load of one revision over its stable and its panic window, after knative's metrics.MetricCollector (collection). There are no windows before
 * the first sample: most of thousands of revisions sleep.
 */
export class LoadWindows {
  #scaling: RevisionScaling;
  #pairs: Record<Metric, Pair> | undefined;
  /** When a request was counted as it came. */
  #countedAt: number | undefined;
  /** Until when it is known what came; absent while a report that is missing says nothing. */
  #heard: number | undefined;

  constructor(scaling: RevisionScaling) {
    this.#scaling = scaling;
  }

  /** The aggregation stays what it was at the first sample. */
  resize(scaling: RevisionScaling, now: number): void {
    this.#silentUntil(now);
    const { stableWindow, panicWindow } = scaling;
    this.#scaling = scaling;
    for (const { stable, panic } of Object.values(this.#pairs ?? {})) {
      stable.resize(stableWindow, now);
      panic.resize(panicWindow, now);
    }
  }

  record(now: number, sample: Sample): void {
    if (this.#heard !== undefined) this.#heard = now;
    const counted = this.#countedAt !== undefined && now - this.#countedAt < SECOND + LATE ? FIRST : NONE;
    this.#countedAt = undefined;
    const rest = (measure: keyof Sample) => Math.max(0, sample[measure] - counted[measure]);
    this.#add(now, { concurrency: rest("concurrency"), requests: rest("requests") });
  }

  /** A request has arrived where nothing runs: it counts at once, not only with the second's report (activator's concurrency reporter). */
  arrived(now: number): void {
    this.#countedAt = now;
    this.#add(now, FIRST);
  }

  /** Instances run: from now on each second without a report is one without a request, as upstream's scraper, which asks each second, would see it. */
  listen(now: number): void {
    this.#silentUntil(now);
    this.#heard ??= now;
  }

  /** Nothing runs, or nobody can be heard: that there is no report says nothing. */
  unheard(): void {
    this.#heard = undefined;
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

  #silentUntil(now: number): void {
    if (this.#heard === undefined) return;
    let heard = Math.max(this.#heard, now - this.#scaling.stableWindow - SECOND);
    for (; heard + SECOND + LATE <= now; heard += SECOND) this.record(heard + SECOND, NONE);
    this.#heard = heard;
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
