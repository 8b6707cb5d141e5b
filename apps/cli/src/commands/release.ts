import type { Release, StartRelease } from "@ebb/api";
import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { finishChange } from "../operations.ts";
import { movesText } from "../moves-text.ts";
import { ENV, placeOf } from "../place.ts";
import { parseCondition } from "../rule-syntax.ts";

const APP = { app: { summary: "The application", required: true, completes: "app" } } as const;

export const releaseCommand = defineCommand({
  name: "release",
  summary: "Moves the traffic to a version step by step, as long as it does well",
  description: `In each step the new version is compared with what serves beside it: requests that fail, the 95th percentile, restarts. When it does worse,
everything goes back to where it was at once, and the release fails with the figures.`,
  args: { ...APP, version: { summary: "The version, deployed with --no-traffic", required: true, completes: "version" } },
  options: {
    ...ENV,
    steps: { kind: "text", placeholder: "PERCENTS", summary: "5,25,50,100 by default; 100 changes over at once" },
    pause: {
      kind: "text",
      placeholder: "TIME",
      summary: "In each step: 30s, 5m (the default), 1h, or manual: until `ebb release continue`",
    },
    "max-error-rate": { kind: "text", placeholder: "RATE", summary: "So much more may fail than of the old version: 0.01, or 1%" },
    "max-p95-ratio": {
      kind: "text",
      placeholder: "RATIO",
      summary: "The 95th percentile may be so many times the old version's; 2 by default",
    },
    "min-requests": {
      kind: "integer",
      placeholder: "N",
      min: 0,
      max: 1_000_000,
      summary: "Each step waits for so many requests; 20 by default",
    },
    "max-restarts": {
      kind: "integer",
      placeholder: "N",
      min: 0,
      max: 1000,
      summary: "So many restarts of its instances are allowed; 2 by default",
    },
    plan: { kind: "flag", summary: "Only say which of the last requests its first and its last step would move" },
    header: { kind: "list", placeholder: "NAME=VALUE", summary: "Requests with this header get it from the first step on" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb release hello v4", what: "5, 25, 50, then 100 percent, five minutes each" },
    { run: "ebb release hello v4 --steps 10,100 --pause manual --header x-canary=1", what: "Testers first, and on when somebody says so" },
  ],
  async run(context, { args, options }) {
    const body = startOf(args.version, options);
    const client = await context.connect();
    const place = await placeOf(context, client, args.app, options.env);
    if (options.plan) {
      const moves = await client.planRelease(place, body);
      context.output.show(moves, () => ["First step:", ...movesText(moves.first), "Last step:", ...movesText(moves.last)]);
      return;
    }
    await finishChange(context, client, await client.startRelease(place, body));
  },
});

interface Options {
  readonly steps: string | undefined;
  readonly pause: string | undefined;
  readonly "max-error-rate": string | undefined;
  readonly "max-p95-ratio": string | undefined;
  readonly "min-requests": number | undefined;
  readonly "max-restarts": number | undefined;
  readonly header: readonly string[];
}

function startOf(version: string, options: Options): StartRelease {
  const guard = {
    ...(options["max-error-rate"] === undefined ? {} : { maxErrorRate: rateOf(options["max-error-rate"]) }),
    ...(options["max-p95-ratio"] === undefined ? {} : { maxP95Ratio: numberOf("max-p95-ratio", options["max-p95-ratio"]) }),
    ...(options["min-requests"] === undefined ? {} : { minRequests: options["min-requests"] }),
    ...(options["max-restarts"] === undefined ? {} : { maxRestarts: options["max-restarts"] }),
  };
  return {
    version,
    guard,
    ...(options.steps === undefined ? {} : { steps: options.steps.split(",").map((text) => numberOf("steps", text)) }),
    ...(options.pause === undefined ? {} : { pauseSeconds: pauseOf(options.pause) }),
    ...(options.header.length === 0 ? {} : { when: options.header.map((text) => parseCondition(`header.${text}`)) }),
  };
}

function numberOf(option: string, text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw usageError(`--${option}: ${JSON.stringify(text)} is not a number`, "Write it as 25, or 1.5.");
}

function rateOf(text: string): number {
  return text.endsWith("%") ? numberOf("max-error-rate", text.slice(0, -1)) / 100 : numberOf("max-error-rate", text);
}

const SECONDS = { s: 1, m: 60, h: 3600 } as const;

function pauseOf(text: string): number | null {
  if (text === "manual") return null;
  const [, digits, unit] = /^(\d+)([smh])$/.exec(text) ?? [];
  if (digits === undefined) throw usageError(`--pause ${text}: not a time`, "Write it as 30s, 5m, 1h, or manual.");
  return Number(digits) * SECONDS[unit as keyof typeof SECONDS];
}

export const releaseStatusCommand = defineCommand({
  name: "release status",
  summary: "Shows the releases of an application, newest first",
  args: APP,
  options: ENV,
  prints: "table",
  uses: "platform",
  examples: [{ run: "ebb release status hello", what: "What is under way, and how the last ones ended" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    const items = await client.listReleases(await placeOf(context, client, args.app, options.env));
    context.output.table({
      data: { items },
      rows: items,
      columns: [
        { header: "VERSION", value: (release) => release.version },
        { header: "STATE", value: (release) => release.operation.state },
        { header: "STEP", value: stepText },
        { header: "MESSAGE", value: (release) => release.operation.failure?.message ?? release.operation.phases.at(-1)?.message ?? "" },
        { header: "BY", value: (release) => release.operation.createdBy },
      ],
      empty: `${args.app} has had no release; start one with: ebb release ${args.app} VERSION`,
    });
  },
});

function stepText({ step, steps }: Release): string {
  return step === null ? "" : `${steps[step] ?? 100} % (${step + 1}/${steps.length})`;
}

export const releaseContinueCommand = defineCommand({
  name: "release continue",
  summary: "Lets a release leave the step that it is in",
  description: "In place of the pause, and of the requests that are missing; one that does badly goes back all the same.",
  args: APP,
  options: ENV,
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb release continue hello", what: "To the next step" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    const release = await client.continueRelease(await placeOf(context, client, args.app, options.env));
    context.output.show(release, () => [`${args.app}: ${release.version} leaves step ${stepText(release)}`]);
  },
});

export const releaseAbortCommand = defineCommand({
  name: "release abort",
  summary: "Ends a release; the traffic goes back to where it was",
  args: APP,
  options: ENV,
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb release abort hello", what: "Everybody is back on the version before" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    const release = await client.abortRelease(await placeOf(context, client, args.app, options.env));
    context.output.show(release, () => [`${args.app}: the release of ${release.version} is being taken back`]);
  },
});
