import { useEffect, useRef, useState } from "react";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useFormat, useSpeech } from "../../i18n/language.tsx";
import { useAppearance } from "../../theme/appearance.tsx";
import { plotOptions } from "./plot-options.ts";
import type { Series, SeriesChartProps } from "./series-chart.tsx";

/** Charts on one page show the same moment. */
const TOGETHER = "app";

/** Loaded when needed: use SeriesChart. */
export function Plot({ label, times, series, format, stepped = false, marks = [], onTime, onPick }: SeriesChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const [index, setIndex] = useState<number | null>(null);
  const { language } = useSpeech();
  const { shade } = useAppearance();
  // The plot lives longer than one rendering: what it draws and calls is read when it does.
  const now = useRef({ marks, onTime, onPick, format });
  const data = useRef<UPlot.AlignedData>([[]]);
  const names = series.map((one) => `${one.label} ${one.colour}`).join("|");
  useEffect(() => {
    now.current = { marks, onTime, onPick, format };
    data.current = [[...times], ...series.map(({ values }) => [...values])];
    plot.current?.setData(data.current);
  }, [times, series, marks, onTime, onPick, format]);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const created = new UPlot(
      plotOptions({
        element,
        series,
        stepped,
        language,
        together: TOGETHER,
        format: (value) => now.current.format(value),
        marks: () => now.current.marks,
        onIndex: (at) => {
          setIndex(at);
          now.current.onTime?.(at === null ? null : (data.current[0][at] ?? null));
        },
      }),
      data.current,
      element,
    );
    created.over.addEventListener("click", ({ offsetX }) => now.current.onPick?.(created.posToVal(offsetX, "x")));
    plot.current = created;
    const resized = new ResizeObserver(() => created.setSize({ width: element.clientWidth, height: element.clientHeight }));
    resized.observe(element);
    return () => {
      plot.current = null;
      resized.disconnect();
      created.destroy();
    };
    // The series' names stand for the series: new values come by setData, without a new plot.
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- see above
  }, [names, stepped, language, shade]);
  return (
    <figure className="chart">
      <div ref={frame} className={onPick === undefined ? "plot" : "plot plot-picks"} role="img" aria-label={label} />
      <Values series={series} times={times} index={index} format={format} />
    </figure>
  );
}

interface ValuesProps {
  series: readonly Series[];
  times: readonly number[];
  /** Null: the newest that is known. */
  index: number | null;
  format: (value: number) => string;
}

function Values({ series, times, index, format }: ValuesProps) {
  const { time } = useFormat();
  const at = index === null ? undefined : times[index];
  return (
    <figcaption aria-hidden="true">
      <span className="chart-key">
        {series.map(({ label, colour, values }) => {
          const value = index === null ? values.findLast((one) => one !== null) : values[index];
          return (
            <span key={label} className="version">
              <i className="swatch" style={{ background: colour }} />
              {label} <b className="number">{value === null || value === undefined ? "–" : format(value)}</b>
            </span>
          );
        })}
      </span>
      <span className="faint number">{at === undefined ? "" : time(new Date(at * 1000).toISOString()).replace(/[.,]\d+$/, "")}</span>
    </figcaption>
  );
}
