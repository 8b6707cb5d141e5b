import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { ageOf } from "../output/durations.ts";

const ID = { summary: "The operation", required: true } as const;

export const approvalsCommand = defineCommand({
  name: "approvals",
  summary: "Lists what waits for somebody's approval, and what it would change",
  args: {},
  options: { all: { kind: "flag", summary: "Also what was decided" } },
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb approvals", what: "What waits for you and your colleagues" },
    { run: "ebb approvals --all -o json", what: "Who decided what, and why" },
  ],
  async run(context, { options }) {
    const items = await (await context.connect()).listApprovals(options.all);
    const now = context.host.clock.now();
    context.output.table({
      data: { items },
      rows: items,
      columns: [
        { header: "OPERATION", value: (row) => row.operation, style: (text, style) => style.bold(text) },
        { header: "APP", value: (row) => row.app },
        { header: "IN", value: (row) => `${row.team}/${row.environment}` },
        { header: "KIND", value: (row) => row.kind },
        { header: "BY", value: (row) => row.author },
        { header: "STATE", value: (row) => row.state },
        {
          header: "APPROVED",
          value: (row) => `${row.votes.filter(({ vote }) => vote === "approve").length}/${row.needed}`,
          align: "right",
        },
        { header: "AGE", value: (row) => ageOf(row.createdAt, now), align: "right" },
        { header: "EXPIRES", wide: true, value: (row) => row.expiresAt.slice(0, 16).replace("T", " ") },
        { header: "CHANGES", value: (row) => row.changes.map(({ path, from, to }) => `${path}:${from ?? "-"}→${to ?? "-"}`).join(" ") },
      ],
      empty: "Nothing waits for approval.",
    });
  },
});

export const approveCommand = defineCommand({
  name: "approve",
  summary: "Approves an operation of somebody else's",
  description: "It runs once as many others than its author have approved as its environment asks for.",
  args: { id: ID },
  options: { why: { kind: "text", placeholder: "TEXT", summary: "For the record" } },
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb approve 7xk2pq9rtw", what: "After a look at `ebb approvals`" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    const operation = await client.approveOperation(args.id, options.why ?? "");
    const text = operation.state === "waiting" ? "approved; it waits for another approval" : `approved: it is ${operation.state}`;
    context.output.show(operation, () => [`${operation.id}: ${text}`]);
  },
});

export const rejectCommand = defineCommand({
  name: "reject",
  summary: "Rejects an operation that waits for approval, which ends it",
  args: { id: ID },
  options: { why: { kind: "text", placeholder: "TEXT", summary: "Why, for its author and the record; required" } },
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb reject 7xk2pq9rtw --why 'not on a Friday'", what: "Nothing has changed" }],
  async run(context, { args, options }) {
    if (!options.why) throw usageError("a rejection says why", "Add --why TEXT: its author sees it.");
    const client = await context.connect();
    const operation = await client.rejectOperation(args.id, options.why);
    context.output.show(operation, () => [`${operation.id}: rejected`]);
  },
});
