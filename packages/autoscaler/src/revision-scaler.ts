import type { SaidCode } from "@ebb/base";
import { applyBounds, boundsOf, toZero, type Activity } from "./decide.ts";
import { Journal, type Cause, type Decision } from "./journal.ts";
import { LoadWindows, type Sample } from "./load-windows.ts";
import { explain } from "./reason.ts";
import type { RevisionScaling } from "./revision-scaling.ts";
import { Strategies, type Ballot, type VoteInputs } from "./strategies/ballot.ts";
import { reasonOf, say } from "./words.ts";

/** Decisions kept for a revision: a few hours of a busy one. */
const JOURNAL_SIZE = 50;

/** What the shell sees when it asks for a decision. */
export interface ScalerInputs extends VoteInputs {
  /** Whether the revision has once reached its initial scale. */
  initialized: boolean;
  /** From when on an activation counts as failed, milliseconds. */
  activationTimeout: number;
  /** Somebody works in an instance of it: the last one is not taken away under them. */
  attended?: boolean;
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
  readonly #strategies: Strategies;
  #activity: Activity;
  #desired: number;
  /** What the strategies asked for last, within the bounds. */
  #asked: number;
  readonly #journal: Journal;

  /** `instances`: those running already (adopted), which it starts from; `ready`: how many of them serve; `past`: earlier decisions. */
  constructor(scaling: RevisionScaling, now: number, running: { instances: number; ready: number; past?: readonly Decision[] }) {
    this.#scaling = scaling;
    this.#journal = new Journal(JOURNAL_SIZE, running.past);
    this.#load = new LoadWindows(scaling);
    this.#strategies = new Strategies(scaling, this.#load, { now, instances: running.instances });
    this.#desired = running.instances;
    this.#asked = running.instances;
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

  /** Takes new settings. Windows of another length keep what fits into them. */
  configure(scaling: RevisionScaling, now: number): void {
    this.#load.resize(scaling, now);
    this.#strategies.configure(scaling);
    this.#scaling = scaling;
  }

  record(now: number, sample: Sample): void {
    this.#load.record(now, sample);
  }

  /** The metrics were not seen for a while (the gateway was away): silence until now proves nothing. */
  blind(now: number): void {
    this.#load.unheard();
    if (this.#activity.phase === "active") this.#activity = { phase: "active", since: now };
  }

  /** A request waits for an instance: decides at once, as upstream's poke does. */
  wake(inputs: ScalerInputs): Decision {
    this.#load.arrived(inputs.now);
    const ballot = this.#strategies.vote(inputs);
    const bounds = boundsOf(this.#scaling, inputs.reachable, inputs.initialized);
    const desired = Math.max(this.#desired, applyBounds(bounds, Math.max(1, ballot.winner.desired)));
    const reason = reasonOf(say(this.#desired === 0 ? "wake.asleep" : "wake.waiting"));
    return this.#settle(inputs, { trigger: "wake", desired, cause: "wake", ...reason, ballot });
  }

  decide(inputs: ScalerInputs, trigger: "start" | "tick" = "tick"): Decision {
    const { now, ready, reachable, initialized } = inputs;
    this.#follow(inputs);
    this.#load.listen(now);
    if (ready === 0) this.#load.unheard();
    const ballot = this.#strategies.vote(inputs);
    const bounds = boundsOf(this.#scaling, reachable, initialized);
    const bounded = applyBounds(bounds, ballot.winner.desired);
    this.#asked = bounded;
    const zero = bounded === 0 ? toZero(this.#scaling, this.#activity, { ...inputs, current: this.#desired }) : undefined;
    if (zero) this.#activity = zero.activity;
    const desired = zero?.desired ?? bounded;
    const why = explain({ scaling: this.#scaling, reachable, ballot, bounds, bounded, initialized, ...(zero ? { zero } : {}) });
    const decision = this.#settle(inputs, { trigger, desired, ...why, ballot });
    // A minimum that has just grown is not served yet.
    this.#follow(inputs);
    return decision;
  }

  /** The revision cannot run: nothing of it is wanted any more, whatever its traffic and its bounds. */
  fail(inputs: ScalerInputs, reason: string): Decision {
    this.#activity = { phase: "inactive", since: inputs.now };
    this.#strategies.restart(inputs.now, 0);
    return this.#settle(inputs, { trigger: "tick", desired: 0, cause: "failed", reason });
  }

  /** Active while as many serve as there have to be; activating while some are wanted and fewer serve. After knative's kpa.go (activeThreshold). */
  #follow({ now, ready, reachable, initialized }: ScalerInputs): void {
    const { phase, since } = this.#activity;
    const serves = ready >= Math.max(1, boundsOf(this.#scaling, reachable, initialized).min);
    if (phase === "activating" && serves) this.#activity = { phase: "active", since: now };
    if (phase !== "active" || serves) return;
    // One that was idle for long enough already is not waited for again.
    const { scaleToZero, stableWindow } = this.#scaling;
    const idle = scaleToZero && this.#asked === 0 && now - since >= stableWindow;
    this.#activity = { phase: this.#desired > 0 && !idle ? "activating" : "inactive", since: now };
  }

  #settle(inputs: ScalerInputs, { trigger, desired, ballot, ...why }: Made): Decision {
    const { now, wallTime, ready, reachable, initialized } = inputs;
    const { metric, target } = this.#scaling;
    const recommended = ballot?.winner.desired ?? 0;
    // What is only kept for a while is not wanted.
    const wanted = desired > 0 && why.cause !== "retention" && why.cause !== "session";
    if (this.#activity.phase === "inactive" && wanted) this.#activity = { phase: ready > 0 ? "active" : "activating", since: now };
    const { stable, panic } = ballot ?? this.#load.mean(metric, now);
    const decision: Decision = {
      time: wallTime,
      until: wallTime,
      trigger,
      metric: ballot?.metric ?? metric,
      observed: { stable, panic, ready },
      target: ballot?.target ?? target,
      mode: this.#strategies.panicking ? "panic" : "stable",
      reachable,
      ...(ballot ? { votes: ballot.votes, winner: ballot.winner.strategy } : {}),
      recommended,
      bounds: boundsOf(this.#scaling, reachable, initialized),
      excessBurstCapacity: ballot?.recommendation?.excessBurstCapacity ?? 0,
      previous: this.#desired,
      desired,
      ...why,
    };
    if (desired === 0) this.#load.unheard();
    this.#desired = desired;
    this.#journal.add(decision);
    return decision;
  }
}

interface Made {
  trigger: Decision["trigger"];
  desired: number;
  cause: Cause;
  reason: string;
  why?: readonly SaidCode[];
  /** Absent when nobody was asked. */
  ballot?: Ballot;
}
