import type { Environment, Schedule } from "@ebb/api";

/** Whether it sleeps, by whom, and what comes next. */
export function sleepText({ asleep, nextChange }: Environment): string {
  const next = nextChange ? `; ${nextChange.to === "wake" ? "wakes" : "sleeps"} at ${nextChange.at}` : "";
  if (!asleep) return `awake${next}`;
  const requests = asleep.onRequest === "wake" ? "a request wakes the application that it is for" : "requests get a page with status 503";
  return `asleep since ${asleep.since} by ${asleep.by}${asleep.settled ? "" : ", not everywhere yet"}: ${requests}${next}`;
}

export function scheduleText({ sleep, wake, timeZone, onRequest }: Schedule): string {
  const requests = onRequest === "wake" ? "requests wake" : "requests are refused";
  return `sleeps at ${quoted(sleep)}, wakes at ${quoted(wake)} in ${timeZone}; ${requests} meanwhile`;
}

function quoted(crons: readonly string[]): string {
  return crons.map((cron) => `"${cron}"`).join(", ");
}
