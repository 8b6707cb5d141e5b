import { type Condition, type KubeObject, type PrinterColumn } from "@ebb/kube";
import { age } from "./age.ts";

export interface Column {
  name: string;
  type: PrinterColumn["type"];
  /** 0 is always shown, 1 with `-o wide`. */
  priority: number;
  description: string;
  cell(object: KubeObject, now: number): string | number;
}
/** Of kinds by group and kind, without their name; the age comes before what only `-o wide` shows, unless a kind places a date itself. */
export type Columns = Readonly<Record<string, readonly Column[]>>;

export function column(name: string, cell: Column["cell"], options: { type?: Column["type"]; wide?: boolean } = {}): Column {
  return { name, type: options.type ?? "string", priority: options.wide ? 1 : 0, description: name, cell };
}

/** Shown with `-o wide` only. */
export function wide(name: string, cell: Column["cell"]): Column {
  return column(name, cell, { wide: true });
}

/** A field by its path, as the printer columns of custom resources. */
export function field(name: string, path: string, type: Column["type"] = "string"): Column {
  return column(name, (object) => read(object, path.split(".")), { type });
}

export function number(name: string, ...path: string[]): Column {
  return column(name, (object) => read(object, path) || 0, { type: "integer" });
}

export function orNone(name: string, ...path: string[]): Column {
  return wide(name, (object) => read(object, path) || "<none>");
}

export function valueAt(object: unknown, path: readonly string[]): unknown {
  let at = object;
  for (const key of path) at = (at as Record<string, unknown> | undefined)?.[key];
  return at;
}

export function read(object: unknown, path: readonly string[]): string | number {
  const at = valueAt(object, path);
  return typeof at === "string" || typeof at === "number" ? at : "";
}

/** `true` or `false`; where nothing is said, what that means. */
export function flag(name: string, path: string, unset = false): Column {
  return column(name, (object) => String((valueAt(object, path.split(".")) ?? unset) === true), { type: "boolean" });
}

/** As kubectl prints a list in a column. */
export function list(name: string, path: string): Column {
  return column(name, (object) => {
    const at = valueAt(object, path.split("."));
    return Array.isArray(at) ? JSON.stringify(at) : "";
  });
}

export function label(name: string, key: string): Column {
  return column(name, ({ metadata }) => metadata.labels?.[key] ?? "");
}

function readyField(name: string, part: "status" | "reason"): Column {
  return column(name, (object) => {
    const { conditions = [] } = (object.status ?? {}) as { conditions?: Condition[] };
    return conditions.find(({ type }) => type === "Ready")?.[part] ?? "";
  });
}

export const NAME = column("Name", ({ metadata }) => metadata.name);
export const AGE = column("Age", ({ metadata }, now) => age(metadata.creationTimestamp, now));
/** What Kubernetes shows of kinds for which it has no columns. */
export const CREATED_AT = column("Created At", ({ metadata }) => metadata.creationTimestamp ?? "<unknown>", { type: "date" });
export const READY = [readyField("Ready", "status"), readyField("Reason", "reason")];

export const countOf = (key: string) => (object: KubeObject) =>
  Object.keys((object as unknown as Record<string, object>)[key] ?? {}).length;

/** The items, or what is said when there are none. */
export function joined(texts: readonly string[], separator = ","): string {
  return texts.join(separator) || "<none>";
}

/** As k8s.io/apimachinery labels.FormatLabels. */
export function formatLabels(labels: Readonly<Record<string, string>> = {}): string {
  const keys = Object.keys(labels).sort();
  return joined(keys.map((key) => `${key}=${labels[key]}`));
}
