import type { Metrics, MetricsSummary, Place } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { metricsOfSpanQuery, metricsQuery, RANGES, secondsOf, type Range } from "../../../api/metrics-queries.ts";
import { useFormat, useText } from "../../../i18n/language.tsx";
import { SeriesChart } from "../../../ui/chart/series-chart.tsx";
import { Facts } from "../../../ui/facts.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { Blank, Panel } from "../../../ui/page.tsx";
import { Choice } from "../../../ui/choice.tsx";
import type { TimeSpan } from "../../../api/time-span.ts";
import { lastSeconds, SpanForm, spanWords } from "../../../ui/time-span.tsx";
import { InstancesChart } from "./instances-chart.tsx";
import { seriesOf } from "./metrics-series.ts";

const route = getRouteApi("/apps/$app/$env/");

/** How an app does: requests, errors, latency, instances, over a time that is in the address. */
export function MetricsPanel({ place }: { place: Place }) {
  const text = useText();
  const format = useFormat();
  const { range = "1h", ...span } = route.useSearch();
  const navigate = route.useNavigate();
  const chosen = span.from !== undefined;
  const ofRange = useQuery({ ...metricsQuery(place, range), enabled: !chosen });
  const ofSpan = useQuery({ ...metricsOfSpanQuery(place, span), enabled: chosen });
  const go = (search: TimeSpan & { range?: Range }) => void navigate({ search, replace: true, resetScroll: false });
  const choose = (next: Range | "span") => go(next === "span" ? lastSeconds(secondsOf(range)) : next === "1h" ? {} : { range: next });
  const words = chosen ? spanWords(text.span, format, span) : text.live.ranges[range];
  return (
    <Panel
      title={text.live.title}
      actions={
        <Choice
          label={text.live.range}
          value={chosen ? "span" : range}
          options={[...RANGES.map((one) => [one, text.live.ranges[one]] as const), ["span", text.span.choose]]}
          onChange={choose}
        />
      }
    >
      {chosen && <SpanForm key={`${span.from} ${span.to}`} span={span} onShow={go} />}
      <Loaded query={chosen ? ofSpan : ofRange} rows={7}>
        {(metrics) =>
          metrics.recorded ? <Charts place={place} span={span} words={words} metrics={metrics} /> : <Blank>{text.live.notRecorded}</Blank>
        }
      </Loaded>
    </Panel>
  );
}

/** Those that the gateway let in nowhere: by a traffic policy, or because too many waited. */
function refusedOf({ interventions }: MetricsSummary): number {
  return ["denied", "limited", "overflowed"].reduce((sum, name) => sum + (interventions[name] ?? 0), 0);
}

interface ChartsProps {
  place: Place;
  span: TimeSpan;
  /** Which time that is. */
  words: string;
  metrics: Metrics;
}

function Charts({ place, span, words, metrics }: ChartsProps) {
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
  const said = (title: string) => `${title}, ${words}: ${facts.map(([name, value]) => `${name} ${value}`).join(", ")}`;
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
          <div className="between">
            <h3>{live.errorsTitle}</h3>
            {summary.errors > 0 && (
              <Link to="/apps/$app/$env/requests" params={place} search={{ status: "failed" }}>
                {live.failedRequests}
              </Link>
            )}
          </div>
          <SeriesChart label={said(live.errorsTitle)} times={series.times} series={charts.errors} format={format.percent} />
        </section>
        <section>
          <h3>{live.latencyTitle}</h3>
          <SeriesChart label={said(live.latencyTitle)} times={series.times} series={charts.latency} format={format.duration} />
        </section>
        <InstancesChart place={place} span={span} series={series} />
      </div>
    </>
  );
}
