import type { RecentRequest } from "@ebb/api";
import { REQUEST_STATUSES } from "@ebb/api/client";
import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { ageOf, clockTime } from "../output/durations.ts";
import type { Column } from "../output/table.ts";
import { ENV, placeOf } from "../place.ts";

export const requestsCommand = defineCommand({
  name: "requests",
  summary: "Shows an application's last requests from outside, with their answers",
  description: `As Ebb's gateway remembers them once they are over, for two days at most. Under load it keeps a sample, and a line stands for several: what
failed, what was refused (4xx) and the rest are each kept apart, so that none of them pushes out another.`,
  args: { app: { summary: "The application", required: true, completes: "app" } },
  options: {
    ...ENV,
    failed: { kind: "flag", summary: "Those alone that failed: 5xx, and answers that broke off" },
    status: { kind: "text", placeholder: "STATUS", choices: REQUEST_STATUSES, summary: "Those alone that were answered so" },
    version: { kind: "text", placeholder: "VERSION", completes: "version", summary: "Those of this version alone" },
    limit: { kind: "integer", placeholder: "N", min: 1, max: 500, summary: "So many (50)" },
  },
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb requests hello", what: "The last requests, the newest first" },
    { run: "ebb requests hello --env prod --failed", what: "What failed, and why where no instance answered" },
    { run: "ebb requests hello --status 4xx -o wide", what: "Those that were refused, with their ids for ebb explain" },
  ],
  async run(context, { args, options }) {
    const { failed, version, limit } = options;
    if (failed && options.status !== undefined) throw usageError("--failed and --status exclude each other", "Leave one of them out.");
    const status = failed ? "failed" : REQUEST_STATUSES.find((one) => one === options.status);
    const client = await context.connect();
    const found = await client.recentRequests(await placeOf(context, client, args.app, options.env), { status, version, limit });
    const narrowed = status !== undefined || version !== undefined;
    context.output.table({
      data: found,
      rows: found.items,
      columns: columns(context.host.clock.now()),
      empty: found.recorded
        ? `No ${narrowed ? "such " : ""}request from outside in the last two days`
        : "This cluster keeps no requests; Ebb's own does",
    });
  },
});

function columns(now: number): Column<RecentRequest>[] {
  return [
    { header: "TIME", value: ({ time }) => clockTime(time) },
    { header: "AGE", value: ({ time }) => ageOf(time, now), align: "right" },
    { header: "REQUEST", value: ({ method, path }) => `${method} ${path}` },
    { header: "STATUS", value: ({ status, outcome }) => (outcome === "complete" ? `${status}` : `${status} ${outcome}`) },
    { header: "TOOK", value: ({ durationMs }) => `${durationMs.toFixed(1)} ms`, align: "right" },
    { header: "VERSION", value: ({ version }) => version ?? "" },
    { header: "STANDS FOR", value: ({ count }) => String(count), align: "right" },
    { header: "WHY", value: ({ reason }) => reason ?? "" },
    { header: "HOST", wide: true, value: ({ host }) => host },
    { header: "ID", wide: true, value: ({ id }) => id },
  ];
}
