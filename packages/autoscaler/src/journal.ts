import type { SaidCode } from "@ebb/base";
import type { Bounds, Recommendation, ZeroVerdict } from "./decide.ts";
import type { Metric } from "./revision-scaling.ts";
import type { Vote } from "./strategies/ballot.ts";

export type Cause =
  | "traffic"
  | "wake"
  | "min-scale"
  | "initial-scale"
  | "max-scale"
  | "failed"
  /** Something else than requests: cpu, memory, cron, lag. */
  | "strategy"
  | NonNullable<Recommendation["heldBy"]>
  | ZeroVerdict["why"];

/** One scaling decision with all that it was made from, for people to read. */
export interface Decision {
  /** Milliseconds since the epoch. */
  time: number;
  /** The same was decided again until then. */
  until: number;
  trigger: "start" | "tick" | "wake";
  metric: Metric;
  observed: { stable: number; panic: number; ready: number };
  /** Aimed at per instance, in the metric's unit. */
  target: number;
  mode: "stable" | "panic";
  reachable: boolean;
  /** What each strategy asked for, and which of them won. Absent where none was asked, and in records of before there were several. */
  votes?: readonly Vote[];
  winner?: string;
  /** The largest vote, before the bounds. */
  recommended: number;
  bounds: Bounds;
  excessBurstCapacity: number;
  previous: number;
  desired: number;
  /** What decided, for machines. */
  cause: Cause;
  /** The same in one sentence. */
  reason: string;
  /** The sentence for readers of other languages; absent where it is somebody else's, and in records of before there was one. */
  why?: readonly SaidCode[];
}

/**
 * The last decisions of one revision, oldest first. One that repeats the one before it (same count, cause, mode and bounds) only moves
 * that one's `until`: the journal tells of changes, with what was seen when they were made, and an idle hour does not push them out.
 */
export class Journal {
  readonly #size: number;
  #entries: Decision[];

  /** `past`: what an earlier scaler of the revision decided. */
  constructor(size: number, past: readonly Decision[] = []) {
    this.#size = size;
    this.#entries = past.slice(-size);
  }

  add(decision: Decision): void {
    const last = this.#entries.at(-1);
    if (last && repeats(last, decision)) {
      this.#entries[this.#entries.length - 1] = { ...last, until: decision.time };
      return;
    }
    this.#entries.push(decision);
    if (this.#entries.length > this.#size) this.#entries.shift();
  }

  get entries(): readonly Decision[] {
    return this.#entries;
  }
}

function repeats(a: Decision, b: Decision): boolean {
  return (
    a.desired === b.desired &&
    b.previous === b.desired &&
    a.cause === b.cause &&
    a.winner === b.winner &&
    a.mode === b.mode &&
    a.reachable === b.reachable &&
    a.bounds.min === b.bounds.min &&
    a.bounds.max === b.bounds.max
  );
}
