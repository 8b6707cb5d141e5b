import type { Operation } from "@ebb/api";
import { OPERATION_STATES } from "@ebb/api/client";
import { operationColumns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { causeOf, operationFailure, phaseTimes, subjectOf } from "../operations.ts";
import { ENV, TEAM } from "../place.ts";
import { ageOf } from "../output/durations.ts";
import { colourState, printable } from "../output/style.ts";
import { renderFacts } from "../output/table.ts";

const MOST_PARTS = 200;
const ID = { summary: "The operation", required: true } as const;

export const operationsListCommand = defineCommand({
  name: "operations list",
  summary: "Lists deployments and other changes, the newest first",
  args: {},
  options: {
    app: { kind: "text", placeholder: "APP", completes: "app", summary: "Of this application alone" },
    env: { ...ENV.env, summary: "In this environment alone" },
    team: { ...TEAM.team, summary: "Of this team alone" },
    "part-of": { kind: "text", placeholder: "ID", summary: "Those that one change of a layer set off" },
    state: { kind: "text", placeholder: "STATE", choices: OPERATION_STATES, summary: "In this state alone" },
    by: { kind: "text", placeholder: "USER", summary: "Asked for by this user alone" },
    limit: { kind: "integer", placeholder: "N", min: 1, max: 200, summary: "At most N" },
  },
  prints: "table",
  uses: "platform",
  examples: [{ run: "ebb operations list --app hello --limit 5", what: "The last five changes of one application" }],
  async run(context, { options }) {
    const client = await context.connect();
    const { app, env: environment, team, by, limit } = options;
    const state = OPERATION_STATES.find((each) => each === options.state);
    const page = await client.listOperations({ app, environment, team, state, by, limit, partOf: options["part-of"] });
    context.output.table({
      data: page,
      rows: page.items,
      columns: operationColumns(context.host.clock.now()),
      empty: "Nothing has been done yet. Deploy something: ebb deploy",
    });
  },
});

export const operationsShowCommand = defineCommand({
  name: "operations show",
  summary: "Shows one operation: its phases, and the causes when it failed",
  args: { id: ID },
  options: {},
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb operations show op-7xk2p", what: "What happened, and how long each phase took" }],
  async run(context, { args }) {
    const client = await context.connect();
    const operation = await client.getOperation(args.id);
    const parts = operation.kind === "rollout" ? (await client.listOperations({ partOf: operation.id, limit: MOST_PARTS })).items : [];
    context.output.show(operation, () => [...operationLines(context, operation), ...partLines(context, parts)]);
  },
});

export const operationsCancelCommand = defineCommand({
  name: "operations cancel",
  summary: "Stops an operation that is going on",
  description: "Of a rollout, what it has not come to yet: those of its parts that have begun to change what serves go on to their end.",
  args: { id: ID },
  options: {},
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb operations cancel op-7xk2p", what: "The version before keeps serving" }],
  async run(context, { args }) {
    const client = await context.connect();
    const operation = await client.cancelOperation(args.id);
    context.output.show(operation, () => [`${operation.id}: ${operation.kind} of ${subjectOf(operation)} is ${operation.state}`]);
  },
});

/** In the order in which they were asked for. */
function partLines({ output: { style } }: Context, parts: readonly Operation[]): string[] {
  return parts.toReversed().map((part) => `  ${colourState(style, part.state)} ${subjectOf(part)} ${part.version ?? ""} (${part.id})`);
}

function operationLines(context: Context, operation: Operation): string[] {
  const { style } = context.output;
  const clean = (text: string) => (context.host.stdout.isTTY ? printable(text) : text);
  const facts: [string, string][] = [
    ["Operation", operation.id],
    ["Kind", `${operation.kind} of ${subjectOf(operation)}`],
    ["State", colourState(style, operation.state)],
    ["Started", `${ageOf(operation.createdAt, context.host.clock.now())} ago by ${operation.createdBy}`],
    ["Version", operation.version ?? "-"],
    ["URL", operation.url ?? "-"],
    ["Took", phaseTimes(operation)],
  ];
  const lines = renderFacts(facts, style);
  for (const phase of operation.phases) lines.push(`  ${colourState(style, phase.state)} ${phase.name} ${phase.message}`.trimEnd());
  if (!causeOf(operation)) return lines;
  const failure = operationFailure(operation);
  lines.push("", `${style.bad("Error:")} ${clean(failure.message)}`, ...failure.chain.map((reason) => `  because ${clean(reason)}`));
  lines.push(...failure.log.map((line) => style.dim(`  │ ${clean(line)}`)));
  if (failure.hint !== undefined) lines.push(`${style.bold("What to do:")} ${failure.hint}`);
  return lines;
}
