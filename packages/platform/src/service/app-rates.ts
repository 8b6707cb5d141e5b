import type { Rates } from "@ebb/api";
import type { Clock } from "@ebb/base";
import type { Database } from "../database/database.ts";
import type { Visible } from "../http/port.ts";
import type { MetricsCollector } from "../metrics/collector.ts";
import { floorTo } from "../metrics/store.ts";
import { addUsage, noUsage, parseUsage, sumOf } from "../metrics/usage.ts";

const STEP = 10;
const SPAN = 60;

/** What each app does in each environment, per second over the last whole minute: one query, however many apps. */
export async function appRates(
  { db, clock, collector }: { db: Database; clock: Clock; collector: MetricsCollector },
  visible: Visible,
): Promise<Rates> {
  await collector.collect();
  const to = floorTo(STEP, clock.now());
  const rows = await db
    .selectFrom("metric_points")
    .innerJoin("apps", "apps.name", "metric_points.app")
    .select(["metric_points.app", "metric_points.env", "usage_json"])
    .where("step", "=", STEP)
    .where("time", ">=", to - SPAN * 1000)
    .where("time", "<", to)
    .$if(visible !== undefined, (query) => query.where("apps.team", "in", [...(visible ?? [])]))
    .execute();
  const items = [...Map.groupBy(rows, ({ app, env }) => `${app} ${env}`)].flatMap(([, some]) => {
    const [{ app, env } = { app: "", env: "" }] = some;
    const { responses } = some.reduce((sum, { usage_json }) => addUsage(sum, parseUsage(usage_json)), noUsage());
    const requests = sumOf(responses);
    const errors = (responses["5xx"] ?? 0) + (responses["cut"] ?? 0);
    const perSecond = (count: number) => Math.round((100 * count) / SPAN) / 100;
    return requests === 0 ? [] : [{ app, environment: env, requestsPerSecond: perSecond(requests), errorsPerSecond: perSecond(errors) }];
  });
  return { items, recorded: collector.recorded };
}
