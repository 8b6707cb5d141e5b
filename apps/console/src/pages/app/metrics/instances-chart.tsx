import type { Place } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { coldStartsQuery, decisionsOfSpanQuery, decisionsQuery } from "../../../api/queries.ts";
import { useFormat, useText } from "../../../i18n/language.tsx";
import { SeriesChart, type Mark } from "../../../ui/chart/series-chart.tsx";
import { firstLine } from "../../../ui/first-line.ts";
import type { TimeSpan } from "../../../api/time-span.ts";
import { Words } from "../../../ui/words.tsx";
import { versionColour } from "../../../ui/version.ts";
import { holdingAt, type MetricsSeries } from "./metrics-series.ts";

/** Instances over time, with what the autoscaler decided and each start as marks; beneath it, why there were so many at the time pointed at. */
export function InstancesChart({ place, span, series }: { place: Place; span: TimeSpan; series: MetricsSeries }) {
  const text = useText();
  const format = useFormat();
  const newest = useQuery({ ...decisionsQuery(place), enabled: span.from === undefined }).data?.items;
  const ofSpan = useQuery({ ...decisionsOfSpanQuery(place, span), enabled: span.from !== undefined }).data?.items;
  const decisions = span.from === undefined ? newest : ofSpan;
  const starts = useQuery(coldStartsQuery(place)).data?.items;
  const [pointed, setPointed] = useState<number | null>(null);
  const lines = useMemo(
    () => [
      {
        label: text.apps.instances,
        colour: "var(--version-2)",
        values: series.instances.map((mean) => (mean === null ? mean : Math.round(mean * 10) / 10)),
      },
    ],
    [series, text.apps.instances],
  );
  const marks = useMemo<Mark[]>(
    () => [
      ...(decisions ?? [])
        .filter(({ previous, desired }) => previous !== desired)
        .map(({ time, version }): Mark => ({ time: Date.parse(time) / 1000, shape: "triangle", colour: versionColour(version) })),
      ...(starts ?? []).map(({ time }): Mark => ({ time: Date.parse(time) / 1000, shape: "circle", colour: "var(--warn)" })),
    ],
    [decisions, starts],
  );
  const at = pointed ?? series.times.at(-1) ?? 0;
  const why = holdingAt(decisions ?? [], at);
  const most = Math.max(0, ...series.instances);
  return (
    <section>
      <h3>{text.live.instancesTitle}</h3>
      <SeriesChart
        label={text.live.instancesLabel(format.decimal(series.instances.at(-1) ?? 0), format.decimal(most), marks.length)}
        times={series.times}
        series={lines}
        format={format.decimal}
        stepped
        marks={marks}
        onTime={setPointed}
      />
      <div className="why">
        {why.length === 0 ? (
          <p className="faint">{text.live.noDecision}</p>
        ) : (
          why.slice(0, 2).map(({ version, time, desired, reason, why: said }) => (
            <p key={version} title={reason}>
              <b>{text.live.why(version, desired)}</b> <span className="faint">{format.dateTime(time)}:</span>{" "}
              <Words said={said} english={firstLine(reason)} />
            </p>
          ))
        )}
      </div>
      <p className="faint mark-key">
        <span>
          <span aria-hidden="true">▲</span> {text.live.markDecision}
        </span>
        <span>
          <span aria-hidden="true">●</span> {text.live.markStart}
        </span>
        <Link to="/apps/$app/$env/scaling" params={place}>
          {text.live.journal}
        </Link>
      </p>
    </section>
  );
}
