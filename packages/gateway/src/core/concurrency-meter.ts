/** Counts the requests of one backend for the autoscaler: time-weighted, as Knative's queue-proxy does (pkg/http/stats.go). */
export class ConcurrencyMeter {
  #active = 0;
  #arrived = 0;
  /** Request-milliseconds since `#since`. */
  #area = 0;
  #at: number;
  #since: number;

  constructor(now: number) {
    this.#at = this.#since = now;
  }

  get active(): number {
    return this.#active;
  }

  arrive(now: number): void {
    this.#tick(now);
    this.#active++;
    this.#arrived++;
  }

  depart(now: number): void {
    this.#tick(now);
    this.#active--;
  }

  /** Mean concurrency and arrivals since the last call. */
  report(now: number): { concurrency: number; requests: number } {
    this.#tick(now);
    const elapsed = now - this.#since;
    const result = { concurrency: elapsed > 0 ? this.#area / elapsed : this.#active, requests: this.#arrived };
    this.#area = this.#arrived = 0;
    this.#since = now;
    return result;
  }

  #tick(now: number): void {
    this.#area += this.#active * (now - this.#at);
    this.#at = now;
  }
}
