import type { ComponentType } from "react";
import type { SeriesChartProps } from "./series-chart.tsx";

type Plot = ComponentType<SeriesChartProps>;

let loaded: Plot | undefined;

/** What draws charts, once it is there. */
export const loadedPlot = (): Plot | undefined => loaded;

/** Asks for it, be it before the page that shows a chart is there. */
export async function loadPlot(): Promise<Plot> {
  return (loaded ??= (await import("./plot.tsx")).Plot);
}
