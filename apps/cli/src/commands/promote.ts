import type { Client } from "@ebb/api";
import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { finishChange } from "../operations.ts";

export const promoteCommand = defineCommand({
  name: "promote",
  summary: "Brings what serves in one environment to another",
  description: `Nothing is built: the same artifact starts with the variables, the secrets and the scaling of the environment that it comes to,
as a new version there, and gets the traffic once it has answered.`,
  args: { app: { summary: "The application", required: true, completes: "app" } },
  options: {
    from: {
      kind: "text",
      placeholder: "ENV",
      completes: "environment",
      summary: "The environment that it is in; by default the one before --to in the chain",
    },
    to: {
      kind: "text",
      placeholder: "ENV",
      completes: "environment",
      summary: "The environment that it comes to; by default the one after --from",
    },
    version: { kind: "text", placeholder: "VERSION", summary: "This version; by default the one that serves" },
    "no-traffic": { kind: "flag", summary: "Leave the traffic where it is; the new version has its preview URL" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb promote hello --from test --to prod", what: "What was tested, and nothing else" },
    { run: "ebb promote hello --to prod --version v7", what: "A certain version of the environment before" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const { from, to } = await route(client, args.app, options);
    const body = {
      from,
      ...(options.version === undefined ? {} : { version: options.version }),
      ...(options["no-traffic"] ? { noTraffic: true } : {}),
    };
    await finishChange(context, client, await client.promote({ app: args.app, env: to }, body));
  },
});

async function route(client: Client, app: string, { from, to }: { from: string | undefined; to: string | undefined }) {
  if (from !== undefined && to !== undefined) return { from, to };
  const { team } = await client.getApp(app);
  const chain = (await client.listEnvironments(team)).map(({ name }) => name);
  const known = from ?? to;
  const at = known === undefined ? 0 : chain.indexOf(known);
  const [first, second] = [chain[to === undefined ? at : at - 1], chain[to === undefined ? at + 1 : at]];
  if (at !== -1 && first !== undefined && second !== undefined) return { from: first, to: second };
  throw usageError(
    `${known ?? "the first environment"} has no neighbour in the chain of ${team}: ${chain.join(" → ") || "none"}`,
    "Name both: --from ENV --to ENV.",
  );
}
