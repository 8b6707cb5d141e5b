import type { Happening } from "@ebb/api";
import { HAPPENING_KINDS, type HappeningKind } from "@ebb/api/client";
import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { ageOf } from "../output/durations.ts";
import type { Column } from "../output/table.ts";
import { ENV, placeOf } from "../place.ts";
import { timeOption } from "../time-option.ts";

export const eventsCommand = defineCommand({
  name: "events",
  summary: "Lists what happened to an application: operations, scaling, the cluster, alerts",
  args: { app: { summary: "The application", required: true, completes: "app" } },
  options: {
    ...ENV,
    kind: { kind: "list", placeholder: "KIND", summary: `Only of this kind: ${HAPPENING_KINDS.join(", ")}` },
    before: { kind: "text", placeholder: "TIME", summary: "What came before: an age (90s, 10m, 2h, 1d) or an RFC 3339 time" },
    limit: { kind: "integer", placeholder: "N", min: 1, max: 500, summary: "So many (30)" },
  },
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb events shop --env prod", what: "The newest thirty" },
    { run: "ebb events shop --kind alert --kind cluster --before 1h", what: "Of two kinds, an hour ago and earlier" },
  ],
  async run(context, { args, options }) {
    const kinds = options.kind.map(kindOf);
    const now = context.host.clock.now();
    const before = options.before === undefined ? undefined : timeOption("--before", options.before, now);
    const client = await context.connect();
    const place = await placeOf(context, client, args.app, options.env);
    const items = await client.happenings(place, { kinds, before, limit: options.limit ?? 30 });
    context.output.table({ data: { items }, rows: items, columns: columns(now), empty: `Nothing happened to ${args.app} yet.` });
  },
});

function kindOf(text: string): HappeningKind {
  const kind = HAPPENING_KINDS.find((one) => one === text);
  if (kind) return kind;
  throw usageError(`there is no kind ${text}`, `One of ${HAPPENING_KINDS.join(", ")}.`);
}

function columns(now: number): Column<Happening>[] {
  return [
    { header: "AGE", value: ({ time }) => ageOf(time, now), align: "right" },
    {
      header: "KIND",
      value: ({ kind }) => kind,
    },
    { header: "LEVEL", wide: true, value: ({ level }) => level },
    { header: "WHAT", value: ({ what, state }) => (state === null ? what : `${what} ${state}`), style: (text, style) => style.bold(text) },
    { header: "VERSION", value: ({ version }) => version ?? "-" },
    { header: "BY", value: ({ by }) => by ?? "-" },
    { header: "MESSAGE", value: ({ message, count }) => (count > 1 ? `${message} (${count} times)` : message) },
  ];
}
