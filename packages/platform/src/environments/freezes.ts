import type { Environment, Freeze } from "@ebb/api";
import { Cron } from "croner";
import { refuse } from "../errors.ts";

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
  const times = new Cron(cron, { mode: "5-part", timezone: timeZone });
  const length = minutes * MINUTE;
  let begin = times.nextRun(new Date(now - length));
  if (!begin || begin.getTime() > now) return undefined;
  let until = begin.getTime() + length;
  for (let joined = 0; joined < MOST_JOINED; joined++) {
    begin = times.nextRun(begin);
    if (!begin || begin.getTime() > until) break;
    until = begin.getTime() + length;
  }
  return until;
}

/** What a schema does not see. Throws `invalid_request`. */
export function checkFreezes(freezes: readonly Freeze[]): void {
  for (const freeze of freezes) {
    if ("cron" in freeze) checkCron(freeze);
    else if (!(Date.parse(freeze.from) < Date.parse(freeze.to))) {
      throw refuse("invalid_request", `The freeze "${freeze.why}" does not end after it begins`, {
        hint: "Write both times as 2026-12-20T18:00+01:00.",
      });
    }
  }
}

function checkCron({ cron, timeZone, why }: Extract<Freeze, { cron: string }>): void {
  const hint = 'Five fields and a time zone: "0 16 * * 5" in Europe/Berlin is each Friday at 16:00 there.';
  let next: Date | null;
  try {
    next = new Cron(cron, { mode: "5-part", timezone: timeZone }).nextRun();
  } catch (cause) {
    throw refuse("invalid_request", `The freeze "${why}" has no times: ${cause instanceof Error ? cause.message : ""}`, { hint, cause });
  }
  if (!next) throw refuse("invalid_request", `The freeze "${why}" never begins`, { hint });
}
