/** What waiting came to. */
export interface Waiting {
  /** Of all requests added up, seconds. */
  seconds: number;
  /** How many had to wait at all. */
  requests: number;
}

/** What serves during a span: `slots` requests at once (Infinity without a limit, 0 while nothing is ready). */
export interface Span {
  /** Seconds. */
  length: number;
  /** Requests a second that arrive, evenly. */
  arrivals: number;
  /** Seconds that one of them takes. */
  service: number;
  slots: number;
}

/** Requests that wait for an instance, as a fluid: exact for even arrivals, blind to bursts within a span. */
export class WaitingLine {
  #length = 0;
  readonly waited: Waiting = { seconds: 0, requests: 0 };

  get length(): number {
    return this.#length;
  }

  join(requests: number): void {
    this.#length += requests;
    this.waited.requests += requests;
  }

  /** Lets a span pass; returns the requests that were under way in it on average, those that waited included. */
  pass({ length, arrivals, service, slots }: Span): number {
    if (length <= 0) return 0;
    // Those that came while nothing ran go to work at once where there is no limit.
    if (slots === Infinity) {
      const started = this.#length;
      this.#length = 0;
      return (started * service) / length + arrivals * service;
    }
    const rate = service > 0 ? slots / service : slots > 0 ? Infinity : 0;
    const growth = arrivals - rate;
    const before = this.#length;
    const empties = growth < 0 ? before / -growth : Infinity;
    const busy = Math.min(length, empties);
    const after = empties <= length ? 0 : before + growth * length;
    const waiting = ((before + after) / 2) * busy;
    // Nobody waits who arrives when the line is gone, or where it never was.
    if (before > 0 || growth > 0) this.waited.requests += arrivals * busy;
    this.waited.seconds += waiting;
    this.#length = after;
    const served = before + arrivals * length - after;
    return waiting / length + (served * service) / length;
  }
}
