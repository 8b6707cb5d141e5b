/** Upper bounds of the latency histogram in milliseconds; what takes longer is in one bucket more. */
export const LATENCY_BOUNDS: readonly number[] = [
  0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10_000, 15_000, 30_000,
  60_000,
];

const STATUS_CLASSES = ["", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx", "7xx", "8xx", "9xx"];

/**
 * What the gateway did about a request beside passing it on: it was `denied` by the lists of a traffic policy (403), `limited` by its rates (429),
 * `overflowed` as too many waited (503), or `retried`; an instance that did nothing but fail was `ejected`.
 */
export type Intervention = "denied" | "limited" | "overflowed" | "retried" | "ejected";

/** Everything that was counted of one revision since its gateway started; each number only grows. */
export interface TrafficTotals {
  /** Requests that are over, by what became of them: `2xx` … `5xx`, `cut` (an answer that broke off), `gone` (the client left before one). */
  responses: Record<string, number>;
  /** Requests by duration, one number a bucket of LATENCY_BOUNDS and one for the rest; without upgraded connections, which last as they like. */
  latency: number[];
  latencySumMs: number;
  /** Requests that waited for an instance, and how long altogether. */
  held: number;
  heldMs: number;
  requestBytes: number;
  responseBytes: number;
  /** By Intervention; those that never happened are not there. What was denied or limited is in none of the other numbers. */
  interventions?: Record<string, number>;
}

export interface FinishedRequest {
  status: number;
  outcome: "complete" | "cut" | "client-gone";
  durationMs: number;
  /** Of that, waiting for an instance; undefined when there was one at once. */
  heldMs: number | undefined;
  requestBytes: number;
  responseBytes: number;
}

/** The counters of one revision: a few additions for each request. */
export class TrafficCounters {
  readonly #responses: Record<string, number> = {};
  /** Made for the first request: most revisions sleep. */
  #latency: number[] | undefined;
  #latencySumMs = 0;
  #held = 0;
  #heldMs = 0;
  #requestBytes = 0;
  #responseBytes = 0;
  #interventions: Partial<Record<Intervention, number>> | undefined;
  /** Whether there is anything to tell. */
  hasCounted = false;

  note(intervention: Intervention): void {
    this.hasCounted = true;
    const interventions = (this.#interventions ??= {});
    interventions[intervention] = (interventions[intervention] ?? 0) + 1;
  }

  count(request: FinishedRequest): void {
    this.hasCounted = true;
    const result = resultOf(request);
    this.#responses[result] = (this.#responses[result] ?? 0) + 1;
    if (request.status !== 101) {
      const latency = (this.#latency ??= emptyLatency());
      const bucket = latencyBucket(request.durationMs);
      latency[bucket] = (latency[bucket] ?? 0) + 1;
      this.#latencySumMs += request.durationMs;
    }
    if (request.heldMs !== undefined) {
      this.#held++;
      this.#heldMs += request.heldMs;
    }
    this.#requestBytes += request.requestBytes;
    this.#responseBytes += request.responseBytes;
  }

  totals(): TrafficTotals {
    return {
      responses: { ...this.#responses },
      latency: this.#latency ? [...this.#latency] : emptyLatency(),
      latencySumMs: this.#latencySumMs,
      held: this.#held,
      heldMs: this.#heldMs,
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
      ...(this.#interventions && { interventions: { ...this.#interventions } }),
    };
  }
}

export function emptyLatency(): number[] {
  return Array.from({ length: LATENCY_BOUNDS.length + 1 }, () => 0);
}

/** Whether the client left before an answer had begun. One that left in the middle got what it wanted of it. */
export function leftUnanswered({ status, outcome }: Pick<FinishedRequest, "status" | "outcome">): boolean {
  return outcome === "client-gone" && status === 499;
}

function resultOf(finished: FinishedRequest): string {
  if (finished.outcome === "cut") return "cut";
  if (leftUnanswered(finished)) return "gone";
  return STATUS_CLASSES[Math.floor(finished.status / 100)] ?? "5xx";
}

/** The first bucket whose bound is not exceeded. */
export function latencyBucket(durationMs: number): number {
  let low = 0;
  let high = LATENCY_BOUNDS.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (durationMs <= (LATENCY_BOUNDS[middle] ?? Infinity)) high = middle;
    else low = middle + 1;
  }
  return low;
}
