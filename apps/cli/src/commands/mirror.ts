import type { MirrorComparison, MirrorReport } from "@ebb/api";
import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { finishChange } from "../operations.ts";
import { ENV, placeOf } from "../place.ts";

const APP = { app: { summary: "The application", required: true, completes: "app" } } as const;

export const mirrorCommand = defineCommand({
  name: "mirror",
  summary: "Sends copies of requests to a version, and compares its answers",
  description: `Whoever sends a request gets the answer of the version that serves; nobody waits for the other's. Copied are GET, HEAD and OPTIONS alone,
unless you ask for all: a copy of an order orders once more. Answers are compared by status, size and time to the first byte.`,
  args: APP,
  options: {
    ...ENV,
    to: { kind: "text", placeholder: "VERSION", summary: "The version that gets the copies" },
    percent: { kind: "integer", placeholder: "N", min: 1, max: 100, summary: "Of the requests; 100 by default" },
    "all-methods": { kind: "flag", summary: "Copy requests that change something, too" },
    off: { kind: "flag", summary: "Send no more copies; the report stays" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb mirror hello --to v5 --percent 10", what: "A tenth of the requests, to see what v5 would answer" },
    { run: "ebb mirror hello --off", what: "No more copies" },
  ],
  async run(context, { args, options }) {
    const { to, percent = 100, off } = options;
    if (off === (to !== undefined)) throw usageError("either --to VERSION or --off", "Begin with --to v5 --percent 10, end with --off.");
    const client = await context.connect();
    const place = await placeOf(context, client, args.app, options.env);
    const methods = options["all-methods"] ? "all" : "safe";
    const change = to === undefined ? client.stopMirror(place) : client.setMirror(place, { version: to, percent, methods });
    const done =
      to === undefined
        ? `${args.app} in ${place.env}: no more copies are sent.`
        : `${args.app} in ${place.env}: copies of ${percent} % of the requests go to ${to}. How it answers: ebb mirror report ${args.app} --env ${place.env}`;
    await finishChange(context, client, await change, done);
  },
});

export const mirrorReportCommand = defineCommand({
  name: "mirror report",
  summary: "Shows how a version's answers to copies compare with the real ones",
  args: APP,
  options: ENV,
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb mirror report hello", what: "Status, size and time, and requests whose answers differ" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    const report = await client.mirrorReport(await placeOf(context, client, args.app, options.env));
    context.output.show(report, () => reportText(report));
  },
});

function reportText({ message, comparisons }: MirrorReport): string[] {
  return [message, ...comparisons.flatMap(comparisonText)];
}

function comparisonText(found: MirrorComparison): string[] {
  const { compared, statusDiffers, sizeDiffers, leftOut, fromMs, toMs, samples } = found;
  const [from, to] = [found.from ?? "?", found.to ?? "?"];
  const share = (count: number) => `${count} (${((100 * count) / Math.max(1, compared)).toFixed(1)} %)`;
  const answer = ({ status, bytes, ms, whole }: (typeof samples)[number]["from"]) =>
    `${status}${whole ? "" : " broken off"}, ${bytes} B, ${ms.toFixed(1)} ms`;
  return [
    `${to} against ${from}: ${compared} answers compared, ${leftOut} left out`,
    `  another status  ${share(statusDiffers)}`,
    `  another size    ${share(sizeDiffers)}`,
    `  first byte      p50 ${toMs.p50} ms (${from} ${fromMs.p50}), p95 ${toMs.p95} ms (${from} ${fromMs.p95})`,
    ...samples
      .slice(0, 10)
      .flatMap((sample) => [
        `  ${sample.method} ${sample.path}  ${sample.id}`,
        `      ${from}: ${answer(sample.from)};  ${to}: ${answer(sample.to)}`,
      ]),
  ];
}
