import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { finishChange } from "../operations.ts";
import { parseDuration } from "../output/durations.ts";
import { ENVIRONMENT, TEAM, teamOf } from "../place.ts";

const SECOND = 1000;

export const envMoveCommand = defineCommand({
  name: "env move",
  summary: "Moves an environment, with the applications in it, to another cluster",
  description: `What serves, what rules and pins lead to and what served before is started there with the very artifacts and values, and asked; then everybody is led there, and the old is taken away. Until
it leads there nothing has changed, and \`ebb operations cancel\` stops it. Changes in the environment wait meanwhile. Its hosts are those of the other cluster: with --hold the old ones serve on, until DNS has followed.`,
  args: { name: ENVIRONMENT },
  options: {
    ...TEAM,
    to: { kind: "text", placeholder: "CLUSTER", summary: "The cluster; `ebb cluster list` has them" },
    hold: { kind: "text", placeholder: "TIME", summary: "How long the old one serves on: 10m, an hour at most; not at all otherwise" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb env move prod --to eu", what: "As soon as it serves there" },
    { run: "ebb env move prod --to eu --hold 10m", what: "With time for DNS to follow" },
  ],
  async run(context, { args, options }) {
    const { to, hold } = options;
    if (to === undefined) throw usageError("--to is missing", "See `ebb cluster list`.");
    const held = hold === undefined ? 0 : parseDuration(hold);
    if (held === undefined) throw usageError(`--hold ${hold ?? ""}: not a time`, "For example 10m, an hour at most.");
    const client = await context.connect();
    const body = { cluster: to, ...(held === 0 ? {} : { holdSeconds: Math.ceil(held / SECOND) }) };
    const moving = await client.moveEnvironment(teamOf(context, options.team), args.name, body);
    await finishChange(context, client, moving, `${args.name} is on ${to}. Where its applications are now: ebb apps`);
  },
});
