import type { ScalingPolicy, ScalingStrategy } from "@ebb/api";

/** How far back a replay goes. The record of a busy version is of six hours. */
export const OVERS = { "15m": 900, "1h": 3600, "6h": 21_600, "24h": 86_400, "7d": 604_800 } as const;
export type Over = keyof typeof OVERS;
export const EVERY_OVER = Object.keys(OVERS) as Over[];

/** What another policy would have done. What is absent is as it is in force. */
export interface Question {
  version?: string;
  metric?: "concurrency" | "rps";
  target?: number;
  min?: number;
  max?: number;
  /** Seconds. */
  window?: number;
  idle?: NonNullable<ScalingPolicy["idle"]>;
  /** Beside the address, in the history's entry: one may have an address of its own with a token in it, and addresses are kept, sent on and logged. */
  strategies?: ScalingStrategy[];
}

/** Nothing is asked while there is no `over`. */
export type QuestionSearch = Question & { over?: Over };
export type QuestionInAddress = Omit<QuestionSearch, "strategies">;

/** What an address asks. Anything else in it counts as absent; what the platform does not take it says. */
export function questionIn(search: Record<string, unknown>): QuestionInAddress {
  const { over, version, metric, idle } = search;
  const found = {
    over: EVERY_OVER.find((one) => one === over),
    version: typeof version === "string" ? version : undefined,
    metric: metric === "concurrency" || metric === "rps" ? metric : undefined,
    idle: idle === "cold" || idle === "prepared" || idle === "frozen" ? idle : undefined,
    ...Object.fromEntries(
      ["target", "min", "max", "window"].map((name) => [name, Number.isFinite(search[name]) ? search[name] : undefined]),
    ),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}
