import type { Metrics, ScalingDecision } from "@ebb/api";

/** What the charts of an app draw, one value a point; null where there is nothing to say. */
export interface MetricsSeries {
  /** Seconds since the epoch, one a step without a gap. */
  times: number[];
  requestsPerSecond: number[];
  /** Percent of the requests; null where there were none. */
  errors: (number | null)[];
  p50: (number | null)[];
  p95: (number | null)[];
  p99: (number | null)[];
  instances: number[];
}

/**
 * The platform leaves out spans in which nothing happened: those have no requests and no instances here, and neither an error rate nor a
 * latency. The step that is not over yet is left out, as it would always seem to fall.
 */
export function seriesOf({ from, to, stepSeconds, total }: Pick<Metrics, "from" | "to" | "stepSeconds" | "total">): MetricsSeries {
  const series: MetricsSeries = { times: [], requestsPerSecond: [], errors: [], p50: [], p95: [], p99: [], instances: [] };
  const points = new Map(total.points.map((point) => [stepOf(point.time, stepSeconds), point]));
  const end = stepOf(to, stepSeconds);
  for (let time = stepOf(from, stepSeconds); time < end; time += stepSeconds) {
    const point = points.get(time);
    series.times.push(time);
    series.requestsPerSecond.push((point?.requests ?? 0) / stepSeconds);
    series.errors.push(point && point.requests > 0 ? (100 * point.errors) / point.requests : null);
    series.p50.push(point?.p50Ms ?? null);
    series.p95.push(point?.p95Ms ?? null);
    series.p99.push(point?.p99Ms ?? null);
    series.instances.push(point?.instances ?? 0);
  }
  return series;
}

function stepOf(time: string, stepSeconds: number): number {
  return Math.floor(Date.parse(time) / 1000 / stepSeconds) * stepSeconds;
}

/** The decision that held at a time, for each version that was to have instances then or was just put to sleep; the latest first. */
export function holdingAt(decisions: readonly ScalingDecision[], seconds: number): ScalingDecision[] {
  const latest = new Map<string, ScalingDecision>();
  for (const decision of decisions.toSorted((a, b) => Date.parse(b.time) - Date.parse(a.time)))
    if (Date.parse(decision.time) / 1000 <= seconds && !latest.has(decision.version)) latest.set(decision.version, decision);
  const holding = [...latest.values()];
  const running = holding.filter(({ desired }) => desired > 0);
  return running.length > 0 ? running : holding.slice(0, 1);
}
