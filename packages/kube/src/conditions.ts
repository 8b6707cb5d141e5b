import { BugError, rfc3339 } from "@ebb/base";
import type { Condition } from "./meta.ts";

export type Conditions = readonly Condition[];

export interface ConditionTypes {
  /** The one that sums up the others: `Ready`, or `Succeeded` for what runs to an end. */
  ready: string;
  /** Those that decide it. */
  dependents: readonly string[];
  /** Those shown beside it (severity `Info`) that do not decide it. */
  info?: readonly string[];
}

/** Why a condition is not True; `message` is for people. */
export interface Cause {
  reason: string;
  message: string;
}

/**
 * The conditions of one kind, after knative.dev/pkg apis.ConditionSet. Each function takes the conditions as they are and returns new
 * ones; times are milliseconds since the epoch.
 *
 * Invariants: the result is sorted by type; a condition that would change nothing but its time is left as it is; False of a dependent
 * makes `ready` False with the same cause; Unknown makes it Unknown unless another is False; `ready` is True only if all dependents are.
 */
export interface ConditionSet {
  /** Adds what is missing: Unknown, or True for dependents of a `ready` that is True. */
  initialize(conditions: Conditions | undefined, now: number): Condition[];
  markTrue(conditions: Conditions | undefined, type: string, now: number): Condition[];
  /** True, and why: the MarkTrueWithReason of upstream. */
  markTrueBecause(conditions: Conditions | undefined, type: string, cause: Cause, now: number): Condition[];
  markFalse(conditions: Conditions | undefined, type: string, cause: Cause, now: number): Condition[];
  markUnknown(conditions: Conditions | undefined, type: string, cause: Cause, now: number): Condition[];
  /** Removes an `info` condition. */
  clear(conditions: Conditions | undefined, type: string): Condition[];
  get(conditions: Conditions | undefined, type: string): Condition | undefined;
  isReady(conditions: Conditions | undefined): boolean;
}

/** The functions for a kind with these condition types. A type that is not listed is a BugError. */
export function createConditions(types: ConditionTypes): ConditionSet {
  return new Derived(types);
}

class Derived implements ConditionSet {
  readonly #ready: string;
  readonly #dependents: readonly string[];
  readonly #known: ReadonlySet<string>;

  constructor(types: ConditionTypes) {
    this.#ready = types.ready;
    this.#dependents = types.dependents;
    this.#known = new Set([types.ready, ...types.dependents, ...(types.info ?? [])]);
  }

