import { parseAssignments, variableName } from "../assignments.ts";
import { defineCommand } from "../command.ts";
import { ENV, placeOf } from "../place.ts";
import { finishChange } from "../operations.ts";

const APP = { summary: "The application", required: true, completes: "app" } as const;

export const varsListCommand = defineCommand({
  name: "vars list",
  summary: "Lists the environment variables of an application",
  args: { app: APP },
  options: ENV,
  prints: "table",
  uses: "platform",
  examples: [{ run: "ebb vars list hello", what: "Names and values" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    const data = await client.getVariables(await placeOf(context, client, args.app, options.env));
    context.output.table({
      data,
      rows: Object.entries(data.variables).sort(([a], [b]) => (a < b ? -1 : 1)),
      columns: [
        { header: "NAME", value: ([name]) => name },
        { header: "VALUE", value: ([, value]) => value },
      ],
      empty: `${args.app} has no variables. Set one: ebb vars set ${args.app} KEY=VALUE`,
    });
  },
});

export const varsSetCommand = defineCommand({
  name: "vars set",
  summary: "Sets environment variables of an application",
  description: "Makes a new version with them, which gets the traffic once it has answered. For passwords and keys use `ebb secrets set`.",
  args: { app: APP, variables: { summary: "KEY=VALUE", required: true, variadic: true } },
  options: ENV,
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb vars set hello GREETING=hi LOG_LEVEL=debug", what: "Two at once make one new version" }],
  async run(context, { args, options }) {
    const variables = parseAssignments(args.variables);
    const client = await context.connect();
    await finishChange(context, client, await client.patchVariables(await placeOf(context, client, args.app, options.env), { variables }));
  },
});

export const varsUnsetCommand = defineCommand({
  name: "vars unset",
  summary: "Removes environment variables of an application",
  description: "Makes a new version without them.",
  args: { app: APP, names: { summary: "The variables", required: true, variadic: true } },
  options: ENV,
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb vars unset hello LOG_LEVEL", what: "One" }],
  async run(context, { args, options }) {
    const variables = Object.fromEntries(args.names.map((name): [string, null] => [variableName(name), null]));
    const client = await context.connect();
    await finishChange(context, client, await client.patchVariables(await placeOf(context, client, args.app, options.env), { variables }));
  },
});
