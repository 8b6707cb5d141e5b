import { defineCommand } from "../command.ts";
import { ageOf } from "../output/durations.ts";

export const sessionListCommand = defineCommand({
  name: "session list",
  summary: "Lists where you are signed in by a browser",
  args: {},
  options: {},
  prints: "table",
  uses: "platform",
  examples: [{ run: "ebb session list", what: "From where, and when each was last used" }],
  async run(context) {
    const items = await (await context.connect()).listSessions();
    const now = context.host.clock.now();
    context.output.table({
      data: { items },
      rows: items,
      columns: [
        { header: "ID", value: (session) => session.id, style: (text, style) => style.bold(text) },
        { header: "FROM", value: (session) => session.address || "-" },
        { header: "USED", value: (session) => `${ageOf(session.lastUsedAt, now)} ago`, align: "right" },
        { header: "EXPIRES", value: (session) => session.expiresAt.slice(0, 10) },
        { header: "CLIENT", value: (session) => session.client || "-" },
      ],
      empty: "You are signed in by no browser.",
    });
  },
});

export const sessionRevokeCommand = defineCommand({
  name: "session revoke",
  summary: "Ends a browser's session at once",
  args: { id: { summary: "Its id, as `ebb session list` shows it", required: true } },
  options: {},
  uses: "platform",
  examples: [{ run: "ebb session revoke k3x9a0b1", what: "That browser has to sign in again" }],
  async run(context, { args }) {
    const client = await context.connect();
    await client.revokeSession(args.id);
    context.output.lines([`${args.id} has ended`]);
  },
});
