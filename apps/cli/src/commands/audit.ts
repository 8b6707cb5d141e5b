import type { AuditEntry } from "@ebb/api";
import { auditAbout, auditChanges, type AuditChange } from "@ebb/api/client";
import { defineCommand } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { Failure, usageError } from "../failure.ts";
import { renderFacts } from "../output/table.ts";
import { timeOption } from "../time-option.ts";

export const auditListCommand = defineCommand({
  name: "audit list",
  summary: "Shows what was changed, by whom and from where, the newest first",
  args: {},
  options: {
    actor: { kind: "text", placeholder: "USER", summary: "By this user" },
    action: { kind: "text", placeholder: "ACTION", summary: "Of this kind, as the table shows it" },
    object: { kind: "text", placeholder: "OBJECT", summary: "Of this object: app/hello, user/anna" },
    team: { kind: "text", placeholder: "TEAM", summary: "Of this team" },
    since: { kind: "text", placeholder: "TIME", summary: "Since then: 10m, 2h, 3d or a time of day in RFC 3339" },
    limit: { kind: "integer", placeholder: "N", min: 1, max: 10_000, summary: "At most N; 50 by default" },
  },
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb audit list --since 1d", what: "Since yesterday" },
    { run: "ebb audit list --object app/hello -o json", what: "One application's, with before and after" },
  ],
  async run(context, { options }) {
    const client = await context.connect();
    const { actor, action, object, team, limit = 50 } = options;
    const from = options.since === undefined ? undefined : timeOption("--since", options.since, context.host.clock.now());
    const items: AuditEntry[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.audit({ actor, action, object, team, from, cursor, limit: Math.min(200, limit - items.length) });
      items.push(...page.items);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined && items.length < limit);
    context.output.table({
      data: { items },
      rows: items,
      columns: [
        { header: "ROW", value: (row) => row.seq, align: "right" },
        { header: "TIME", value: (row) => row.time.slice(0, 19).replace("T", " ") },
        { header: "WHO", value: (row) => row.actor || "-", style: (text, style) => style.bold(text) },
        { header: "DID", value: (row) => row.action },
        { header: "TO", value: (row) => row.object },
        { header: "OPERATION", value: (row) => auditAbout(row) || "-" },
        { header: "TEAM", value: (row) => row.team || "-" },
        { header: "FROM", value: (row) => row.address || "-" },
        { header: "CLIENT", wide: true, value: (row) => row.client },
        { header: "CHANGED", wide: true, value: (row) => auditChanges(row).map(changeText).join(", ") },
      ],
      empty: "Nothing was changed, as far as that goes.",
    });
  },
});

function changeText({ path, from, to }: AuditChange): string {
  return `${path}: ${from ?? "-"} → ${to ?? "-"}`;
}

export const auditShowCommand = defineCommand({
  name: "audit show",
  summary: "Shows one row of the audit trail: who, from where, and what was before and after",
  args: { row: { summary: "Its number, as `ebb audit list` shows it", required: true } },
  options: {},
  prints: "table",
  uses: "platform",
  examples: [{ run: "ebb audit show 1204", what: "What that release changed" }],
  async run(context, { args }) {
    const seq = /^[1-9]\d{0,14}$/.test(args.row) ? Number(args.row) : undefined;
    if (seq === undefined) throw usageError(`${args.row} is not a row`, "Give its number: ebb audit list.");
    const client = await context.connect();
    const [row] = (await client.audit({ cursor: String(seq + 1), limit: 1 })).items;
    if (row?.seq !== seq)
      throw new Failure(`there is no row ${seq} that you can see`, { exit: EXIT.notFound, hint: "List them: ebb audit list." });
    if (!context.output.structured) {
      const { time, actor, action, object, team, address, client: program } = row;
      const about = auditAbout(row);
      context.output.lines(
        renderFacts(
          [
            ["time", time],
            ["who", `${actor || "-"}${address === "" ? "" : ` from ${address}`}${program === "" ? "" : ` (${program})`}`],
            ["did", action],
            ["to", `${object}${team === "" ? "" : ` of ${team}`}`],
            ...(about === "" ? [] : [["operation", about] as [string, string]]),
          ],
          context.output.style,
        ),
      );
    }
    context.output.table({
      data: row,
      rows: auditChanges(row),
      columns: [
        { header: "WHAT", value: ({ path }) => path },
        { header: "BEFORE", value: ({ from }) => from ?? "-" },
        { header: "AFTER", value: ({ to }) => to ?? "-" },
      ],
      empty: "It says nothing of before and after.",
    });
  },
});

export const auditExportCommand = defineCommand({
  name: "audit export",
  summary: "Prints the whole audit trail, oldest first, as lines of JSON",
  args: {},
  options: {},
  uses: "platform",
  examples: [{ run: "ebb audit export > audit.ndjson", what: "For an archive outside of Ebb" }],
  async run(context) {
    const client = await context.connect();
    for await (const row of client.exportAudit(context.host.interrupted)) context.output.item(row);
  },
});

export const auditVerifyCommand = defineCommand({
  name: "audit verify",
  summary: "Checks that nobody has edited, removed or reordered the audit trail",
  description: `Reads every row against its hash. Note the head that it prints where nobody who can write to Ebb's database can reach it, and
give it the next time with --head: it must still be in the trail. Exit code 1 when something is wrong, with the place.`,
  args: {},
  options: { head: { kind: "text", placeholder: "ROW:HASH", summary: "A head that was noted earlier" } },
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb audit verify", what: "All rows" }],
  async run(context, { options }) {
    const client = await context.connect();
    const result = await client.verifyAudit(options.head === undefined ? undefined : parseHead(options.head));
    const head = `${result.head.seq}:${result.head.hash}`;
    context.output.show(result, () => (result.breach === null ? [`${result.rows} rows, as they were written. Head: ${head}`] : []));
    if (result.breach !== null) {
      throw new Failure(`the audit trail is not what was written: ${result.breach.message}`, {
        hint: "Compare it with an export or a backup from before.",
      });
    }
  },
});

function parseHead(text: string): { seq: number; hash: string } {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined)
    throw usageError(`${text} is not a head`, "Give it as `ebb audit verify` printed it: ROW:HASH.");
  return { seq: Number(seq), hash };
}
