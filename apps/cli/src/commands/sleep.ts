import type { OnRequest, Schedule } from "@ebb/api";
import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { finishChange } from "../operations.ts";
import { ENVIRONMENT, TEAM, teamOf } from "../place.ts";
import { show } from "./environments.ts";

const ON_REQUEST = {
  "on-request": {
    kind: "text",
    placeholder: "wake|refuse",
    choices: ["wake", "refuse"],
    summary: "What requests do meanwhile: wake the application, or get a page with status 503",
  },
} as const;

export const envSleepCommand = defineCommand({
  name: "env sleep",
  summary: "Lets all applications of an environment sleep",
  description:
    "Nothing is kept running: what keeps instances otherwise keeps none, without a new version. It stays asleep until `ebb env wake`, or until its schedule wakes it. Without --on-request it is as the schedule says, or `wake`.",
  args: { name: ENVIRONMENT },
  options: { ...TEAM, ...ON_REQUEST },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb env sleep staging", what: "Until somebody needs it" },
    { run: "ebb env sleep staging --on-request refuse", what: "Not even a request wakes anything" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const onRequest = options["on-request"] as OnRequest | undefined;
    const body = onRequest === undefined ? {} : { onRequest };
    await finishChange(context, client, await client.sleepEnvironment(teamOf(context, options.team), args.name, body));
  },
});

export const envWakeCommand = defineCommand({
  name: "env wake",
  summary: "Wakes an environment, in the order of what depends on what",
  description: "Everything is as it was before: applications that keep instances have them again, the others wait for requests.",
  args: { name: ENVIRONMENT },
  options: TEAM,
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb env wake staging", what: "Until its schedule lets it sleep again" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    await finishChange(context, client, await client.wakeEnvironment(teamOf(context, options.team), args.name));
  },
});

export const envScheduleCommand = defineCommand({
  name: "env schedule",
  summary: "Says when an environment sleeps and wakes by itself",
  description:
    "Times are cron expressions of five fields in a time zone, also over changes of the clock. It counts from its next time on; what is done by hand holds until then.",
  args: { name: ENVIRONMENT },
  options: {
    ...TEAM,
    sleep: { kind: "list", placeholder: "CRON", summary: "When it falls asleep; may be given more than once" },
    wake: { kind: "list", placeholder: "CRON", summary: "When it wakes; may be given more than once" },
    zone: { kind: "text", placeholder: "ZONE", summary: "Time zone of the expressions; UTC otherwise" },
    ...ON_REQUEST,
    none: { kind: "flag", summary: "Take the schedule away" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    {
      run: "ebb env schedule test --sleep '0 20 * * 1-5' --wake '0 7 * * 1-5' --zone Europe/Berlin",
      what: "At night, and from Friday to Monday",
    },
    { run: "ebb env schedule test --none", what: "Only by hand from now on" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    show(context, await client.patchEnvironment(teamOf(context, options.team), args.name, { schedule: asked(options) }));
  },
});

interface Asked {
  readonly sleep: readonly string[];
  readonly wake: readonly string[];
  readonly zone: string | undefined;
  readonly "on-request": string | undefined;
  readonly none: boolean;
}

function asked({ sleep, wake, zone = "UTC", none, ...rest }: Asked): Schedule | null {
  if (none && sleep.length === 0 && wake.length === 0) return null;
  if (none || sleep.length === 0 || wake.length === 0) {
    throw usageError("a schedule has --sleep and --wake", "Take it away with --none; see `ebb env schedule --help`.");
  }
  return { sleep: [...sleep], wake: [...wake], timeZone: zone, onRequest: (rest["on-request"] as OnRequest | undefined) ?? "wake" };
}