  initialize(conditions: Conditions | undefined, now: number): Condition[] {
    let result = [...(conditions ?? [])];
    if (!find(result, this.#ready)) result = this.#set(result, { type: this.#ready, status: "Unknown" }, now);
    const status = find(result, this.#ready)?.status === "True" ? "True" : "Unknown";
    for (const type of this.#dependents) {
      if (!find(result, type)) result = this.#set(result, { type, status }, now);
    }
    return result;
  }

  markTrue(conditions: Conditions | undefined, type: string, now: number): Condition[] {
    return this.#markTrue(conditions, { type, status: "True" }, now);
  }

  markTrueBecause(conditions: Conditions | undefined, type: string, cause: Cause, now: number): Condition[] {
    return this.#markTrue(conditions, { ...cause, type, status: "True" }, now);
  }

  #markTrue(conditions: Conditions | undefined, wanted: Condition, now: number): Condition[] {
    const { type } = wanted;
    const result = this.#set(conditions, wanted, now);
    const unhappy = this.#unhappiest(result);
    if (unhappy) return this.#set(result, { ...causeOf(unhappy), type: this.#ready, status: unhappy.status }, now);
    // An info condition says nothing about a kind whose `ready` has no dependents to be derived from.
    if (type === this.#ready || this.#dependents.length === 0) return result;
    return this.#set(result, { type: this.#ready, status: "True" }, now);
  }

  markFalse(conditions: Conditions | undefined, type: string, cause: Cause, now: number): Condition[] {
    const result = this.#set(conditions, { ...cause, type, status: "False" }, now);
    return this.#dependents.includes(type) ? this.#set(result, { ...cause, type: this.#ready, status: "False" }, now) : result;
  }

  markUnknown(conditions: Conditions | undefined, type: string, cause: Cause, now: number): Condition[] {
    const result = this.#set(conditions, { ...cause, type, status: "Unknown" }, now);
    const failed = this.#dependents.map((dependent) => find(result, dependent)).find((condition) => condition?.status === "False");
    if (failed) {
      if (find(result, this.#ready)?.status === "False") return result;
      return this.#set(result, { ...causeOf(failed), type: this.#ready, status: "False" }, now);
    }
    return this.#dependents.includes(type) ? this.#set(result, { ...cause, type: this.#ready, status: "Unknown" }, now) : result;
  }

  clear(conditions: Conditions | undefined, type: string): Condition[] {
    if (this.#decides(type)) throw new BugError("condition_cleared", `condition ${type} decides ${this.#ready} and cannot be cleared`);
    return (conditions ?? []).filter((condition) => condition.type !== type);
  }

  get(conditions: Conditions | undefined, type: string): Condition | undefined {
    return find(conditions ?? [], type);
  }

  isReady(conditions: Conditions | undefined): boolean {
    return find(conditions ?? [], this.#ready)?.status === "True";
  }

  #decides(type: string): boolean {
    return type === this.#ready || this.#dependents.includes(type);
  }

  #set(conditions: Conditions | undefined, wanted: Omit<Condition, "severity">, now: number): Condition[] {
    if (!this.#known.has(wanted.type)) throw new BugError("condition_unknown", `no condition ${wanted.type} here`);
    const next: Condition = { type: wanted.type, status: wanted.status, lastTransitionTime: rfc3339(now), ...causeOf(wanted) };
    if (!this.#decides(wanted.type)) next.severity = "Info";
    const before = find(conditions ?? [], wanted.type);
    if (before && same(before, next)) return [...(conditions ?? [])];
    const others = (conditions ?? []).filter((condition) => condition.type !== wanted.type);
    return [...others, next].sort((a, b) => (a.type < b.type ? -1 : 1));
  }

  /** The latest False dependent, else the latest Unknown one, else a missing one. */
  #unhappiest(conditions: Conditions): Condition | undefined {
    const dependents = this.#dependents.map((type) => find(conditions, type) ?? { type, status: "Unknown" as const });
    // RFC 3339 in UTC sorts as text. What was never set has no cause to tell and comes last.
    const latest = dependents.sort((a, b) => (b.lastTransitionTime ?? "").localeCompare(a.lastTransitionTime ?? ""));
    return latest.find(({ status }) => status === "False") ?? latest.find(({ status }) => status === "Unknown");
  }
}

/**
 * The conditions with the times of those before that say the same. Marks one after the other may have moved a time there and back, and a
 * status that differs in a time alone would be a write that asks for the next one.
 */
export function keepTimes(before: Conditions | undefined, after: Conditions): Condition[] {
  return after.map((condition) => {
    const earlier = find(before ?? [], condition.type);
    return earlier && same(earlier, condition) ? earlier : condition;
  });
}

function find(conditions: Conditions, type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}

function same(a: Condition, b: Condition): boolean {
  return (
    a.status === b.status &&
    (a.severity ?? "") === (b.severity ?? "") &&
    (a.reason ?? "") === (b.reason ?? "") &&
    (a.message ?? "") === (b.message ?? "")
  );
}

/** Empty texts are left out, as Go's omitempty does. */
function causeOf(from: { reason?: string; message?: string }): { reason?: string; message?: string } {
  return { ...(from.reason ? { reason: from.reason } : {}), ...(from.message ? { message: from.message } : {}) };
}
