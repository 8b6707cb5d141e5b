import type { Metrics, MetricsPoint, MetricsSummary } from "@ebb/api";
import { metricsColumns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import { clockTime } from "../output/durations.ts";
import { timeOption } from "../time-option.ts";
import { ENV, placeOf } from "../place.ts";

export const metricsCommand = defineCommand({
  name: "metrics",
  summary: "Shows an application's requests, errors, latencies and instances",
  args: { app: { summary: "The application", required: true, completes: "app" } },
  options: {
    ...ENV,
    version: { kind: "text", placeholder: "VERSION", completes: "version", summary: "Of this version only" },
    last: { kind: "text", placeholder: "AGE", summary: "Of this much time until now (1h); at most 30d" },
    points: { kind: "flag", summary: "A row for each point in time in place of one for each version" },
  },
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb metrics hello", what: "The last hour, by version" },
    { run: "ebb metrics hello --last 10m --points", what: "The last ten minutes, ten seconds a row" },
    { run: "ebb metrics hello --version v2 --last 7d -o json", what: "A week of v2, for a program" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const from = timeOption("--last", options.last ?? "1h", context.host.clock.now());
    const metrics = await client.metrics(await placeOf(context, client, args.app, options.env), { from });
    const series = options.version === undefined ? metrics.total : metrics.versions.find(({ version }) => version === options.version);
    const empty = emptyText(args.app, metrics);
    if (options.points) {
      context.output.table<MetricsPoint>({
        data: options.version === undefined ? metrics : { ...metrics, versions: series ? [series] : [] },
        rows: series?.points ?? [],
        columns: metricsColumns({ header: "TIME", value: (point) => clockTime(point.time) }, metrics.stepSeconds),
        empty,
      });
      return;
    }
    const versions = metrics.versions.filter(({ version }) => options.version === undefined || options.version === version);
    const rows = versions.map(({ version, summary }) => ({ version, ...summary }));
    if (rows.length > 1) rows.push({ version: "all", ...metrics.total.summary });
    const seconds = (Date.parse(metrics.to) - Date.parse(metrics.from)) / 1000;
    context.output.table<MetricsSummary & { version: string }>({
      data: { ...metrics, versions },
      rows,
      columns: metricsColumns({ header: "VERSION", value: (row) => row.version, style: (text, style) => style.bold(text) }, seconds),
      empty,
    });
  },
});

function emptyText(app: string, { recorded, from }: Metrics): string {
  return recorded
    ? `Nothing happened on ${app} since ${clockTime(from)}.`
    : "This cluster does not count for Ebb: only Ebb's own does. Knative's own metrics are in the cluster's Prometheus.";
}
