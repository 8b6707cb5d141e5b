import type { PatchScaling, ScalingPolicy, ScalingStrategy, WhatIf } from "@ebb/api";
import type { Question } from "../../../../api/question.ts";
import type { OwnScaling } from "../policy/scaling-says.ts";

/**
 * What an edit comes to as a question. Null where that cannot be asked: a question leaves what is in force as it is, and going back to what a version
 * says has to be said in figures, which of its own target there are none.
 */
export function questionOf({ min, max, idle, strategies }: PatchScaling, own: OwnScaling): Question | null {
  const bound = (value: number | null | undefined, ownBound: number | undefined) => (value === null ? ownBound : value);
  const asked = { min: bound(min, own.min), max: bound(max, own.max), idle: idle === null ? ("cold" as const) : idle };
  if ((min === null && own.min === undefined) || (max === null && own.max === undefined)) return null;
  if (strategies === null && (own.target !== undefined || own.min === undefined)) return null;
  const votes: ScalingStrategy[] | undefined = strategies === null ? [{ type: "concurrency" }] : strategies;
  return withoutAbsent({ ...asked, strategies: votes });
}

/**
 * What of a question can be set: the policy's parts that were asked about. A target is one of the strategies: of those in force, or, where none is, of
 * the one that `asked` says the version has then.
 */
export function settingsOf(
  question: Question,
  asked: WhatIf["asked"]["policy"],
  inForce: ScalingPolicy["strategies"],
): Partial<ScalingPolicy> {
  const { min, max, idle, strategies, target, metric } = question;
  const aimed = inForce === null ? target !== undefined || metric !== undefined : target !== undefined;
  const votes = aimed
    ? (inForce?.map((each) => aimedAt(each, target)) ?? asked.strategies.map((each) => aimedAt(each, asked.target)))
    : undefined;
  return withoutAbsent({ min, max, idle, strategies: strategies ?? votes });
}

function aimedAt(strategy: ScalingStrategy, target: number | undefined): ScalingStrategy {
  if ((strategy.type !== "concurrency" && strategy.type !== "rps") || target === undefined) return strategy;
  return { type: strategy.type, target: Math.round(target * 100) / 100 };
}

function withoutAbsent<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
