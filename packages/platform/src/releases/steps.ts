import type { Verdict } from "./guard.ts";

export interface StepState {
  /** Of the plan's steps, from 0. */
  step: number;
  /** Since when it has been in force, milliseconds since the epoch. */
  since: number;
}

export interface StepPlan {
  /** Percents that grow to 100. */
  steps: readonly number[];
  /** Null: until somebody continues. */
  pauseSeconds: number | null;
}

export type Next =
  | { do: "advance" | "finish" | "roll back" }
  | { do: "wait"; for: "requests" | "continue" }
  /** Until then, milliseconds since the epoch. */
  | { do: "wait"; for: "time"; until: number };

/**
 * What comes next. A breach always rolls back, also when somebody has said to continue; to continue takes the place of the pause and of the
 * requests that are missing. `continued`: of how many steps somebody has said so. Pure.
 */
export function nextStep(
  plan: StepPlan,
  state: StepState,
  now: { time: number; verdict: Pick<Verdict, "state">; continued: number },
): Next {
  if (now.verdict.state === "breached") return { do: "roll back" };
  if (state.step >= plan.steps.length - 1) return { do: "finish" };
  if (now.continued > state.step) return { do: "advance" };
  if (plan.pauseSeconds === null) return { do: "wait", for: "continue" };
  const end = state.since + plan.pauseSeconds * 1000;
  if (now.time < end) return { do: "wait", for: "time", until: end };
  if (now.verdict.state === "undecided") return { do: "wait", for: "requests" };
  return { do: "advance" };
}
