import { describe, expect, test } from "vitest";
import { parseAutoscalerConfig } from "./config.ts";
import { initialMemory, recommend, type DeciderMemory } from "./decide.ts";
import { revisionScaling, type RevisionScaling } from "./revision-scaling.ts";

/**
 * The inputs and expected outputs of knative/serving's pkg/autoscaler/scaling/autoscaler_test.go. Upstream's helper takes 75 % utilization
 * and rates of 10; a missing figure of a step is the one before it.
 */
interface Step {
  /** Seconds. */
  now?: number;
  stable?: number;
  panic?: number;
  ready?: number;
  change?: Partial<RevisionScaling>;
  desired: number;
  /** Absent where upstream's case does not set a target burst. */
  burst?: number;
  mode?: "stable" | "panic";
}

const UTILIZATION = 0.75;

function upstream(target: number, burst: number): RevisionScaling {
  return {
    ...revisionScaling(parseAutoscalerConfig({}), { annotations: {}, containerConcurrency: 0 }),
    target,
    total: target / UTILIZATION,
    targetBurstCapacity: burst,
    maxScaleUpRate: 10,
    maxScaleDownRate: 10,
    panicThreshold: 2,
    stableWindow: 60_000,
  };
}

function follow(scaling: RevisionScaling, steps: readonly Step[], memory: DeciderMemory = initialMemory(0, 1)): unknown[] {
  const state = { now: 0, stable: 0, panic: 0, ready: 1, memory, scaling };
  return steps.map((step) => {
    Object.assign(state, { now: step.now ?? state.now, stable: step.stable ?? state.stable, panic: step.panic ?? state.panic });
    state.ready = step.ready ?? state.ready;
    state.scaling = { ...state.scaling, ...step.change };
    const reachable = (step.change as { reachable?: boolean } | undefined)?.reachable ?? true;
    const {
      desired,
      excessBurstCapacity,
      mode,
      memory: next,
    } = recommend(state.scaling, state.memory, {
      now: state.now * 1000,
      stable: state.stable,
      panic: state.panic,
      ready: state.ready,
      reachable,
    });
    state.memory = next;
    return {
      desired,
      ...(step.burst === undefined ? {} : { burst: excessBurstCapacity }),
      ...(step.mode === undefined ? {} : { mode }),
    };
  });
}
const expected = (steps: readonly Step[]) =>
  steps.map(({ desired, burst, mode }) => ({
    desired,
    ...(burst === undefined ? {} : { burst }),
    ...(mode === undefined ? {} : { mode }),
  }));
/** Upstream's expectedEBC. */
const ebc = (target: number, burst: number, panic: number, ready: number) => Math.floor((target / UTILIZATION) * ready - burst - panic);
const PANICKING: DeciderMemory = { panicAt: -5000, maxPanic: 5, recent: [] };
const UNREACHABLE = { reachable: false } as Partial<RevisionScaling>;

