import type { ColdStart } from "@ebb/api";
import { defineCommand } from "../command.ts";
import { ageOf, clockTime } from "../output/durations.ts";
import type { Column } from "../output/table.ts";
import { ENV, placeOf } from "../place.ts";

const PHASES = ["decision", "queued", "sandbox", "launch", "boot", "seen", "firstByte"] as const;

export const coldStartsCommand = defineCommand({
  name: "cold-starts",
  summary: "Shows how an application's last instances came to serve, phase by phase",
  args: { app: { summary: "The application", required: true, completes: "app" } },
  options: {
    ...ENV,
    version: { kind: "text", placeholder: "VERSION", completes: "version", summary: "Of this version; otherwise of all" },
    limit: { kind: "integer", placeholder: "N", min: 1, max: 500, summary: "So many starts (15)" },
  },
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb cold-starts hello", what: "Milliseconds from the request to its first byte, phase by phase" },
    { run: "ebb cold-starts hello -o json", what: "The same for a program" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const now = context.host.clock.now();
    const starts = await client.coldStarts(await placeOf(context, client, args.app, options.env), {
      version: options.version,
      limit: options.limit ?? 15,
    });
    context.output.table({
      data: starts,
      rows: starts.items,
      columns: columns(now),
      empty: starts.recorded
        ? `No instance of ${args.app} has started since the control plane did.`
        : "This cluster does not tell how instances start: only Ebb's own does.",
    });
  },
});

function columns(now: number): Column<ColdStart>[] {
  return [
    { header: "TIME", value: ({ time }) => clockTime(time) },
    { header: "AGE", value: ({ time }) => ageOf(time, now), align: "right" },
    { header: "VERSION", value: ({ version }) => version },
    { header: "FROM", value: ({ from }) => from },
    ...PHASES.map((phase): Column<ColdStart> => ({
      header: phase === "firstByte" ? "FIRST BYTE" : phase.toUpperCase(),
      value: ({ phases, waited }) => (!waited && (phase === "decision" || phase === "firstByte") ? "-" : phases[phase].toFixed(1)),
      align: "right",
    })),
    { header: "TOTAL", value: ({ total }) => `${total.toFixed(1)} ms`, align: "right" },
    { header: "INSTANCE", wide: true, value: ({ instance }) => instance },
  ];
}
