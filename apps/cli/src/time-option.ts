import { usageError } from "./failure.ts";
import { parseDuration } from "./output/durations.ts";

/** The API's form of an option like `--since 10m`: an age before `now` (milliseconds since the epoch) or a time. Throws usageError. */
export function timeOption(option: string, text: string, now: number): string {
  const age = parseDuration(text);
  const time = age === undefined ? Date.parse(text) : now - age;
  if (Number.isNaN(time)) {
    throw usageError(`${option} ${text}: neither an age nor a time`, "Write 90s, 10m, 2h, 1d, or a time as 2026-11-23T08:00:00Z.");
  }
  return new Date(time).toISOString();
}
