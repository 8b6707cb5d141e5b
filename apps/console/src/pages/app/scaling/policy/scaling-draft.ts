import type { PatchScaling, Problem, ScalingPolicy, ScalingStrategy } from "@ebb/api";
import { cronTimes } from "../../../../ui/cron-times.ts";

export type StrategyType = ScalingStrategy["type"];
export type Idle = NonNullable<ScalingPolicy["idle"]>;

export const STRATEGY_TYPES: readonly StrategyType[] = ["concurrency", "rps", "cpu", "memory", "cron", "lag"];
export const IDLES: readonly Idle[] = ["cold", "prepared", "frozen"];
export const MOST_STRATEGIES = 16;
export const MOST_INSTANCES = 100_000;
export const MOST_TARGET = 1e9;
const MOST_LAG = 1e15;
/** Of a cron expression, in characters: five fields, and what the platform takes of them. */
const CRON_LENGTH = { least: 9, most: 120 };
const LONGEST_ZONE = 64;
const LONGEST_URL = 2048;

/** A strategy as it is typed: the fields of all types, so that another type and back again loses nothing. Numbers are null while their field is empty. */
export interface DraftStrategy {
  /** Of the draft alone: rows keep their fields. */
  key: number;
  type: StrategyType;
  target: number | null;
  start: string;
  end: string;
  timezone: string;
  replicas: number | null;
  /** Whether waiting events are asked for at an address, or stated here. */
  waiting: "url" | "number";
  url: string;
  lag: number | null;
}

/** Null: what the version says itself; so no strategy at all. */
export interface ScalingDraft {
  min: number | null;
  max: number | null;
  idle: Idle | null;
  strategies: readonly DraftStrategy[];
}

/** Nothing set here: all as the versions say. */
export const DEFAULT: ScalingPolicy = { strategies: null, min: null, max: null, idle: null };

export function newStrategy(rows: readonly DraftStrategy[], timezone: string): DraftStrategy {
  return {
    key: 1 + Math.max(0, ...rows.map(({ key }) => key)),
    // Two of a kind add nothing, but for windows and queues.
    type: STRATEGY_TYPES.find((type) => !rows.some((row) => row.type === type)) ?? "cron",
    target: null,
    start: "0 8 * * 1-5",
    end: "0 20 * * 1-5",
    timezone,
    replicas: 1,
    waiting: "url",
    url: "",
    lag: null,
  };
}

export function draftOf({ min, max, idle, strategies }: ScalingPolicy): ScalingDraft {
  return {
    min,
    max,
    idle,
    strategies: (strategies ?? []).map((strategy, key) => ({ ...newStrategy([], "UTC"), ...typed(strategy), key })),
  };
}

function typed(strategy: ScalingStrategy): Partial<DraftStrategy> {
  return strategy.type === "lag" ? { ...strategy, waiting: "url" in strategy ? "url" : "number" } : strategy;
}

/** The policy that a draft without faults stands for. */
export function policyOf({ min, max, idle, strategies }: ScalingDraft): ScalingPolicy {
  return { min, max, idle, strategies: strategies.length === 0 ? null : strategies.map(strategyOf) };
}

function strategyOf({ type, target, start, end, timezone, replicas, waiting, url, lag }: DraftStrategy): ScalingStrategy {
  switch (type) {
    case "concurrency":
    case "rps":
      return target === null ? { type } : { type, target };
    case "cron":
      return { type, start: start.trim(), end: end.trim(), timezone: timezone.trim(), replicas: replicas ?? 1 };
    case "lag":
      return waiting === "url" ? { type, target: target ?? 1, url: url.trim() } : { type, target: target ?? 1, lag: lag ?? 0 };
    default:
      return { type, target: target ?? 1 };
  }
}

/** As much of a draft as there is of a policy. */
export function draftPartOf(policy: Partial<ScalingPolicy>): Partial<ScalingDraft> {
  const draft = draftOf({ ...DEFAULT, ...policy });
  return Object.fromEntries(Object.entries(draft).filter(([part]) => part in policy));
}

/** The parts that differ: what somebody else changes in the others stays. All of them where what is there is no policy: nothing of that counts. */
export function patchOf(from: ScalingPolicy, to: ScalingPolicy): PatchScaling {
  if (from.problem !== undefined) return to;
  // As the form would write it, so that what may be left out makes no difference.
  const was = policyOf(draftOf(from));
  const parts = ["min", "max", "idle", "strategies"] as const;
  return Object.fromEntries(parts.filter((part) => JSON.stringify(was[part]) !== JSON.stringify(to[part])).map((part) => [part, to[part]]));
}

