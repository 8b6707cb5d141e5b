import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { ageOf } from "../output/durations.ts";

const SCOPES = ["read", "deploy", "release", "admin"] as const;

export const tokenListCommand = defineCommand({
  name: "token list",
  summary: "Lists your tokens, and the machines' of the teams that you administer",
  args: {},
  options: {},
  prints: "table",
  uses: "platform",
  examples: [{ run: "ebb token list", what: "What each is for, and when it was last used" }],
  async run(context) {
    const items = await (await context.connect()).listTokens();
    const now = context.host.clock.now();
    context.output.table({
      data: { items },
      rows: items,
      columns: [
        { header: "ID", value: (token) => token.id, style: (text, style) => style.bold(text) },
        { header: "NAME", value: (token) => token.name },
        { header: "KIND", value: (token) => token.kind },
        { header: "SCOPE", value: (token) => token.scope },
        { header: "TEAM", value: (token) => token.team ?? "-" },
        { header: "USED", value: (token) => (token.lastUsedAt === null ? "never" : `${ageOf(token.lastUsedAt, now)} ago`), align: "right" },
        { header: "EXPIRES", value: (token) => token.expiresAt?.slice(0, 10) ?? "never" },
        { header: "OWNER", wide: true, value: (token) => token.owner },
      ],
      empty: "You have no tokens. Create one: ebb token create NAME --scope deploy",
    });
  },
});

export const tokenCreateCommand = defineCommand({
  name: "token create",
  summary: "Creates a token and prints it, once",
  description: `A personal token acts as you, within its scope. A machine's (--machine, for CI) belongs to a team, whose administrators see and
revoke it. Scopes: read sees; deploy deploys and changes configuration; release moves traffic too; admin does all that you may.`,
  args: { name: { summary: "What it is for", required: true } },
  options: {
    scope: { kind: "text", placeholder: "SCOPE", choices: SCOPES, summary: "read (the default), deploy, release or admin" },
    team: { kind: "text", placeholder: "TEAM", summary: "Good for this team alone" },
    machine: { kind: "flag", summary: "The team's own, not yours" },
    days: { kind: "integer", placeholder: "N", min: 0, max: 3650, summary: "Expires after N days; 90 by default, 0 is never" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb token create ci --machine --team shop --scope deploy", what: "For a pipeline" },
    { run: "EBB_TOKEN=$(ebb token create script --scope read --days 1)", what: "For a script, for a day" },
  ],
  async run(context, { args, options }) {
    const { team, days } = options;
    if (options.machine && team === undefined) throw usageError("a machine's token belongs to a team", "Name it: --team TEAM.");
    const scope = SCOPES.find((candidate) => candidate === options.scope) ?? "read";
    const client = await context.connect();
    const created = await client.createToken({
      name: args.name,
      scope,
      kind: options.machine ? "machine" : "personal",
      ...(team === undefined ? {} : { team }),
      ...(days === undefined ? {} : { days }),
    });
    context.progress.line(`Token ${created.about.id} (${scope}); it is not shown again:`);
    context.output.show(created, () => [created.token]);
  },
});

export const tokenRevokeCommand = defineCommand({
  name: "token revoke",
  summary: "Makes tokens worthless at once",
  args: { ids: { summary: "Their ids, as `ebb token list` shows them", required: true, variadic: true } },
  options: {},
  uses: "platform",
  examples: [{ run: "ebb token revoke 7xk2pq9rtw", what: "One that has leaked" }],
  async run(context, { args }) {
    const client = await context.connect();
    for (const id of args.ids) {
      await client.revokeToken(id);
      context.output.lines([`Revoked ${id}`]);
    }
  },
});
