import { parseAutoscalerConfig } from "../config.ts";
import { revisionScaling, type RevisionScaling } from "../revision-scaling.ts";

/** Of a trace, in order; times in milliseconds. What upstream would scrape is there as a record each second, also one of nothing. */
export type Step =
  | { type: "record"; at: number; concurrency: number; requests: number }
  | { type: "tick" | "wake"; at: number; ready: number }
  | { type: "configure"; at: number; scaling: RevisionScaling; reachable: boolean };

export interface TraceStart {
  scaling: RevisionScaling;
  reachable: boolean;
  /** Both 0 is a new revision. */
  instances: number;
  activationTimeout: number;
}

/** The first tick of all traces. */
export const BEGIN = 1_000_000;
const TICK = 2;
const BASE = revisionScaling(parseAutoscalerConfig({}), { annotations: {}, containerConcurrency: 0 });

/** Random settings, load and instances of one revision: the same for the same seed and the same decisions. */
export class RandomTrace {
  readonly start: TraceStart;
  readonly #random: () => number;
  #scaling: RevisionScaling;
  #reachable: boolean;
  #ready: number;
  #initialized: boolean;
  #second = BEGIN / 1000;
  /** Of the load that there is now: seconds left, and requests under way. */
  #piece = { left: 0, load: 0 };
  #seen = false;
  #wanted = 0;
  readonly #lag: number;
  readonly #phase: number;
  #starting: { at: number; count: number }[] = [];

  constructor(seed: number) {
    this.#random = mulberry32(seed);
    const isNew = this.#chance(0.5);
    this.#ready = isNew ? 0 : this.#int(1, 4);
    this.#initialized = !isNew;
    this.#reachable = isNew || this.#chance(0.85);
    const strategy = this.#pick(["concurrency", "concurrency", "rps"] as const);
    this.#scaling = this.#settings({
      ...BASE,
      metric: strategy,
      strategies: [{ type: strategy }],
      aggregation: this.#pick(["linear", "linear", "weighted-exponential"] as const),
      scaleDownDelay: this.#pick([0, 0, 0, 1000, 10_000, 30_000, 61_000]),
      initialScale: this.#pick([1, 1, 1, 2, 4]),
    });
    const { max } = this.#scaling;
    if (max > 0) this.#scaling = { ...this.#scaling, max: Math.max(max, this.#ready) };
    this.#lag = this.#pick([0, 0, 1, 3, 10]);
    this.#phase = this.#int(1, 749);
    const activationTimeout = this.#pick([20_000, 40_000, 150_000]);
    this.start = { scaling: this.#scaling, reachable: this.#reachable, instances: this.#ready, activationTimeout };
  }

  /** Whether as many were ready once as there had to be. */
  get initialized(): boolean {
    const min = this.#reachable ? this.#scaling.min : 0;
    return (this.#initialized ||= this.#ready >= Math.max(min, this.#scaling.initialScale));
  }

  get reachable(): boolean {
    return this.#reachable;
  }

  /** The next second; `decide` is told of each step, and answers a tick and a wake with the count that is wanted. */
  second(decide: (step: Step) => number): void {
    const second = this.#second++;
    if (second % TICK === 0) this.#tick(second, decide);
    const at = second * 1000 + this.#phase;
    const load = this.#load();
    const requests = Math.round(load * 3);
    if (load === 0 && this.#ready === 0) return;
    if (this.#ready === 0 && this.#wanted === 0) {
      this.#wanted = decide({ type: "wake", at, ready: 0 });
      this.#starting.push({ at: second + this.#lag, count: this.#wanted });
      return;
    }
    this.#seen = true;
    decide({ type: "record", at, concurrency: load, requests });
  }

  #tick(second: number, decide: (step: Step) => number): void {
    const at = second * 1000;
    for (const { at: due, count } of this.#starting) if (due <= second) this.#ready = count;
    this.#starting = this.#starting.filter(({ at: due }) => due > second);
    const crashes = this.#ready > 0 && this.#chance(0.01);
    if (crashes) this.#ready--;
    const turns = this.#initialized && this.#chance(0.004);
    const changes = this.#chance(0.004);
    if (turns) this.#reachable = !this.#reachable;
    if (changes) this.#scaling = this.#settings(this.#scaling);
    if (turns || changes) decide({ type: "configure", at, scaling: this.#scaling, reachable: this.#reachable });
    // Upstream decides nothing before the first scrape.
    if (this.#ready > 0 && !this.#seen) decide({ type: "record", at: at - 900, concurrency: 0, requests: 0 });
    this.#seen ||= this.#ready > 0;
    const wanted = (this.#wanted = decide({ type: "tick", at, ready: this.#ready }));
    if (wanted < this.#ready) this.#ready = wanted;
    else if (wanted > this.#ready) this.#starting.push({ at: second + this.#lag, count: Math.min(wanted, 2000) });
  }

  /** Pieces of steady, noisy and no load. */
  #load(): number {
    if (this.#piece.left-- <= 0) {
      const load = this.#chance(0.35) ? 0 : this.#pick([0.01, 0.3, 1, 3, 10, 50, 300]) * this.#random() * 2;
      this.#piece = { left: this.#int(1, this.#pick([3, 20, 80])), load };
    }
    const { load } = this.#piece;
    if (load === 0 || this.#chance(0.1)) return 0;
    return this.#chance(0.3) ? Math.round(load) : load * (0.5 + this.#random());
  }

  #settings(base: RevisionScaling): RevisionScaling {
    const stableWindow = this.#int(6, this.#chance(0.5) ? 20 : 90) * 1000;
    const share = this.#pick([1, 5, 10, 10, 10, 33, 50, 100]) / 100;
    const total = this.#pick([1, 2, 5, 10, 100, 200, 0.01, 0.5, this.#random() * 50 + 0.01]);
    const min = this.#chance(0.7) ? 0 : this.#int(1, 5);
    const rate = () => this.#pick([1.1, 2, 10, 1.01 + this.#random() * 10]);
    return {
      ...base,
      stableWindow,
      panicWindow: Math.max(1000, Math.round((stableWindow * share) / 1000) * 1000),
      total,
      target: Math.max(0.01, total * this.#pick([0.7, 0.7, 1, 0.5, 0.01, this.#random()])),
      targetBurstCapacity: this.#pick([211, -1, 0, 10, 1, 0.5, this.#random() * 300]),
      panicThreshold: this.#pick([2, 2, 1.1, 3, 10, 1.1 + this.#random() * 9]),
      maxScaleUpRate: this.#chance(0.5) ? 1000 : rate(),
      maxScaleDownRate: rate(),
      min,
      max: this.#chance(0.6) ? 0 : min + this.#int(1, 20),
      activationScale: this.#pick([1, 1, 1, 2, 5]),
      scaleToZero: this.#chance(0.9),
      retention: this.#pick([0, 0, 0, 3000, 10_000, 45_000]),
    };
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #int(least: number, most: number): number {
    return least + Math.floor(this.#random() * (most - least + 1));
  }

  #pick<T>(all: readonly [T, ...T[]]): T {
    return all[this.#int(0, all.length - 1)] ?? all[0];
  }
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
