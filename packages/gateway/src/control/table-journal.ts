import { UserError } from "@ebb/base";
import type { TableChange } from "../control-protocol.ts";
import type { RouteTable } from "../route-table.ts";
import { parseControlMessage } from "./parse-message.ts";
import { bad, record } from "./parse-values.ts";
import { TableMirror } from "./table-mirror.ts";

/** The first line says it. */
const FORMAT = 2;

/** A change of one entry of the table, as the control plane sends it and as it stands in the file. */
export type EntryChange = Exclude<TableChange, { type: "sync" }>;

/** The lines of a file that gives this table, one after the other, each with its end. */
export function* snapshotLines(table: RouteTable): Generator<string> {
  yield line({ format: FORMAT });
  for (const route of table.routes) yield line({ type: "route", seq: 0, route });
  for (const backend of table.backends) yield line({ type: "backend", seq: 0, backend });
  for (const certificate of table.certificates) yield line({ type: "certificate", seq: 0, certificate });
}

export function line(value: EntryChange | { format: number }): string {
  return `${JSON.stringify(value)}\n`;
}

/**
 * The table that a file gives: later lines win over earlier ones, and what follows the last end of a line was cut off by a crash. Throws
 * when it has another format or holds what is no change.
 */
export function readJournal(content: string): RouteTable {
  const mirror = new TableMirror();
  const [head = "", ...changes] = content.split("\n").slice(0, -1);
  const { format } = record(JSON.parse(head), "the first line");
  if (format !== FORMAT) throw new UserError("table_format", `it has format ${String(format)}, this gateway reads ${FORMAT}`);
  for (const change of changes.map((text) => parseControlMessage(JSON.parse(text)))) {
    if (change.type === "drain") throw bad("type", "that of a change of the table");
    mirror.apply(change);
  }
  return mirror.table;
}
