import { EVERY_OVER, type Over, type QuestionSearch } from "../../../../api/question.ts";
import { boundsFault, DEFAULT, draftOf, isSound, policyOf, type DraftStrategy, type Fault, type Idle } from "../policy/scaling-draft.ts";

/** A question as it is typed; what is null is as it is in force. */
export interface TypedQuestion {
  over: Over;
  version: string | null;
  metric: "concurrency" | "rps" | null;
  target: number | null;
  min: number | null;
  max: number | null;
  window: number | null;
  idle: Idle | null;
  /** In place of all that are in force, where `others` is set. */
  others: boolean;
  strategies: readonly DraftStrategy[];
}

const USUAL: Over = EVERY_OVER[1] ?? "1h";

export function typedOf({ over = USUAL, strategies, ...rest }: QuestionSearch): TypedQuestion {
  const { version = null, metric = null, target = null, min = null, max = null, window = null, idle = null } = rest;
  const drafts = draftOf({ ...DEFAULT, strategies: strategies ?? null }).strategies;
  return { over, version, metric, target, min, max, window, idle, others: strategies !== undefined, strategies: drafts };
}

/** What is asked by it. Strategies have their own targets, and count what each of them counts. */
export function searchOf({ others, strategies, target, metric, ...rest }: TypedQuestion): QuestionSearch {
  const given = Object.entries(others ? rest : { ...rest, target, metric }).filter(([, value]) => value !== null);
  const votes = others ? policyOf({ ...draftOf(DEFAULT), strategies }).strategies : null;
  return { ...Object.fromEntries(given), ...(votes === null ? {} : { strategies: votes }) };
}

export type QuestionFaults = Partial<Record<"max" | "target" | "window", Fault>>;

export function questionFaults({ min, max, target, window }: TypedQuestion): QuestionFaults {
  const bounds = boundsFault({ min, max });
  return {
    ...(bounds ? { max: bounds } : {}),
    ...(target === null || (target >= 0.01 && target <= 1e9) ? {} : { target: { code: "target" } }),
    ...(window === null || (window >= 6 && window <= 3600) ? {} : { window: { code: "window" } }),
  };
}

export const isAskable = (typed: TypedQuestion): boolean =>
  Object.keys(questionFaults(typed)).length === 0 &&
  (!typed.others || (typed.strategies.length > 0 && isSound({ ...draftOf(DEFAULT), strategies: typed.strategies })));
