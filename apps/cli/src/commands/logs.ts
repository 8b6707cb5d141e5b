import type { LogRecord } from "@ebb/api";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { usageError } from "../failure.ts";
import { clockTime } from "../output/durations.ts";
import { printable } from "../output/style.ts";
import { timeOption } from "../time-option.ts";
import { ENV, placeOf } from "../place.ts";

export const logsCommand = defineCommand({
  name: "logs",
  summary: "Shows what an application has written",
  args: { app: { summary: "The application", required: true, completes: "app" } },
  options: {
    ...ENV,
    follow: { kind: "flag", short: "f", summary: "Go on with new lines until Ctrl-C" },
    version: { kind: "text", placeholder: "VERSION", completes: "version", summary: "Of this version alone" },
    instance: { kind: "text", placeholder: "ID", summary: "Of this instance alone" },
    tail: { kind: "integer", placeholder: "N", min: 0, max: 100_000, summary: "Only the last N lines of what there is" },
    since: { kind: "text", placeholder: "TIME", summary: "Only from then on: an age (90s, 10m, 2h, 1d) or an RFC 3339 time" },
    until: { kind: "text", placeholder: "TIME", summary: "Only until then; written as --since, and not together with -f" },
  },
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb logs hello -f", what: "What it writes, as it comes" },
    { run: "ebb logs hello --since 10m --version v2", what: "One version's last ten minutes" },
    { run: "ebb logs hello -o json | jq -r .text", what: "A JSON object a line, for scripts" },
  ],
  async run(context, { args, options }) {
    if (options.follow && options.until !== undefined)
      throw usageError("--until and --follow: what has not been written yet has no end", "Leave one of them out.");
    const client = await context.connect();
    const time = (option: "since" | "until") => {
      const text = options[option];
      return text === undefined ? undefined : timeOption(`--${option}`, text, context.host.clock.now());
    };
    const { version, instance, tail, follow } = options;
    const query = { version, instance, tail, follow: follow || undefined, since: time("since"), until: time("until") };
    const place = await placeOf(context, client, args.app, options.env);
    let lines = 0;
    for await (const record of client.logs(place, { ...query, signal: context.host.interrupted })) {
      lines += 1;
      if (context.output.structured) context.output.item(record);
      else context.output.lines([logLine(context, record)]);
    }
    if (lines === 0 && !context.output.structured) context.progress.line(`${args.app} has written nothing that matches.`);
  },
});

function logLine(context: Context, record: LogRecord): string {
  const { style, wide } = context.output;
  const text = context.host.stdout.isTTY ? printable(record.text) : record.text;
  const time = wide ? record.time : clockTime(record.time, "milliseconds");
  const source = wide ? `${record.version}/${record.instance} ${record.stream}` : `${record.version}/${record.instance.slice(-5)}`;
  return `${style.dim(`${time} ${source}`)} ${record.stream === "stderr" ? style.warn(text) : text}`;
}
