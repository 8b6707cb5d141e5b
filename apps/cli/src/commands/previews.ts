import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { parseDuration } from "../output/durations.ts";
import { previewName } from "@ebb/base";
import { TEAM, teamOf } from "../place.ts";
import { show } from "./environments.ts";

const TTL = {
  ttl: { kind: "text", placeholder: "AGE", summary: "How long from now on: 36h, 3d; at most 30 days. 72h otherwise" },
} as const;
const DEFAULT_TTL = "72h";
const HOUR = 3_600_000;

export const envPreviewCommand = defineCommand({
  name: "env preview",
  summary: "Makes an environment for a branch that deletes itself, or lets it live on",
  description:
    "Deploy to it with --env. The name of a branch becomes a name that an environment can have; run again it says the same and lives on. A team has a limit of such environments: `ebb team set --previews N`.",
  args: { name: { summary: "Of the environment, or of a branch: feature/login", required: true } },
  options: { ...TEAM, ...TTL },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb env preview feature/login --ttl 72h", what: "The environment feature-login, for three days" },
    { run: "ebb env preview main-copy", what: "For three days; deploy to it with `ebb deploy --env main-copy`" },
  ],
  async run(context, { args, options }) {
    const name = previewName(args.name);
    const branch = name === args.name ? {} : { branch: args.name };
    const ttlHours = hours(options.ttl);
    const client = await context.connect();
    show(context, await client.createPreview(teamOf(context, options.team), { name, ...branch, ttlHours }));
  },
});

export const envExtendCommand = defineCommand({
  name: "env extend",
  summary: "Lets a preview environment live on",
  args: { name: { summary: "The environment, or its branch", required: true, completes: "environment" } },
  options: { ...TEAM, ...TTL },
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb env extend feature-login --ttl 24h", what: "A day from now, whatever was left" }],
  async run(context, { args, options }) {
    const ttlHours = hours(options.ttl);
    const client = await context.connect();
    show(context, await client.extendPreview(teamOf(context, options.team), previewName(args.name), { ttlHours }));
  },
});

function hours(text = DEFAULT_TTL): number {
  const age = parseDuration(text);
  if (age !== undefined && age > 0) return Math.round((age / HOUR) * 1000) / 1000;
  throw usageError(`--ttl ${text}: not an age`, "Write 90m, 36h or 3d.");
}
