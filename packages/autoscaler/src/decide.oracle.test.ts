import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAutoscalerConfig } from "./config.ts";
import { initialMemory, recommend, type Observation } from "./decide.ts";
import { revisionScaling, type RevisionScaling } from "./revision-scaling.ts";

const TICK = 2000;

/**
 * Knative's decider said again, step by step as upstream's documentation and code have it (pkg/autoscaler/scaling, `Scale`), with state that changes in place and
 * the delay as a plain list of all that was ever decided: another shape than `recommend`, so that a slip in one shows.
 */
class Oracle {
  readonly #scaling: RevisionScaling;
  #panicSince: number | undefined;
  #panicPods: number;
  readonly #decided: { slot: number; count: number }[] = [];

  constructor(scaling: RevisionScaling, instances: number) {
    this.#scaling = scaling;
    this.#panicSince = instances > 1 ? 0 : undefined;
    this.#panicPods = instances;
  }

  scale(seen: Observation): { desired: number; mode: "stable" | "panic"; excessBurstCapacity: number } {
    const { target, total, targetBurstCapacity, panicThreshold, stableWindow, scaleDownDelay } = this.#scaling;
    const pods = seen.ready === 0 ? 1 : seen.ready;
    const wantedByStable = Math.ceil(seen.stable / target);
    const wantedByPanic = Math.ceil(seen.panic / target);
    let stable = this.#limited(wantedByStable, pods, seen.reachable);
    const panic = this.#limited(wantedByPanic, pods, seen.reachable);

    if (wantedByPanic / pods >= panicThreshold) this.#panicSince = seen.now;
    else if (this.#panicSince !== undefined && seen.now > this.#panicSince + stableWindow) {
      this.#panicSince = undefined;
      this.#panicPods = 0;
    }
    if (this.#panicSince !== undefined) {
      if (panic > stable) stable = panic;
      if (stable > this.#panicPods) this.#panicPods = stable;
      stable = this.#panicPods;
    }
    if (scaleDownDelay > 0 && seen.reachable) {
      const slot = Math.floor(seen.now / TICK);
      this.#decided.push({ slot, count: stable });
      const inWindow = this.#decided.filter((each) => slot - each.slot < Math.ceil(scaleDownDelay / TICK));
      stable = Math.max(...inWindow.map(({ count }) => count));
    }
    let excessBurstCapacity = -1;
    if (targetBurstCapacity === 0) excessBurstCapacity = 0;
    if (targetBurstCapacity > 0) excessBurstCapacity = Math.floor(seen.ready * total - targetBurstCapacity - seen.panic);
    return { desired: stable, mode: this.#panicSince === undefined ? "stable" : "panic", excessBurstCapacity };
  }

  #limited(wanted: number, pods: number, reachable: boolean): number {
    const { maxScaleUpRate, maxScaleDownRate, activationScale } = this.#scaling;
    const floor = reachable ? Math.floor(pods / maxScaleDownRate) : 0;
    const ceiling = Math.ceil(pods * maxScaleUpRate);
    let count = wanted < floor ? floor : wanted;
    if (count > ceiling) count = ceiling;
    if (activationScale > 1 && wanted > 0 && count < activationScale) count = activationScale;
    return count;
  }
}

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true });
/** Loads near whole multiples of the target, where rounding decides, as often as any others. */
const load = fc.oneof(
  between(0, 2000),
  fc.nat(50).map((times) => times * 10),
  fc.constant(0),
);

const settings = fc.record({
  target: fc.oneof(fc.constant(10), between(0.01, 200)),
  total: between(0.01, 300),
  targetBurstCapacity: fc.oneof(fc.constantFrom(-1, 0), between(0.1, 500)),
  panicThreshold: fc.oneof(fc.constantFrom(2, 3), between(1.1, 10)),
  maxScaleUpRate: fc.oneof(fc.constant(1000), between(1.01, 20)),
  maxScaleDownRate: between(1.01, 20),
  stableWindow: fc.integer({ min: 6, max: 600 }).map((seconds) => seconds * 1000),
  activationScale: fc.integer({ min: 1, max: 12 }),
  scaleDownDelay: fc.oneof(
    fc.constant(0),
    fc.integer({ min: 1, max: 400 }).map((seconds) => seconds * 1000),
  ),
});

const step = fc.record({
  /** Mostly ticks; sometimes sooner, as for a request that waits, and sometimes after a gap. */
  pause: fc.oneof({ weight: 5, arbitrary: fc.constant(TICK) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 120_000 }) }),
  stable: load,
  panic: load,
  /** Instances follow what was decided, or are whatever they are. */
  follows: fc.boolean(),
  ready: fc.nat(60),
});

test("over random traces, upstream's decider wants as many, panics as long, and has as much room for a burst", () => {
  const defaults = revisionScaling(parseAutoscalerConfig({}), { annotations: {}, containerConcurrency: 0 });
  fc.assert(
    fc.property(
      settings,
      fc.nat(20),
      fc.boolean(),
      fc.array(step, { minLength: 1, maxLength: 80 }),
      (given, instances, reachable, trace) => {
        const scaling: RevisionScaling = { ...defaults, ...given };
        const oracle = new Oracle(scaling, instances);
        let memory = initialMemory(0, instances);
        let [now, last] = [0, instances];
        for (const { pause, follows, ...each } of trace) {
          now += pause;
          const seen = { ...each, ready: follows ? Math.min(last, 1000) : each.ready, now, reachable };
          const { memory: next, desired, mode, excessBurstCapacity } = recommend(scaling, memory, seen);
          expect({ desired, mode, excessBurstCapacity }).toEqual(oracle.scale(seen));
          memory = next;
          last = desired;
        }
      },
    ),
    { numRuns: 400 },
  );
});
