import type { Freeze } from "@ebb/api";
import { defineCommand } from "../command.ts";
import { Failure, usageError } from "../failure.ts";
import { ENVIRONMENT, TEAM, teamOf } from "../place.ts";
import { show } from "./environments.ts";

export const envFreezeCommand = defineCommand({
  name: "env freeze",
  summary: "Adds a time in which nothing in an environment may be changed",
  description:
    "Once with --from and --to, or again and again with --cron, --hours and --zone. A platform administrator overrides it for one command by a reason in EBB_OVERRIDE_FREEZE.",
  args: { name: ENVIRONMENT },
  options: {
    ...TEAM,
    why: { kind: "text", placeholder: "TEXT", summary: "What whoever is refused is told; required" },
    from: { kind: "text", placeholder: "TIME", summary: "RFC 3339 with its offset: 2026-12-20T18:00+01:00" },
    to: { kind: "text", placeholder: "TIME", summary: "Its end, which is free again" },
    cron: { kind: "text", placeholder: "CRON", summary: "Five fields: when it begins" },
    hours: { kind: "integer", placeholder: "N", min: 1, max: 744, summary: "How long it lasts" },
    zone: { kind: "text", placeholder: "ZONE", summary: "Time zone of the cron expression; UTC otherwise" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb env freeze prod --why Christmas --from 2026-12-23T18:00+01:00 --to 2027-01-02T08:00+01:00", what: "Once" },
    { run: "ebb env freeze prod --why weekend --cron '0 16 * * 5' --hours 64 --zone Europe/Berlin", what: "Friday 16:00 to Monday 8:00" },
  ],
  async run(context, { args, options }) {
    const freeze = asked(options);
    const client = await context.connect();
    const team = teamOf(context, options.team);
    const { freezes } = await client.getEnvironment(team, args.name);
    show(context, await client.patchEnvironment(team, args.name, { freezes: [...freezes, freeze] }));
  },
});

export const envUnfreezeCommand = defineCommand({
  name: "env unfreeze",
  summary: "Takes freezes of an environment away, by their reason",
  args: { name: ENVIRONMENT, why: { summary: "As it was given to `ebb env freeze`", required: true } },
  options: TEAM,
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb env unfreeze prod Christmas", what: "The others stay" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    const team = teamOf(context, options.team);
    const { freezes } = await client.getEnvironment(team, args.name);
    const kept = freezes.filter(({ why }) => why !== args.why);
    if (kept.length === freezes.length) {
      throw new Failure(`${args.name} has no freeze "${args.why}"`, { hint: `See them with \`ebb env show ${args.name}\`.` });
    }
    show(context, await client.patchEnvironment(team, args.name, { freezes: kept }));
  },
});

interface Asked {
  readonly why: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly cron: string | undefined;
  readonly hours: number | undefined;
  readonly zone: string | undefined;
}

function asked({ why, from, to, cron, hours, zone = "UTC" }: Asked): Freeze {
  if (!why) throw usageError("a freeze says why", "Add --why TEXT: whoever is refused reads it.");
  if (cron !== undefined && hours !== undefined && from === undefined && to === undefined) {
    return { why, cron, minutes: hours * 60, timeZone: zone };
  }
  if (from !== undefined && to !== undefined && cron === undefined && hours === undefined) return { why, from, to };
  throw usageError("a freeze has --from and --to, or --cron and --hours", "See `ebb env freeze --help`.");
}
