import type { RevisionScaling } from "../revision-scaling.ts";
import { RevisionScaler, type ScalerInputs } from "../revision-scaler.ts";
import { wakesByItself } from "../strategies/strategy.ts";
import { Fleet, type StartTimes } from "./fleet.ts";
import type { LoadSecond } from "./load-record.ts";
import { WaitingLine } from "./waiting-line.ts";

/** Upstream's tick. */
const TICK = 2;
const ACTIVATION_TIMEOUT = 600_000;

export interface ReplayOptions {
  scaling: RevisionScaling;
  /** Requests that an instance takes at once; 0 is no limit. */
  containerConcurrency: number;
  starts: StartTimes;
  /** Oldest first. */
  load: readonly LoadSecond[];
  /** Seconds since the epoch: the replay covers from `from` to `until`. */
  from: number;
  until: number;
}

/** What a policy would have cost and given. */
export interface Outcome {
  /** Instances that ran or started, times seconds. */
  instanceSeconds: number;
  /** Kept aside meanwhile (frozen or prepared), times seconds: no CPU, but memory or disk. */
  keptSeconds: number;
  /** Most at once. */
  peak: number;
  /** Instances started, by what they were before. */
  starts: Record<keyof StartTimes, number>;
  /** Requests that waited for an instance, and for how long all of them together, seconds. */
  waited: number;
  waitingSeconds: number;
  /** The longest time from a request that found nothing to the instance that took it, seconds. */
  longestWakeSeconds: number;
}

/**
 * Plays recorded load against a policy with the scaler itself on a clock of its own; what the scaler wants is carried out by a model of
 * instances that are ready after the given start times. Yields now and then, so that a long replay can be done in slices; returns the outcome.
 *
 * The model: a second's requests arrive evenly, the first at its beginning where nothing runs; each takes as long as those of that second
 * did; instances stop at once. It begins with the minimum running. cpu and memory are not recorded: such strategies vote for what there is.
 */
export function* replay(options: ReplayOptions): Generator<void, Outcome> {
  const run = new Replay(options);
  let at = 0;
  let steps = 0;
  for (let second = options.from; second < options.until;) {
    while ((options.load[at]?.second ?? Infinity) < second) at++;
    const next = options.load[at];
    if (next?.second !== second && run.asleep) {
      // Nothing can happen before the next request.
      second = Math.min(options.until, next?.second ?? options.until);
      run.skip(second);
      continue;
    }
    run.second(second, next?.second === second ? next : undefined);
    second++;
    if (++steps % 128 === 0) yield;
  }
  return run.outcome(options.until);
}

class Replay {
  readonly #options: ReplayOptions;
  readonly #scaler: RevisionScaler;
  readonly #fleet: Fleet;
  readonly #line = new WaitingLine();
  readonly #byItself: boolean;
  /** Seconds of one request, as it was last. */
  #service = 0;
  #reported = false;

  constructor(options: ReplayOptions) {
    const { scaling, from, starts } = options;
    this.#options = options;
    const instances = scaling.min;
    this.#scaler = new RevisionScaler(scaling, from * 1000, { instances, ready: instances });
    this.#fleet = new Fleet({ starts, idle: scaling.idle, now: from, instances });
    this.#byItself = scaling.strategies.some(wakesByItself);
  }

  get asleep(): boolean {
    const inactive = this.#scaler.desired === 0 && this.#scaler.activity.phase === "inactive";
    return inactive && !this.#byItself && this.#line.length === 0 && !this.#reported;
  }

  skip(until: number): void {
    this.#fleet.advance(until);
  }

  second(second: number, load: LoadSecond | undefined): void {
    if (second % TICK === 0) this.#scale(second, () => this.#scaler.decide(this.#inputs(second)).desired);
    const requests = load?.requests ?? 0;
    const work = load?.work ?? 0;
    if (work > 0) this.#service = requests > 0 ? work / requests : 1;
    // Work without arrivals: requests that last longer than a second go on, each a place for this second.
    let arrivals = requests > 0 ? requests : work;
    if (arrivals > 0 && this.#fleet.ready === 0) {
      const first = Math.min(1, arrivals);
      this.#line.join(first);
      arrivals -= first;
      this.#wake(second);
    }
    const busy = this.#flow(second, arrivals);
    const seen = requests > 0 || busy > 0;
    if (seen || this.#reported) this.#scaler.record((second + 1) * 1000, { concurrency: busy, requests });
    this.#reported = seen;
  }

  outcome(until: number): Outcome {
    this.#fleet.advance(until);
    const { seconds, requests } = this.#line.waited;
    return { ...this.#fleet.totals(), waited: Math.round(requests), waitingSeconds: seconds };
  }

  /** One second from one readiness to the next; returns the requests under way on average. */
  #flow(second: number, arrivals: number): number {
    const { containerConcurrency } = this.#options;
    let busy = 0;
    for (let now = second; now < second + 1;) {
      const until = Math.min(second + 1, this.#fleet.nextReady() ?? Infinity);
      const slots = this.#fleet.ready === 0 ? 0 : containerConcurrency > 0 ? this.#fleet.ready * containerConcurrency : Infinity;
      busy += this.#line.pass({ length: until - now, arrivals, service: this.#service, slots }) * (until - now);
      this.#fleet.advance(until);
      now = until;
    }
    return busy;
  }

  #wake(second: number): void {
    if (this.#scaler.desired > 0 && this.#scaler.activity.phase !== "inactive") return;
    this.#scale(second, () => this.#scaler.wake(this.#inputs(second)).desired);
  }

  #scale(second: number, decide: () => number): void {
    this.#fleet.advance(second);
    this.#fleet.scale(decide(), this.#line.length > 0);
  }

  #inputs(second: number): ScalerInputs {
    const now = second * 1000;
    return { now, wallTime: now, ready: this.#fleet.ready, reachable: true, initialized: true, activationTimeout: ACTIVATION_TIMEOUT };
  }
}
