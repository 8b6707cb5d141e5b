import type { ScalingDecision } from "@ebb/api";
import { useMemo } from "react";
import { useFormat, useText } from "../../../i18n/language.tsx";
import { SeriesChart, type Mark } from "../../../ui/chart/series-chart.tsx";
import { byNewest, versionColour } from "../../../ui/version.ts";
import { linesOf, stepsOf } from "./scaling-steps.ts";

interface ScalingChartProps {
  decisions: readonly ScalingDecision[];
  /** Milliseconds since the epoch. */
  now: number;
  /** The moment that is explained beneath; null: none. */
  picked: number | null;
  onPick: (milliseconds: number) => void;
}

/** How many instances each version was to have, as far back as its decisions are known; a click asks why. */
export function ScalingChart({ decisions, now, picked, onPick }: ScalingChartProps) {
  const text = useText();
  const format = useFormat();
  const versions = useMemo(() => [...Map.groupBy(decisions, ({ version }) => version)].toSorted(([a], [b]) => byNewest(a, b)), [decisions]);
  const { times, values } = useMemo(() => linesOf(versions.map(([, own]) => stepsOf(own, now))), [versions, now]);
  const series = useMemo(
    () => versions.map(([version], index) => ({ label: version, colour: versionColour(version), values: values[index] ?? [] })),
    [versions, values],
  );
  const marks = useMemo<Mark[]>(
    () => [
      ...decisions
        .filter(({ previous, desired }) => previous !== desired)
        .map(({ time, version }): Mark => ({ time: Date.parse(time) / 1000, shape: "triangle", colour: versionColour(version) })),
      ...(picked === null ? [] : [{ time: picked / 1000, shape: "line", colour: "var(--text)" } satisfies Mark]),
    ],
    [decisions, picked],
  );
  const label = versions.map(([version], index) => `${version}: ${text.overview.running(values[index]?.at(-1) ?? 0)}`).join(", ");
  return (
    <SeriesChart
      label={label}
      times={times}
      series={series}
      format={format.decimal}
      stepped
      marks={marks}
      onPick={(seconds) => onPick(seconds * 1000)}
    />
  );
}
