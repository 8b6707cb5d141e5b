import type { Database } from "../database/database.ts";
import type { UsageDayTable } from "../database/schema.ts";
import { count, secondsByDay, type Counted, type Running, type Span } from "./count.ts";

/** Days are kept for a year and what a yearly report is late by. */
const KEPT_DAYS = 400;
const DAY = 86_400_000;
/** Bounds the parameters of one statement. */
const BATCH = 50;

/** Adds what has been used since the last count (the first one: since `since`), all of it or nothing. False when another platform has counted meanwhile: then it is left to that one. */
export async function recordCount(
  db: Database,
  cluster: string,
  running: readonly Running[],
  { now, since }: { now: number; since: number },
): Promise<boolean> {
  return db.transaction().execute(async (transaction) => {
    const state = await transaction.selectFrom("usage_clusters").selectAll().where("cluster", "=", cluster).executeTakeFirst();
    const last = state?.counted_until;
    if (last !== undefined && now <= last) return false;
    if (!(await take(transaction, cluster, last, now))) return false;
    const rows = await transaction.selectFrom("usage_counted").selectAll().where("cluster", "=", cluster).execute();
    const begun = last === undefined ? running.map((each) => ({ ...each, from: Math.max(each.from, since) })) : running;
    const { spans, counted, gap } = count(new Map(rows.map((row) => [row.id, row])), begun, { now, last: last ?? since });
    await addDays(transaction, spans);
    await replaceCounted(transaction, cluster, counted);
    if (gap)
      await transaction
        .insertInto("usage_gaps")
        .values({ cluster, ...gap })
        .execute();
    return true;
  });
}

/** Of two that count at once one goes on. */
async function take(transaction: Database, cluster: string, last: number | undefined, now: number): Promise<boolean> {
  if (last === undefined) {
    const inserted = await transaction
      .insertInto("usage_clusters")
      .values({ cluster, counted_until: now })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return (inserted.numInsertedOrUpdatedRows ?? 0n) > 0n;
  }
  const updated = await transaction
    .updateTable("usage_clusters")
    .set({ counted_until: now })
    .where("cluster", "=", cluster)
    .where("counted_until", "=", last)
    .executeTakeFirst();
  return updated.numUpdatedRows > 0n;
}

async function addDays(transaction: Database, spans: readonly Span[]): Promise<void> {
  const rows = new Map<string, UsageDayTable>();
  for (const span of spans) {
    for (const [day, seconds] of secondsByDay(span)) {
      const { team, app, env } = span;
      const key = `${day} ${team} ${app} ${env}`;
      const row = rows.get(key) ?? { day, team, app, env, ...NOTHING };
      rows.set(key, row);
      row[span.kept ? "kept_seconds" : "instance_seconds"] += seconds;
      row[span.kept ? "kept_cpu_seconds" : "cpu_seconds"] += seconds * span.cpu;
      row[span.kept ? "kept_memory_seconds" : "memory_seconds"] += seconds * span.memory;
    }
  }
  for (const row of rows.values()) {
    await transaction
      .insertInto("usage_days")
      .values(row)
      .onConflict((conflict) =>
        conflict
          .columns(["day", "team", "app", "env"])
          .doUpdateSet((eb) => Object.fromEntries(NUMBERS.map((name) => [name, eb(`usage_days.${name}`, "+", row[name])]))),
      )
      .execute();
  }
}

const NOTHING = {
  instance_seconds: 0,
  cpu_seconds: 0,
  memory_seconds: 0,
  kept_seconds: 0,
  kept_cpu_seconds: 0,
  kept_memory_seconds: 0,
};
export const NUMBERS = Object.keys(NOTHING) as (keyof typeof NOTHING)[];

async function replaceCounted(transaction: Database, cluster: string, counted: readonly Counted[]): Promise<void> {
  await transaction.deleteFrom("usage_counted").where("cluster", "=", cluster).execute();
  for (let at = 0; at < counted.length; at += BATCH) {
    const rows = counted.slice(at, at + BATCH).map((row) => ({ cluster, ...row }));
    await transaction.insertInto("usage_counted").values(rows).execute();
  }
}

export interface UsageFilter {
  team?: string | undefined;
  app?: string | undefined;
  env?: string | undefined;
  /** Days, both included. */
  from: string;
  to: string;
  visible?: readonly string[] | undefined;
}

export async function readDays(db: Database, { team, app, env, from, to, visible }: UsageFilter): Promise<UsageDayTable[]> {
  let query = db.selectFrom("usage_days").selectAll().where("day", ">=", from).where("day", "<=", to).orderBy("day");
  if (team !== undefined) query = query.where("team", "=", team);
  if (app !== undefined) query = query.where("app", "=", app);
  if (env !== undefined) query = query.where("env", "=", env);
  if (visible !== undefined) query = query.where("team", "in", [...visible]);
  return query.execute();
}

/** Those that touch the time. */
export function readGaps(db: Database, from: number, to: number) {
  return db.selectFrom("usage_gaps").selectAll().where("ended", ">", from).where("began", "<", to).orderBy("began").execute();
}

/** Deletes what is older than anybody asks for. */
export async function pruneUsage(db: Database, now: number): Promise<void> {
  const oldest = now - KEPT_DAYS * DAY;
  await db.deleteFrom("usage_days").where("day", "<", new Date(oldest).toISOString().slice(0, 10)).execute();
  await db.deleteFrom("usage_gaps").where("ended", "<", oldest).execute();
}
