import type { ConfigurationPatch } from "@ebb/api";
import { parseAssignments, variableName } from "../assignments.ts";
import { defineCommand } from "../command.ts";
import { applyPatch, CHANGE, INHERIT, LAYER, targetOf } from "../configuration.ts";
import { usageError } from "../failure.ts";

const APP = { summary: "The application; not with --layer", required: true, completes: "app" } as const;

export const varsListCommand = defineCommand({
  name: "vars list",
  summary: "Lists the environment variables of an application, and where each comes from",
  description: "Of an application: all that its next version would be given. With --layer: only what that layer states itself.",
  args: { app: { ...APP, required: false } },
  options: LAYER,
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb vars list hello", what: "Names, values, and the layer that each comes from" },
    { run: "ebb vars list --layer environment --env prod", what: "What prod gives to all its applications" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const { target } = await targetOf(context, client, args.app === undefined ? [] : [args.app], options);
    if ("layer" in target) {
      const data = await client.getLayer(target.layer);
      return context.output.table({
        data,
        rows: data.items.filter(({ kind }) => kind !== "secret"),
        columns: [
          { header: "NAME", value: ({ name }) => name },
          { header: "VALUE", value: ({ kind, value }) => (kind === "hidden" ? "(taken away)" : (value ?? "")) },
        ],
        empty: `${target.name} states no variables.`,
      });
    }
    const data = await client.getConfiguration(target.place);
    if (data.fault !== null) context.progress.warn(`no version can be made of this: ${data.fault}`);
    context.output.table({
      data,
      rows: data.items.filter(({ kind }) => kind === "variable"),
      columns: [
        { header: "NAME", value: ({ name }) => name },
        { header: "VALUE", value: ({ text }) => text ?? "" },
        { header: "BECOMES", value: ({ text, value }) => (value === null ? "(secret)" : value === text ? "" : value) },
        { header: "FROM", value: ({ layer, over }) => (over.length > 0 ? `${layer} (over ${over.join(", ")})` : layer) },
      ],
      empty: `${args.app ?? ""} has no variables. Set one: ebb vars set ${args.app ?? "APP"} KEY=VALUE`,
    });
  },
});

export const varsSetCommand = defineCommand({
  name: "vars set",
  summary: "Sets environment variables of an application, or of a layer above it",
  description: `Makes a new version with them, which gets the traffic once it has answered; a layer above, one of each application that it reaches.
A value may refer to others: \`\${NAME}\`, also to a secret (it is then secret itself); \`$\${NAME}\` is the text. For passwords and keys use \`ebb secrets set\`.`,
  args: { app: APP, variables: { summary: "KEY=VALUE", required: false, variadic: true } },
  options: { ...CHANGE },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb vars set hello GREETING=hi LOG_LEVEL=debug", what: "Two at once make one new version" },
    { run: "ebb vars set --layer team --team shop REGION=eu --dry-run", what: "What it would do to each application of a team" },
    { run: "ebb vars set hello 'DATABASE_URL=postgres://app:${DB_PASSWORD}@db/shop'", what: "With a secret in it" },
  ],
  async run(context, { args, options }) {
    const words = [args.app, ...args.variables];
    const named = options.layer === undefined || options.layer === "app" ? args.variables : words;
    const variables = parseAssignments(named);
    if (named.length === 0) throw usageError("no variable is named", "Write it as KEY=VALUE.");
    const client = await context.connect();
    const { target } = await targetOf(context, client, words, options);
    await applyPatch(context, client, { target, patch: { variables } }, options);
  },
});

export const varsUnsetCommand = defineCommand({
  name: "vars unset",
  summary: "Removes environment variables of an application, or of a layer above it",
  description: "Makes a new version without them, whatever layers above state; with --inherit, with what those state.",
  args: { app: APP, names: { summary: "The variables", required: false, variadic: true } },
  options: { ...CHANGE, ...INHERIT },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb vars unset hello LOG_LEVEL", what: "One" },
    { run: "ebb vars unset hello LOG_LEVEL --inherit", what: "Back to what its environment, its team or the platform states" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const { target, rest } = await targetOf(context, client, [args.app, ...args.names], options);
    await applyPatch(context, client, { target, patch: removal("variables", rest, options.inherit) }, options);
  },
});

/** The patch that takes these names away. Throws Failure `usage` when there are none. */
export function removal(kind: "variables" | "secrets", names: readonly string[], inherit: boolean): ConfigurationPatch {
  if (names.length === 0) throw usageError("no name is given", "Name what is to be removed.");
  const valid = names.map(variableName);
  return inherit ? { inherit: valid } : { [kind]: Object.fromEntries(valid.map((name): [string, null] => [name, null])) };
}
