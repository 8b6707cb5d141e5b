import type { PatchPrices, Prices, UsageQuery, UsageReport } from "@ebb/api";
import { changed, record } from "../audit/store.ts";
import type { Deps } from "../deploy/context.ts";
import { refuse } from "../errors.ts";
import type { Visible } from "../http/port.ts";
import { dayOf } from "../usage/count.ts";
import type { UsageCounter } from "../usage/counter.ts";
import { readPrices, writePrices } from "../usage/prices.ts";
import { report } from "../usage/report.ts";
import { readDays, readGaps } from "../usage/store.ts";

const DAY = 86_400_000;
const USUAL_DAYS = 30;

/** What was used and what it cost, until now. Throws `invalid_request` for days that are none, or in the wrong order. */
export async function viewUsage({ db, clock }: Deps, counter: UsageCounter, query: UsageQuery, visible: Visible): Promise<UsageReport> {
  const { team, app, environment: env, by = "app" } = query;
  const to = query.to ?? dayOf(clock.now());
  const from = query.from ?? dayOf(startOf(to) - (USUAL_DAYS - 1) * DAY);
  if (startOf(from) > startOf(to)) throw refuse("invalid_request", `${from} is after ${to}`, { hint: "The first day comes first." });
  await counter.count();
  const prices = await readPrices(db);
  const days = await readDays(db, { team, app, env, from, to, visible });
  const gaps = await readGaps(db, startOf(from), startOf(to) + DAY);
  const time = (at: number) => new Date(at).toISOString();
  return {
    from,
    to,
    prices,
    ...report(days, by, prices),
    gaps: gaps.map(({ cluster, began, ended }) => ({ cluster, from: time(began), to: time(ended) })),
  };
}

export async function patchPrices({ db, clock }: Deps, body: PatchPrices): Promise<Prices> {
  return db.transaction().execute(async (transaction) => {
    const before = await readPrices(transaction);
    const after = { ...before, ...body };
    await writePrices(transaction, after);
    await record(transaction, clock.now(), { action: "prices.changed", object: "prices", ...changed(before, after) });
    return after;
  });
}

function startOf(day: string): number {
  const time = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(time)) throw refuse("invalid_request", `${day} is no day`, { hint: "Write 2026-11-28." });
  return time;
}
