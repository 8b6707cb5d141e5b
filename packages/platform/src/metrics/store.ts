import type { Database } from "../database/database.ts";
import { addUsage, isNothing, noUsage, parseUsage, usageBetween, type Usage } from "./usage.ts";

/** Seconds of a point, and for how many seconds such points are kept: a busy version costs 360 + 1440 + 720 rows. */
export const RESOLUTIONS = [
  { step: 10, kept: 3600 },
  { step: 60, kept: 86_400 },
  { step: 3600, kept: 30 * 86_400 },
] as const;

export interface VersionCounters {
  app: string;
  env: string;
  version: number;
  counters: Usage;
}
type VersionKey = Omit<VersionCounters, "counters">;
const keyOf = ({ app, env, version }: VersionKey): string => `${app} ${env} ${version}`;

export interface Point {
  version: number;
  /** Milliseconds since the epoch. */
  time: number;
  usage: Usage;
}

/** Adds what has happened since the counters were last read, all of it or nothing; one that another has added meanwhile is left to it. */
export async function recordCounters(db: Database, readings: readonly VersionCounters[], now: number): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const known = await transaction.selectFrom("metric_counters").selectAll().execute();
    const before = new Map(known.map((row) => [keyOf(row), row.counters_json]));
    for (const { counters, ...version } of readings) {
      const last = before.get(keyOf(version));
      const counters_json = JSON.stringify(counters);
      if (last === counters_json || !(await advance(transaction, { ...version, counters_json }, last))) continue;
      const usage = usageBetween(last === undefined ? noUsage() : parseUsage(last), counters);
      if (!isNothing(usage)) await addPoints(transaction, { ...version, usage }, now);
    }
  });
}

/** Whether the reading took the place of the one that it was compared with. */
async function advance(db: Database, next: VersionKey & { counters_json: string }, last: string | undefined) {
  if (last === undefined) {
    const inserted = await db
      .insertInto("metric_counters")
      .values(next)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return (inserted.numInsertedOrUpdatedRows ?? 0n) > 0n;
  }
  const updated = await db
    .updateTable("metric_counters")
    .set({ counters_json: next.counters_json })
    .where("app", "=", next.app)
    .where("env", "=", next.env)
    .where("version", "=", next.version)
    .where("counters_json", "=", last)
    .executeTakeFirst();
  return updated.numUpdatedRows > 0n;
}

async function addPoints(db: Database, { usage, ...version }: VersionKey & { usage: Usage }, now: number): Promise<void> {
  for (const { step } of RESOLUTIONS) {
    const time = floorTo(step, now);
    const key = { ...version, step, time };
    const present = await db
      .selectFrom("metric_points")
      .select("usage_json")
      .where((where) => where.and(key))
      .executeTakeFirst();
    const usage_json = JSON.stringify(present ? addUsage(parseUsage(present.usage_json), usage) : usage);
    await db
      .insertInto("metric_points")
      .values({ ...key, usage_json })
      .onConflict((conflict) => conflict.columns(["app", "env", "step", "time", "version"]).doUpdateSet({ usage_json }))
      .execute();
  }
}

/** An app's points that begin in [from, to), oldest first; spans in which nothing happened have none. */
export async function readPoints(
  db: Database,
  query: { app: string; env: string; step: number; from: number; to: number },
): Promise<Point[]> {
  const rows = await db
    .selectFrom("metric_points")
    .select(["version", "time", "usage_json"])
    .where("app", "=", query.app)
    .where("env", "=", query.env)
    .where("step", "=", query.step)
    .where("time", ">=", query.from)
    .where("time", "<", query.to)
    .orderBy("time")
    .orderBy("version")
    .execute();
  return rows.map(({ version, time, usage_json }) => ({ version, time, usage: parseUsage(usage_json) }));
}

/** Deletes the points whose time is over. */
export async function prunePoints(db: Database, now: number): Promise<void> {
  for (const { step, kept } of RESOLUTIONS) {
    await db
      .deleteFrom("metric_points")
      .where("step", "=", step)
      .where("time", "<", now - kept * 1000)
      .execute();
  }
}

export function floorTo(step: number, time: number): number {
  return Math.floor(time / (step * 1000)) * step * 1000;
}