/** Whether nothing is set in it. */
export const isDefault = ({ min, max, idle, strategies }: ScalingDraft): boolean =>
  min === null && max === null && idle === null && strategies.length === 0;

export type StrategyField = "target" | "start" | "end" | "timezone" | "replicas" | "url" | "lag";

/** What is wrong with a field. Of a cron expression also what its parser says, in English. */
export interface Fault {
  code: "target" | "replicas" | "lag" | "url" | "cron" | "never" | "zone" | "same" | "max" | "window";
  detail?: string;
}
export type StrategyFaults = Partial<Record<StrategyField, Fault>>;

const isReplicas = (value: number | null) => value !== null && Number.isInteger(value) && value >= 1 && value <= MOST_INSTANCES;
const isTarget = (value: number | null) => value !== null && value >= 0.01 && value <= MOST_TARGET;

/** What is wrong with each field, as the platform judges it. */
export function strategyFaults(draft: DraftStrategy): StrategyFaults {
  const { type, target, replicas, waiting, url, lag } = draft;
  if (type === "concurrency" || type === "rps") return target === null || isTarget(target) ? {} : { target: { code: "target" } };
  if (type === "cron") return { ...windowFaults(draft), ...(isReplicas(replicas) ? {} : { replicas: { code: "replicas" } }) };
  const faults: StrategyFaults = isTarget(target) ? {} : { target: { code: "target" } };
  if (type !== "lag") return faults;
  if (waiting === "url") return isPlainUrl(url.trim()) ? faults : { ...faults, url: { code: "url" } };
  return lag !== null && lag >= 0 && lag <= MOST_LAG ? faults : { ...faults, lag: { code: "lag" } };
}

function windowFaults({ start, end, timezone }: DraftStrategy): StrategyFaults {
  const timeZone = timezone.trim();
  if (!isZone(timeZone)) return { timezone: { code: "zone" } };
  const faultOf = (expression: string): Fault | null => {
    // "@daily" is one for the parser, and five fields for nobody.
    if (expression.length < CRON_LENGTH.least || expression.length > CRON_LENGTH.most) return { code: "cron" };
    const times = cronTimes(expression, { timeZone, now: 0, count: 1 });
    if ("fault" in times) return { code: "cron", detail: times.fault };
    return times.at.length === 0 ? { code: "never" } : null;
  };
  const [from, to] = [start.trim(), end.trim()];
  const [startFault, endFault] = [faultOf(from), faultOf(to) ?? (from === to ? ({ code: "same" } as const) : null)];
  return { ...(startFault ? { start: startFault } : {}), ...(endFault ? { end: endFault } : {}) };
}

function isZone(timeZone: string): boolean {
  try {
    return (
      timeZone !== "" && timeZone.length <= LONGEST_ZONE && new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone !== ""
    );
  } catch {
    return false;
  }
}

/** Written out, as the platform's schema takes it: a parser also takes `http:queue` and `HTTP://`. */
const isPlainUrl = (text: string) => /^https?:\/\/[^@]+$/.test(text) && URL.canParse(text) && text.length <= LONGEST_URL;

/** Bounds that leave nothing in between; 0 at most is no limit. */
export const boundsFault = ({ min, max }: Pick<ScalingDraft, "min" | "max">): Fault | null =>
  min !== null && max !== null && max > 0 && max < min ? { code: "max" } : null;

export const isSound = (draft: ScalingDraft): boolean =>
  boundsFault(draft) === null && draft.strategies.every((strategy) => Object.keys(strategyFaults(strategy)).length === 0);

/** What of a draft that was sent the platform has refused, as far as it can be told: a bound, or a strategy as it was then. */
export function refusedPart(
  { code, detail }: Pick<Problem, "code" | "detail">,
  { strategies }: ScalingDraft,
): "min" | "max" | DraftStrategy | null {
  // Only the lower bound keeps instances by itself.
  if (code === "quota_exceeded") return "min";
  if (code !== "invalid_request") return null;
  const [, place] = /\bstrategies[/[.](\d+)/.exec(detail) ?? [];
  if (place !== undefined) return strategies[Number(place)] ?? null;
  const named = strategies.find(
    ({ type, start, end }) => type === "cron" && [start, end].some((expression) => detail.includes(JSON.stringify(expression.trim()))),
  );
  if (named) return named;
  const [, bound] = /^(?:body\/)?(min|max)\b/.exec(detail) ?? [];
  return bound === "min" || bound === "max" ? bound : null;
}
