import type { Kind, PrinterColumn } from "@ebb/kube";
import { JSONPath } from "jsonpath-plus";
import { age } from "./columns/age.ts";
import { APP_COLUMNS } from "./columns/apps.ts";
import { AGE, CREATED_AT, NAME, type Column, type Columns } from "./columns/column.ts";
import { CORE_COLUMNS } from "./columns/core.ts";
import { EVENT_COLUMNS } from "./columns/events.ts";
import { KNATIVE_COLUMNS } from "./columns/knative.ts";
import { NETWORK_COLUMNS } from "./columns/network.ts";
import { POD_COLUMNS } from "./columns/pods.ts";
import { POLICY_COLUMNS } from "./columns/policies.ts";
import { STORAGE_COLUMNS } from "./columns/storage.ts";
import { WORKLOAD_COLUMNS } from "./columns/workloads.ts";

/** As kubernetes pkg/printers/internalversion has them for its own kinds, and the printer columns of the custom ones. */
const COLUMNS: Columns = {
  ...APP_COLUMNS,
  ...CORE_COLUMNS,
  ...KNATIVE_COLUMNS,
  ...NETWORK_COLUMNS,
  ...POD_COLUMNS,
  ...POLICY_COLUMNS,
  ...STORAGE_COLUMNS,
  ...WORKLOAD_COLUMNS,
};

/** Both are of the same objects, as they are stored. */
const EVENT_GROUPS: ReadonlySet<string> = new Set(["", "events.k8s.io"]);
/** Kinds of which kubectl shows no date. */
const AGELESS: ReadonlySet<string> = new Set(["/ComponentStatus", "/PodTemplate"]);

export function columnsOf({ group, kind, schema, columns }: Pick<Kind, "group" | "kind" | "schema" | "columns">): readonly Column[] {
  if (schema) return [NAME, ...(columns?.map(definedColumn) ?? [AGE])];
  if (kind === "Event" && EVENT_GROUPS.has(group)) return EVENT_COLUMNS;
  const own = COLUMNS[`${group}/${kind}`] ?? [];
  const name = own[0]?.name === NAME.name ? [] : [NAME];
  if (own.includes(AGE) || own.includes(CREATED_AT) || AGELESS.has(`${group}/${kind}`)) return [...name, ...own];
  const shown = own.filter(({ priority }) => priority === 0);
  return [...name, ...shown, AGE, ...own.filter(({ priority }) => priority > 0)];
}

/** As a definition says it; a date is shown by its age. */
function definedColumn({ name, type, jsonPath, priority = 0, description = "" }: PrinterColumn): Column {
  const cell: Column["cell"] = (object, now) => {
    const found: unknown[] = JSONPath({ path: `$${jsonPath}`, json: object, eval: "safe", wrap: true }) ?? [];
    const values = found.map((value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : String(value)));
    if (type === "date") return values[0] === undefined ? "<unknown>" : age(values[0], now);
    const text = values.join(",");
    return (type === "integer" || type === "number") && text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
  };
  return { name, type, priority, description, cell };
}
