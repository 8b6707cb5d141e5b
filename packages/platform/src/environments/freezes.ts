import { CronTimes } from "@ebb/base/cron-times";
import type { Environment, Freeze } from "@ebb/api";
import { refuse } from "../errors.ts";
import { checkCron } from "./check-cron.ts";

export interface Frozen {
  why: string;
  /** Milliseconds since the epoch. */
  until: number;
}

const MINUTE = 60_000;
/** Of one expression: windows that follow each other without a gap are told as one, up to here. */
const MOST_JOINED = 100;

/** Whether nothing may be changed at `now`; of several that hold, the one that ends last. Its end itself is free. Pure. */
export function freezeAt(freezes: readonly Freeze[], now: number): Frozen | undefined {
  const holding = freezes.flatMap((freeze) => {
    const until = "cron" in freeze ? recurring(freeze, now) : once(freeze, now);
    return until === undefined ? [] : [{ why: freeze.why, until }];
  });
  return holding.toSorted((a, b) => b.until - a.until)[0];
}

export function viewFreeze(freezes: readonly Freeze[], now: number): Environment["frozen"] {
  const frozen = freezeAt(freezes, now);
  return frozen ? { why: frozen.why, until: new Date(frozen.until).toISOString() } : null;
}

function once({ from, to }: Extract<Freeze, { from: string }>, now: number): number | undefined {
  return Date.parse(from) <= now && now < Date.parse(to) ? Date.parse(to) : undefined;
}

function recurring({ cron, minutes, timeZone }: Extract<Freeze, { cron: string }>, now: number): number | undefined {
  const times = new CronTimes(cron, timeZone);
  const length = minutes * MINUTE;
  let begin = times.next(now - length);
  if (begin === undefined || begin > now) return undefined;
  let until = begin + length;
  for (let joined = 0; joined < MOST_JOINED; joined++) {
    begin = times.next(begin);
    if (begin === undefined || begin > until) break;
    until = begin + length;
  }
  return until;
}

/** What a schema does not see. Throws `invalid_request`. */
export function checkFreezes(freezes: readonly Freeze[], now: number): void {
  for (const freeze of freezes) {
    const what = `The freeze "${freeze.why}"`;
    if ("cron" in freeze) checkCron(what, freeze, now);
    else if (!(Date.parse(freeze.from) < Date.parse(freeze.to))) {
      throw refuse("invalid_request", `${what} does not end after it begins`, { hint: "Write both times as 2026-12-20T18:00+01:00." });
    }
  }
}
