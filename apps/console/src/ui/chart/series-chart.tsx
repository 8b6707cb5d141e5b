import { useEffect, useState } from "react";
import { useText } from "../../i18n/language.tsx";
import { loadedPlot, loadPlot } from "./load-plot.ts";

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

/**
 * Values over time. What draws them is loaded with the first chart. Not by `lazy`: React shows nothing within 300 ms of a fallback, and a page
 * would wait for that although all is there.
 */
export function SeriesChart(props: SeriesChartProps) {
  const text = useText();
  const [Plot, setPlot] = useState(loadedPlot);
  useEffect(() => {
    if (Plot !== undefined) return;
    void loadPlot().then(
      (loaded) => setPlot(() => loaded),
      // For the page's error boundary.
      (error: unknown) =>
        setPlot(() => {
          throw error;
        }),
    );
  }, [Plot]);
  return Plot === undefined ? <div className="plot" role="status" aria-label={text.common.loading} /> : <Plot {...props} />;
}
