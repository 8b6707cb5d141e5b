import type { Metrics, MetricsSummary } from "@ebb/api";
import type { Place } from "../apps/store.ts";
import type { Clock } from "@ebb/base";
import { versionName } from "../compile/names.ts";
import type { Database } from "../database/database.ts";
import { refuse } from "../errors.ts";
import type { MetricsRequest } from "../http/port.ts";
import type { MetricsCollector } from "../metrics/collector.ts";
import { floorTo, readPoints, RESOLUTIONS, type Point } from "../metrics/store.ts";
import { addUsage, noUsage, quantile, sumOf, type Usage } from "../metrics/usage.ts";

const HOUR = 3_600_000;
/** Of one answer, times the versions that did something in that time. */
const MAX_POINTS = 2000;

/** What an app did in a time, as a whole and by version. Throws `invalid_request` for a time that is empty or has too many points. */
export async function appMetrics(
  { db, clock, collector }: { db: Database; clock: Clock; collector: MetricsCollector },
  place: Place,
  request: MetricsRequest,
): Promise<Metrics> {
  const now = clock.now();
  const end = request.to === undefined ? now : Date.parse(request.to);
  const begin = request.from === undefined ? end - HOUR : Date.parse(request.from);
  const step = request.step ?? finestFor(begin, end, now);
  const from = floorTo(step, begin);
  const to = Math.min(end, now);
  if (!(from < to)) throw refuse("invalid_request", "The time to show is empty: `from` must be before `to` and before now");
  if ((to - from) / (step * 1000) > MAX_POINTS) {
    throw refuse("invalid_request", `That is more than ${MAX_POINTS} points of ${step} s`, { hint: "Ask for less time or a larger step." });
  }
  await collector.collect();
  const points = await readPoints(db, { ...place, step, from, to });
  const series = (some: readonly Point[]) => seriesOf(some, { step, from, to });
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    stepSeconds: step,
    recorded: collector.recorded,
    total: series(points),
    versions: [...Map.groupBy(points, (point) => point.version)]
      .sort(([a], [b]) => b - a)
      .map(([version, some]) => ({ version: versionName(version), ...series(some) })),
  };
}

/** The finest resolution that covers this time, in at most some hundreds of points, and is still kept. */
function finestFor(from: number, to: number, now: number): number {
  const fits = RESOLUTIONS.find(({ kept }) => now - from <= kept * 1000 + 60_000 && to - from <= kept * 1000 + 60_000);
  return (fits ?? RESOLUTIONS[RESOLUTIONS.length - 1] ?? { step: 3600 }).step;
}

function seriesOf(points: readonly Point[], { step, from, to }: { step: number; from: number; to: number }) {
  const byTime = [...Map.groupBy(points, (point) => point.time)];
  return {
    summary: summaryOf(total(points), (to - from) / 1000),
    // The last span is not over yet.
    points: byTime.map(([time, some]) => ({
      time: new Date(time).toISOString(),
      ...summaryOf(total(some), Math.min(step, Math.max(1, (to - time) / 1000))),
    })),
  };
}

function total(points: readonly Point[]): Usage {
  return points.reduce((sum, { usage }) => addUsage(sum, usage), noUsage());
}

function summaryOf(usage: Usage, seconds: number): MetricsSummary {
  const requests = sumOf(usage.responses);
  const percentile = (share: number) => rounded(quantile(usage.latency, share));
  return {
    requests,
    errors: (usage.responses["5xx"] ?? 0) + (usage.responses["cut"] ?? 0),
    responses: usage.responses,
    p50Ms: percentile(0.5),
    p95Ms: percentile(0.95),
    p99Ms: percentile(0.99),
    meanMs: requests === 0 ? null : rounded(usage.latencySumMs / requests),
    held: usage.held,
    heldMs: Math.round(usage.heldMs),
    requestBytes: usage.requestBytes,
    responseBytes: usage.responseBytes,
    interventions: usage.interventions,
    instances: Math.round((usage.instanceSeconds / seconds) * 1000) / 1000,
  };
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 100) / 100;
}