describe("recommend, by the cases of knative's autoscaler_test.go", () => {
  test.each<[string, RevisionScaling, Step[], DeciderMemory?]>([
    ["metrics of 50 over 10", upstream(10, 100), [{ stable: 50, panic: 50, desired: 5, burst: ebc(10, 100, 50, 1) }]],
    ["rps", upstream(10, 100), [{ now: 61, stable: 100, panic: 99, desired: 10, burst: ebc(10, 100, 99, 1) }]],
    [
      "stable mode increase",
      upstream(10, 101),
      [
        { stable: 50, panic: 10, desired: 5, burst: ebc(10, 101, 10, 1) },
        { stable: 100, desired: 10, burst: ebc(10, 101, 10, 1) },
      ],
    ],
    [
      "un-panic after a slow increase",
      upstream(1, 98),
      [
        { now: 100, stable: 11, panic: 25, ready: 10, desired: 25, burst: ebc(1, 98, 25, 10), mode: "panic" },
        { now: 130, stable: 30, panic: 41, ready: 40, desired: 41, burst: ebc(1, 98, 41, 40), mode: "panic" },
        { now: 162, stable: 50, panic: 56, ready: 55, desired: 50, burst: ebc(1, 98, 56, 55), mode: "stable" },
      ],
    ],
    [
      "extend the panic window",
      upstream(1, 98),
      [
        { now: 100, stable: 11, panic: 25, ready: 10, desired: 25 },
        { now: 130, stable: 30, panic: 80, ready: 40, desired: 80, burst: ebc(1, 98, 80, 40) },
        { now: 190, stable: 1, panic: 1, ready: 80, desired: 80, mode: "panic" },
        { now: 190.001, desired: 8, mode: "stable" },
      ],
    ],
    [
      "stable mode decrease",
      upstream(10, 98),
      [
        { stable: 100, panic: 100, ready: 8, desired: 10, burst: ebc(10, 98, 100, 8) },
        { stable: 50, panic: 50, desired: 5, burst: ebc(10, 98, 50, 8) },
      ],
    ],
    [
      "no traffic: to zero",
      upstream(10, 75),
      [
        { stable: 1, panic: 0, desired: 1, burst: ebc(10, 75, 0, 1) },
        { stable: 0, desired: 0, burst: ebc(10, 75, 0, 1) },
      ],
    ],
    [
      "activation scale",
      { ...upstream(10, 75), activationScale: 2 },
      [
        { stable: 0, panic: 0, desired: 0 },
        { stable: 1, desired: 2, burst: ebc(10, 75, 0, 1) },
      ],
    ],
    [
      "activation scale raises load, not what the scale-down rate keeps",
      { ...upstream(10, 75), activationScale: 5 },
      [{ ready: 30, desired: 3 }],
    ],
    [
      "panic tracks an exponential rise and stabilises",
      upstream(1, 101),
      [
        { stable: 6, panic: 6, desired: 6, burst: ebc(1, 101, 6, 1) },
        { stable: 36, panic: 36, ready: 6, desired: 36, burst: ebc(1, 101, 36, 6) },
        { now: 1, stable: 216, panic: 216, ready: 36, desired: 216, burst: ebc(1, 101, 216, 36) },
        { stable: 1296, panic: 1296, ready: 216, desired: 1296, burst: ebc(1, 101, 1296, 216) },
        { now: 2, ready: 1296, desired: 1296, burst: ebc(1, 101, 1296, 1296) },
      ],
    ],
    ["no data at zero", upstream(10, 100), [{ desired: 0, burst: ebc(10, 100, 0, 1) }]],
    ["unlimited target burst", upstream(181, -1), [{ stable: 21, panic: 26, desired: 1, burst: -1 }]],
    ["no target burst", upstream(10, 0), [{ stable: 50, panic: 49, desired: 5, burst: 0 }]],
    [
      "in panic, stable above panic",
      upstream(1, 100),
      [{ stable: 50, panic: 30, ready: 5, desired: 50, burst: ebc(1, 100, 30, 5) }],
      PANICKING,
    ],
    [
      "in panic, stable below panic",
      upstream(1, 100),
      [{ stable: 20, panic: 30, ready: 5, desired: 30, burst: ebc(1, 100, 30, 5) }],
      PANICKING,
    ],
    ["already scaled", upstream(10, 100), [{ stable: 50, panic: 50, ready: 5, desired: 5, burst: ebc(10, 100, 50, 5) }]],
    [
      "a small scale-up rate still grows by one",
      { ...upstream(1, 1982), maxScaleUpRate: 1.1 },
      [{ stable: 3, panic: 3.1, ready: 2, desired: 3, burst: ebc(1, 1982, 3.1, 2) }],
    ],
    [
      "a small scale-down rate",
      { ...upstream(10, 1982), maxScaleDownRate: 1.1 },
      [{ stable: 1, panic: 1, ready: 100, desired: 90, burst: ebc(10, 1982, 1, 100) }],
    ],
    [
      "not reachable: down at once",
      { ...upstream(10, 1982), maxScaleDownRate: 1.1 },
      [{ stable: 1, panic: 1, ready: 100, change: UNREACHABLE, desired: 1, burst: ebc(10, 1982, 1, 100) }],
    ],
    ["panic doubles", upstream(10, 84), [{ stable: 50, panic: 100, desired: 10, burst: ebc(10, 84, 100, 1) }]],
    [
      "panic, then un-panic and down",
      upstream(10, 93),
      [
        { stable: 100, panic: 100, desired: 10, burst: ebc(10, 93, 100, 1) },
        { panic: 1000, ready: 10, desired: 100, burst: ebc(10, 93, 1000, 10) },
        { now: 30, stable: 1, panic: 1, desired: 100, burst: ebc(10, 93, 1, 10) },
        { now: 61, desired: 1, burst: ebc(10, 93, 1, 10) },
      ],
    ],
    [
      "rate limit up",
      upstream(10, 61),
      [
        { stable: 1000, panic: 1001, desired: 10, burst: ebc(10, 61, 1001, 1) },
        { ready: 10, desired: 100, burst: ebc(10, 61, 1001, 10) },
      ],
    ],
    [
      "rate limit down",
      upstream(10, 61),
      [
        { stable: 1, panic: 1, ready: 100, desired: 10, burst: ebc(10, 61, 1, 100) },
        { ready: 10, desired: 1, burst: ebc(10, 61, 1, 10) },
      ],
    ],
    ["none ready counts as one", upstream(10, 81), [{ stable: 1000, panic: 888, ready: 0, desired: 10, burst: ebc(10, 81, 888, 0) }]],
    [
      "the target changes",
      upstream(10, 77),
      [
        { stable: 100, panic: 101, desired: 10, burst: ebc(10, 77, 101, 1) },
        { ready: 10, change: { target: 1, total: 1 / UTILIZATION, targetBurstCapacity: 71 }, desired: 100, burst: ebc(1, 71, 101, 10) },
      ],
    ],
  ])("%s", (_, scaling, steps, memory) => {
    expect(follow(scaling, steps, memory)).toEqual(expected(steps));
  });

  const delayed: RevisionScaling = { ...upstream(10, 0), panicThreshold: 100, scaleDownDelay: 300_000 };
  test.each<[string, Step[]]>([
    [
      "scale-down delay: simple",
      [
        { now: 2, stable: 40, panic: 40, desired: 4 },
        { now: 300, stable: 0, panic: 0, desired: 4 },
        { now: 302, desired: 0 },
      ],
    ],
    [
      "gradual",
      [
        { now: 540, stable: 40, panic: 40, desired: 4 },
        { now: 600, stable: 30, panic: 30, desired: 4 },
        { now: 660, stable: 0, panic: 0, desired: 4 },
        { now: 840, desired: 3 },
        { now: 900, desired: 0 },
      ],
    ],
    [
      "not reachable: no delay",
      [
        { now: 2, stable: 40, panic: 40, desired: 4 },
        { now: 60, stable: 0, panic: 0, desired: 4 },
        { now: 62, change: UNREACHABLE, desired: 0 },
      ],
    ],
    [
      "of one tick the largest counts",
      [
        { now: 2, stable: 60, panic: 60, desired: 6 },
        { now: 2.5, stable: 50, panic: 50, desired: 6 },
      ],
    ],
  ])("%s", (_, steps) => {
    expect(follow(delayed, steps)).toEqual(expected(steps));
  });

  test("no delay: two decisions within a tick are both taken", () => {
    const steps: Step[] = [
      { now: 0, stable: 40, panic: 40, desired: 4 },
      { now: 0.5, stable: 20, panic: 20, desired: 2 },
    ];
    expect(follow({ ...delayed, scaleDownDelay: 0 }, steps)).toEqual(expected(steps));
  });

  test.each([
    [0, undefined],
    [1, undefined],
    [2, 7000],
  ])("a scaler that finds %i instances starts with panicAt %s and that many as its largest", (instances, panicAt) => {
    expect(initialMemory(7000, instances)).toEqual({ maxPanic: instances, recent: [], ...(panicAt === undefined ? {} : { panicAt }) });
  });
});
