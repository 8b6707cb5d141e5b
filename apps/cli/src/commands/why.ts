import type { ScalingDecision } from "@ebb/api";
import { decisionColumns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import { counted } from "../output/counted.ts";
import { ageOf, clockTime } from "../output/durations.ts";
import { timeOption } from "../time-option.ts";
import { ENV, placeOf } from "../place.ts";

export const whyCommand = defineCommand({
  name: "why",
  summary: "Tells why an application has as many instances as it has",
  args: { app: { summary: "The application", required: true, completes: "app" } },
  options: {
    ...ENV,
    version: {
      kind: "text",
      placeholder: "VERSION",
      completes: "version",
      summary: "Of this version; otherwise of those that get traffic",
    },
    at: { kind: "text", placeholder: "TIME", summary: "As it was then: an age (90s, 10m, 2h, 1d) or an RFC 3339 time" },
    limit: { kind: "integer", placeholder: "N", min: 1, max: 500, summary: "So many decisions in the table (15)" },
  },
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb why hello", what: "The reason in a sentence, and the decisions before it" },
    { run: "ebb why hello --at 2h", what: "As it was two hours ago" },
    { run: "ebb why hello -o wide", what: "With what was measured, and the bounds" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const now = context.host.clock.now();
    const at = options.at === undefined ? undefined : timeOption("--at", options.at, now);
    const place = await placeOf(context, client, args.app, options.env);
    const [app, decisions] = await Promise.all([
      client.getAppEnvironment(place),
      client.decisions(place, { version: options.version, at, limit: 500 }),
    ]);
    const serving = app.traffic.filter((target) => target.percent > 0).map((target) => target.version);
    const asked = options.version === undefined ? serving : [options.version];
    const items = decisions.items.filter((decision) => asked.includes(decision.version)).slice(0, options.limit ?? 15);
    if (!context.output.structured) {
      const inForce = asked.flatMap((version) => decisions.items.find((decision) => decision.version === version) ?? []);
      context.output.lines([...inForce.map((decision) => sentence(decision, now)), ...(inForce.length > 0 ? [""] : [])]);
    }
    context.output.table({
      data: { items, recorded: decisions.recorded },
      rows: items,
      columns: decisionColumns(now),
      empty: decisions.recorded
        ? `Nothing was decided on ${args.app}${at === undefined ? " yet" : " until then"}.`
        : "This cluster does not tell of its autoscaler's decisions: only Ebb's own does. Its logs may: kubectl -n knative-serving logs deploy/autoscaler.",
    });
  },
});

/** `v2 has 3 instances since 10:02:13 (4m ago): 21 requests at once on average …`. */
function sentence(decision: ScalingDecision, now: number): string {
  const { version, desired, time, reason } = decision;
  const count = desired === 0 ? "is asleep" : `is to have ${counted(desired, "instance")}`;
  return `${version} ${count} since ${clockTime(time)} (${ageOf(time, now)} ago): ${reason}`;
}
