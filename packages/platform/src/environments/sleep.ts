import type { Environment, OnRequest } from "@ebb/api";
import type { AsleepPage } from "../compile/asleep-page.ts";
import type { Database } from "../database/database.ts";
import type { EnvironmentRow } from "./policies.ts";
import { policiesOf } from "./policies.ts";
import { nextChange, nextWake } from "./schedule.ts";

/** Who let an environment sleep or wake. */
export interface Sleep {
  since: number;
  by: string;
  onRequest: OnRequest;
}

/** Who does what a schedule says, in operations. */
export const BY_SCHEDULE = "schedule";

export function sleepOf({ sleep_json }: Pick<EnvironmentRow, "sleep_json">): Sleep {
  return { since: 0, by: "", onRequest: "wake", ...(JSON.parse(sleep_json) as Partial<Sleep>) };
}

/** Whether requests for its apps get a page in place of an answer. */
export function refusesRequests(environment: Pick<EnvironmentRow, "asleep" | "sleep_json">): boolean {
  return environment.asleep === 1 && sleepOf(environment).onRequest === "refuse";
}

export function viewSleep(row: EnvironmentRow, now: number): Pick<Environment, "asleep" | "nextChange"> {
  const { since, by, onRequest } = sleepOf(row);
  const { schedule } = policiesOf(row);
  const next = schedule ? nextChange(schedule, now) : undefined;
  return {
    asleep: row.asleep === 1 ? { since: new Date(since).toISOString(), by, onRequest, settled: row.sleep_settled === 1 } : null,
    nextChange: next ? { to: next.to, at: new Date(next.at).toISOString() } : null,
  };
}

/** What the page of an app in it says. */
export function asleepFacts(row: EnvironmentRow, now: number): Omit<AsleepPage, "app"> {
  const { schedule } = policiesOf(row);
  const at = schedule ? nextWake(schedule, now) : undefined;
  return { team: row.team, environment: row.name, ...(schedule && at !== undefined ? { wakes: { at, timeZone: schedule.timeZone } } : {}) };
}

/** Says that it is asleep, or awake, from here on; the cluster is still to be told. */
export async function markSleep(
  db: Database,
  { team, name }: Pick<EnvironmentRow, "team" | "name">,
  { asleep, ...sleep }: Sleep & { asleep: boolean },
): Promise<void> {
  await db
    .updateTable("environments")
    .set({ asleep: asleep ? 1 : 0, sleep_settled: 0, sleep_json: JSON.stringify(sleep) })
    .where("team", "=", team)
    .where("name", "=", name)
    .execute();
}

/** Says that the cluster has been told, unless something else is wanted by now. */
export async function settleSleep(db: Database, { team, name, asleep, sleep_json }: EnvironmentRow): Promise<void> {
  await db
    .updateTable("environments")
    .set({ sleep_settled: 1 })
    .where("team", "=", team)
    .where("name", "=", name)
    .where("asleep", "=", asleep)
    .where("sleep_json", "=", sleep_json)
    .execute();
}
