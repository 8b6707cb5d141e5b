import type { Prices, UsageItem, UsageReport } from "@ebb/api";
import type { UsageDayTable } from "../database/schema.ts";
import { NUMBERS } from "./store.ts";

export type By = "app" | "environment" | "team" | "day";
type Numbers = Pick<UsageDayTable, (typeof NUMBERS)[number]>;
type Key = Pick<UsageItem, "day" | "team" | "app" | "environment">;

const HOUR = 3600;

/** The days added up by what is asked for, dearest first (days in their order), with what an instance that is always kept of each app would have cost. Pure. */
export function report(rows: readonly UsageDayTable[], by: By, prices: Prices): Pick<UsageReport, "items" | "total"> {
  const groups = Map.groupBy(rows, (row) => JSON.stringify(keyOf(row, by)));
  const items = [...groups].map(([key, group]): UsageItem => ({ ...(JSON.parse(key) as Key), ...figures(sum(group), prices) }));
  if (by !== "day") items.sort((a, b) => b.cost - a.cost || b.kept.cost - a.kept.cost);
  return { items, total: figures(sum(rows), prices) };
}

function keyOf({ day, team, app, env }: UsageDayTable, by: By): Key {
  const none = { day: null, team: null, app: null, environment: null };
  if (by === "day") return { ...none, day };
  if (by === "team") return { ...none, team };
  return by === "environment" ? { ...none, team, environment: env } : { ...none, team, app, environment: env };
}

function sum(rows: readonly Numbers[]): Numbers {
  const total = Object.fromEntries(NUMBERS.map((name) => [name, 0])) as Numbers;
  for (const row of rows) for (const name of NUMBERS) total[name] += row[name];
  return total;
}

function figures(used: Numbers, { cpuHour, memoryHour }: Prices): UsageReport["total"] {
  const cost = (cpu: number, memory: number) => (cpu * cpuHour + memory * memoryHour) / HOUR;
  const kept = cost(used.kept_cpu_seconds, used.kept_memory_seconds);
  const spent = cost(used.cpu_seconds, used.memory_seconds);
  return {
    instanceSeconds: used.instance_seconds,
    cpuSeconds: used.cpu_seconds,
    memoryGibSeconds: used.memory_seconds,
    cost: spent,
    kept: {
      instanceSeconds: used.kept_seconds,
      cpuSeconds: used.kept_cpu_seconds,
      memoryGibSeconds: used.kept_memory_seconds,
      cost: kept,
    },
    savedShare: used.kept_seconds === 0 ? null : 1 - used.instance_seconds / used.kept_seconds,
  };
}
