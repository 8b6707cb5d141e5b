import {
  applyBounds,
  boundsOf,
  initialMemory,
  recommend,
  toZero,
  type Activity,
  type DeciderMemory,
  type Observation,
  type Recommendation,
} from "./decide.ts";
import { Journal, type Cause, type Decision } from "./journal.ts";
import { LoadWindows, type Sample } from "./load-windows.ts";
import { explain } from "./reason.ts";
import type { RevisionScaling } from "./revision-scaling.ts";

/** Decisions kept for a revision: a few hours of a busy one. */
const JOURNAL_SIZE = 50;

/** What the shell sees when it asks for a decision. */
export interface ScalerInputs {
  /** Monotonic, milliseconds. */
  now: number;
  /** Milliseconds since the epoch, for the journal only. */
  wallTime: number;
  ready: number;
  reachable: boolean;
  /** Whether the revision has once reached its initial scale. */
  initialized: boolean;
  /** From when on an activation counts as failed, milliseconds. */
  activationTimeout: number;
}

/**
 * The scaling state of one revision: windows, panic, activity, journal. Time comes with each call; nothing runs by itself.
 *
 * Invariants: the desired count is within the bounds in force, or 0 when it sleeps; it becomes 0 only after a whole stable window without
 * traffic has been seen by this scaler (a restart of the control plane starts the window anew), or when an activation failed.
 */
export class RevisionScaler {
  #scaling: RevisionScaling;
  readonly #load: LoadWindows;
  #memory: DeciderMemory;
  #activity: Activity;
  #desired: number;
  readonly #journal: Journal;

  /** `instances`: those running already (adopted), which it starts from; `ready`: how many of them serve; `past`: earlier decisions. */
  constructor(scaling: RevisionScaling, now: number, running: { instances: number; ready: number; past?: readonly Decision[] }) {
    this.#scaling = scaling;
    this.#journal = new Journal(JOURNAL_SIZE, running.past);
    this.#load = new LoadWindows(scaling);
    this.#memory = initialMemory(now, running.instances);
    this.#desired = running.instances;
    const phase = running.instances === 0 ? "inactive" : running.ready > 0 ? "active" : "activating";
    this.#activity = { phase, since: now };
  }

  get desired(): number {
    return this.#desired;
  }

  get activity(): Activity {
    return this.#activity;
  }

  get decisions(): readonly Decision[] {
    return this.#journal.entries;
  }

  /** Takes new settings. Windows of another length keep what fits into them, and count as traffic-less only from now on. */
  configure(scaling: RevisionScaling, now: number): void {
    if (scaling.stableWindow !== this.#scaling.stableWindow) {
      if (this.#activity.phase === "active") this.#activity = { phase: "active", since: now };
    }
    this.#load.resize(scaling, now);
    this.#scaling = scaling;
  }

  record(now: number, sample: Sample): void {
    this.#load.record(now, sample);
  }

  /** The metrics were not seen for a while (the gateway was away): silence until now proves nothing. */
  blind(now: number): void {
    if (this.#activity.phase === "active") this.#activity = { phase: "active", since: now };
  }

  /** A request waits for an instance: decides at once, as upstream's poke does. */
  wake(inputs: ScalerInputs): Decision {
    this.#load.arrived(inputs.now);
    const { recommendation, seen } = this.#recommend(inputs);
    const bounds = boundsOf(this.#scaling, inputs.reachable, inputs.initialized);
    const desired = Math.max(this.#desired, applyBounds(bounds, Math.max(1, recommendation.desired)));
    const reason = this.#desired === 0 ? "a request arrived while it was asleep" : "a request is waiting for an instance";
    return this.#settle(inputs, {
      trigger: "wake",
      desired,
      recommended: recommendation.desired,
      cause: "wake",
      reason,
      recommendation,
      seen,
    });
  }

  decide(inputs: ScalerInputs, trigger: "start" | "tick" = "tick"): Decision {
    const { now, ready, reachable, initialized } = inputs;
    this.#follow(now, ready);
    if (ready > 0 && trigger === "tick") this.#load.silent(now);
    const { recommendation, seen } = this.#recommend(inputs);
    const bounds = boundsOf(this.#scaling, reachable, initialized);
    const bounded = applyBounds(bounds, recommendation.desired);
    const zero = bounded === 0 ? toZero(this.#scaling, this.#activity, { ...inputs, current: this.#desired }) : undefined;
    if (zero) this.#activity = zero.activity;
    const desired = zero?.desired ?? bounded;
    const why = explain({ scaling: this.#scaling, seen, recommendation, bounds, bounded, initialized, ...(zero ? { zero } : {}) });
    return this.#settle(inputs, { trigger, desired, recommended: recommendation.desired, ...why, recommendation, seen });
  }

  /** The revision cannot run: nothing of it is wanted any more, whatever its traffic and its bounds. */
  fail(inputs: ScalerInputs, reason: string): Decision {
    this.#activity = { phase: "inactive", since: inputs.now };
    this.#memory = initialMemory(inputs.now, 0);
    return this.#settle(inputs, { trigger: "tick", desired: 0, recommended: 0, cause: "failed", reason });
  }

  #recommend({ now, ready, reachable }: ScalerInputs): { recommendation: Recommendation; seen: Observation } {
    const seen = { now, ready, reachable, ...this.#load.mean(this.#scaling.metric, now) };
    const recommendation = recommend(this.#scaling, this.#memory, seen);
    this.#memory = recommendation.memory;
    return { recommendation, seen };
  }

  /** Active while something serves; activating while something is wanted and nothing serves. */
  #follow(now: number, ready: number): void {
    const { phase } = this.#activity;
    if (phase === "activating" && ready > 0) this.#activity = { phase: "active", since: now };
    if (phase === "active" && ready === 0) this.#activity = { phase: this.#desired > 0 ? "activating" : "inactive", since: now };
  }

  #settle(inputs: ScalerInputs, made: Made): Decision {
    const { now, wallTime, ready, reachable, initialized } = inputs;
    const wanted = made.desired > 0 && (made.trigger === "wake" || made.recommended > 0 || made.desired > this.#desired);
    if (this.#activity.phase === "inactive" && wanted) this.#activity = { phase: ready > 0 ? "active" : "activating", since: now };
    const { stable, panic } = made.seen ?? this.#load.mean(this.#scaling.metric, now);
    const decision: Decision = {
      time: wallTime,
      until: wallTime,
      trigger: made.trigger,
      metric: this.#scaling.metric,
      observed: { stable, panic, ready },
      target: this.#scaling.target,
      mode: made.recommendation?.mode ?? (this.#memory.panicAt === undefined ? "stable" : "panic"),
      reachable,
      recommended: made.recommended,
      bounds: boundsOf(this.#scaling, reachable, initialized),
      excessBurstCapacity: made.recommendation?.excessBurstCapacity ?? 0,
      previous: this.#desired,
      desired: made.desired,
      cause: made.cause,
      reason: made.reason,
    };
    this.#desired = made.desired;
    this.#journal.add(decision);
    return decision;
  }
}

interface Made {
  trigger: Decision["trigger"];
  desired: number;
  recommended: number;
  cause: Cause;
  reason: string;
  recommendation?: Recommendation;
  seen?: { stable: number; panic: number };
}
