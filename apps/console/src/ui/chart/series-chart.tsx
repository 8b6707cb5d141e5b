import { lazy, Suspense } from "react";
import { useText } from "../../i18n/language.tsx";

export interface Series {
  label: string;
  /** A CSS colour; `var(--…)` follows the theme. */
  colour: string;
  /** As many as there are times; null is a gap. */
  values: readonly (number | null)[];
}

/** A moment on the chart: what was decided, or what happened. */
export interface Mark {
  /** Seconds since the epoch. */
  time: number;
  shape: "triangle" | "circle" | "line";
  colour: string;
}

export interface SeriesChartProps {
  /** What the chart says, for whoever does not see it. */
  label: string;
  /** Seconds since the epoch, ascending. */
  times: readonly number[];
  series: readonly Series[];
  format: (value: number) => string;
  /** Holds a value until the next one, as counts do. */
  stepped?: boolean;
  marks?: readonly Mark[];
  /** The time under the pointer; null when it leaves. */
  onTime?: (seconds: number | null) => void;
  /** The time that was clicked on. */
  onPick?: (seconds: number) => void;
}

const Plot = lazy(async () => ({ default: (await import("./plot.tsx")).Plot }));

/** Values over time. What draws them is loaded with the first chart. */
export function SeriesChart(props: SeriesChartProps) {
  const text = useText();
  return (
    <Suspense fallback={<div className="plot" role="status" aria-label={text.common.loading} />}>
      <Plot {...props} />
    </Suspense>
  );
}
