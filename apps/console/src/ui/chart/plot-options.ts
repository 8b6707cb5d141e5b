import UPlot from "uplot";
import type { Mark, Series } from "./series-chart.tsx";

interface PlotSetup {
  element: HTMLElement;
  series: readonly Series[];
  stepped: boolean;
  language: string;
  /** Plots with the same name share their cursor. */
  together: string;
  format: (value: number) => string;
  marks: () => readonly Mark[];
  onIndex: (index: number | null) => void;
}

const DAY = 86_400;
/** Seconds: a shorter time has several ticks a minute. */
const SHORT = 600;
const MARK = 4;

/** uPlot's options for values over time in the console's colours, words and numbers. */
export function plotOptions(setup: PlotSetup): UPlot.Options {
  const { element, series, stepped, language, together, format, marks, onIndex } = setup;
  const style = getComputedStyle(element);
  // A canvas knows no CSS variable.
  const colourOf = (colour: string) => colour.replace(/^var\((--[^)]+)\)$/, (_all, name: string) => style.getPropertyValue(name).trim());
  const axis = { stroke: colourOf("var(--faint)"), font: `12px ${style.fontFamily}`, ticks: { show: false } };
  const grid = { stroke: colourOf("var(--line)"), width: 1 };
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const seconds = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const date = new Intl.DateTimeFormat(language, { month: "short", day: "numeric" });
  const paths = stepped ? UPlot.paths.stepped?.({ align: 1 }) : undefined;
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false }, sync: { key: together, setSeries: false } },
    scales: { y: { range: (_plot, _min, max) => [0, niceTop(max, stepped)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 70,
        values: (plot, splits) => {
          const { min = 0, max = 0 } = plot.scales["x"] ?? {};
          const words = max - min > 2 * DAY ? date : max - min < SHORT ? seconds : clock;
          return splits.map((split) => words.format(split * 1000));
        },
      },
      { ...axis, grid, size: 62, space: 34, incrs: stepped ? WHOLE : FRACTIONS, values: (_plot, splits) => splits.map(format) },
    ],
    series: [
      {},
      ...series.map(({ label, colour }) => ({
        label,
        stroke: colourOf(colour),
        ...(series.length === 1 ? { fill: `${colourOf(colour)}1c` } : {}),
        width: 1.75,
        points: { show: stepped ? false : showLonePoints, size: 4, fill: colourOf(colour) },
        ...(paths === undefined ? {} : { paths }),
      })),
    ],
    hooks: {
      setCursor: [(plot) => onIndex(plot.cursor.idx ?? null)],
      draw: [(plot) => drawMarks(plot, marks(), colourOf)],
    },
  };
}

const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const FRACTIONS = [-3, -2, -1, 0, 1, 2, 3, 4, 5].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));

/** A line of nothing but zeros still needs a height. */
function niceTop(max: number | null, whole: boolean): number {
  if (max === null || max <= 0) return 1;
  return whole ? Math.max(1, Math.ceil(max * 1.1)) : max * 1.1;
}

/** A value between two gaps is no line: it shows as a dot. */
function showLonePoints(plot: UPlot, seriesIndex: number, from: number, to: number): boolean {
  const values = plot.data[seriesIndex] ?? [];
  let known = 0;
  for (let i = from; i <= to; i++) if (typeof values[i] === "number") known++;
  return known > 0 && known < 60;
}

function drawMarks(plot: UPlot, marks: readonly Mark[], colourOf: (colour: string) => string): void {
  const { ctx, bbox } = plot;
  const size = MARK * devicePixelRatio;
  ctx.save();
  for (const { time, shape, colour } of marks) {
    const x = plot.valToPos(time, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.fillStyle = colourOf(colour);
    ctx.beginPath();
    if (shape === "line") ctx.rect(x - devicePixelRatio / 2, bbox.top, devicePixelRatio, bbox.height);
    else if (shape === "circle") ctx.arc(x, bbox.top + size, size * 0.8, 0, 2 * Math.PI);
    else {
      const bottom = bbox.top + bbox.height;
      ctx.moveTo(x, bottom - 2 * size);
      ctx.lineTo(x + size, bottom);
      ctx.lineTo(x - size, bottom);
    }
    ctx.fill();
  }
  ctx.restore();
}
