import type { Metrics, MetricsSummary, Place } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { metricsQuery, RANGES, type Range } from "../../../api/metrics-queries.ts";
import { useFormat, useText } from "../../../i18n/language.tsx";
import { SeriesChart } from "../../../ui/chart/series-chart.tsx";
import { Facts } from "../../../ui/facts.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { Blank, Panel } from "../../../ui/page.tsx";
import { Choice } from "../../../ui/choice.tsx";
import { InstancesChart } from "./instances-chart.tsx";
import { seriesOf } from "./metrics-series.ts";

const route = getRouteApi("/apps/$app/$env/");

/** How an app does: requests, errors, latency, instances, over a time that is in the address. */
export function MetricsPanel({ place }: { place: Place }) {
  const text = useText();
  const { range = "1h" } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(metricsQuery(place, range));
  const choose = (next: Range) => void navigate({ search: next === "1h" ? {} : { range: next }, replace: true });
  return (
    <Panel
      title={text.live.title}
      actions={
        <Choice label={text.live.range} value={range} options={RANGES.map((one) => [one, text.live.ranges[one]])} onChange={choose} />
      }
    >
      <Loaded query={query} rows={7}>
        {(metrics) =>
          metrics.recorded ? <Charts place={place} range={range} metrics={metrics} /> : <Blank>{text.live.notRecorded}</Blank>
        }
      </Loaded>
    </Panel>
  );
}

/** Those that the gateway let in nowhere: by a traffic policy, or because too many waited. */
function refusedOf({ interventions }: MetricsSummary): number {
  return ["denied", "limited", "overflowed"].reduce((sum, name) => sum + (interventions[name] ?? 0), 0);
}

function Charts({ place, range, metrics }: { place: Place; range: Range; metrics: Metrics }) {
  const text = useText();
  const { live } = text;
  const format = useFormat();
  const series = useMemo(() => seriesOf(metrics), [metrics]);
  const { summary } = metrics.total;
  const quiet = metrics.total.points.length === 0;
  const rate = summary.requests === 0 ? null : (100 * summary.errors) / summary.requests;
  const facts: [string, string][] = [
    [live.requests, format.number(summary.requests)],
    [live.errorRate, rate === null ? "–" : format.percent(rate)],
    ["p50", milliseconds(summary.p50Ms)],
    ["p95", milliseconds(summary.p95Ms)],
    ["p99", milliseconds(summary.p99Ms)],
    [live.held, format.number(summary.held)],
    [live.refused, format.number(refusedOf(summary))],
  ];
  function milliseconds(value: number | null): string {
    return value === null ? "–" : format.duration(value);
  }
  const charts = {
    requests: useMemo(() => [{ label: live.perSecond, colour: "var(--version-0)", values: series.requestsPerSecond }], [series, live]),
    errors: useMemo(() => [{ label: live.errorRate, colour: "var(--bad)", values: series.errors }], [series, live]),
    latency: useMemo(
      () => [
        { label: "p50", colour: "var(--version-3)", values: series.p50 },
        { label: "p95", colour: "var(--version-1)", values: series.p95 },
        { label: "p99", colour: "var(--version-4)", values: series.p99 },
      ],
      [series],
    ),
  };
  const said = (title: string) => `${title}, ${live.ranges[range]}: ${facts.map(([name, value]) => `${name} ${value}`).join(", ")}`;
  return (
    <>
      <Facts facts={facts} />
      {quiet && <p className="faint">{live.quiet}</p>}
      <div className="charts">
        <section>
          <h3>{live.requestsTitle}</h3>
          <SeriesChart label={said(live.requestsTitle)} times={series.times} series={charts.requests} format={format.decimal} />
        </section>
        <section>
          <h3>{live.errorsTitle}</h3>
          <SeriesChart label={said(live.errorsTitle)} times={series.times} series={charts.errors} format={format.percent} />
        </section>
        <section>
          <h3>{live.latencyTitle}</h3>
          <SeriesChart label={said(live.latencyTitle)} times={series.times} series={charts.latency} format={format.duration} />
        </section>
        <InstancesChart place={place} series={series} />
      </div>
    </>
  );
}
