import { isJsonObject, type Json } from "../patch.ts";
import { NO_FIELDS, sortedSet, type FieldSet } from "./field-set.ts";

/** meta/v1 ManagedFieldsEntry: who set which fields, and when last. */
export interface ManagedFieldsEntry {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  /** RFC 3339, seconds. */
  readonly time?: string;
  readonly fieldsType: "FieldsV1";
  readonly fieldsV1: FieldSet;
  readonly subresource?: string;
}
/** What tells managers apart; those that apply are the same in every API version. */
export type ManagerId = Pick<ManagedFieldsEntry, "manager" | "operation" | "apiVersion" | "subresource">;

/** Update managers beyond this many become one; k8s.io/apiserver's DefaultMaxUpdateManagers. */
const MAX_UPDATE_MANAGERS = 10;
const ANCIENT = "ancient-changes";
const MAX_DEPTH = 64;

export function sameManager(a: ManagerId, b: ManagerId): boolean {
  return a.manager === b.manager && identityOf(a) === identityOf(b);
}

function identityOf({ manager, operation, apiVersion, subresource = "" }: ManagerId): string {
  return `${operation}\0${operation === "Apply" ? "" : apiVersion}\0${subresource}\0${manager}`;
}

/** What a client wrote; undefined if there is an entry that cannot be read. */
export function parseManagedFields(value: unknown): ManagedFieldsEntry[] | undefined {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return undefined;
  const entries = value.map(parseEntry);
  if (!entries.every((entry) => entry !== undefined)) return undefined;
  // Of entries that a client has given the same manager, the last is the manager's.
  const last = new Map<string, ManagedFieldsEntry>();
  for (const entry of entries) {
    const identity = identityOf(entry);
    last.delete(identity);
    last.set(identity, entry);
  }
  return [...last.values()];
}

/** `[{}]` and `[]` ask for all ownership to be forgotten. */
export function isReset(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > 1) return false;
  const [only = {}] = value as unknown[];
  return isJsonObject(only) && Object.keys(only).length === 0;
}

function parseEntry(value: unknown): ManagedFieldsEntry | undefined {
  if (!isJsonObject(value)) return undefined;
  const { manager = "", operation, apiVersion, time, fieldsType, fieldsV1 = {}, subresource } = value;
  if (operation !== "Apply" && operation !== "Update") return undefined;
  if (typeof manager !== "string" || typeof apiVersion !== "string" || fieldsType !== "FieldsV1") return undefined;
  if (!isJsonObject(fieldsV1) || !isFieldSet(fieldsV1, 0)) return undefined;
  return {
    manager,
    operation,
    apiVersion,
    ...(typeof time === "string" ? { time } : {}),
    fieldsType,
    fieldsV1,
    ...(typeof subresource === "string" && subresource !== "" ? { subresource } : {}),
  };
}

function isFieldSet(value: Json, depth: number): value is { [element: string]: never } {
  if (!isJsonObject(value) || depth > MAX_DEPTH) return false;
  return Object.entries(value).every(([element, node]) =>
    element === "." ? isJsonObject(node) && Object.keys(node).length === 0 : isElement(element) && isFieldSet(node, depth + 1),
  );
}

function isElement(element: string): boolean {
  const text = element.slice(2);
  if (element.startsWith("f:")) return true;
  if (element.startsWith("i:")) return /^-?\d+$/.test(text);
  if (!element.startsWith("k:") && !element.startsWith("v:")) return false;
  try {
    const value: unknown = JSON.parse(text);
    return element.startsWith("v:") || isJsonObject(value);
  } catch {
    return false;
  }
}

/** In the order and form in which they are stored: those that apply first, then by time; without those that own nothing. */
export function finishManagedFields(entries: readonly ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  const owning = entries.filter((entry) => Object.keys(entry.fieldsV1).length > 0);
  return owning.sort(byAge).map((entry) => ({ ...entry, fieldsV1: sortedSet(entry.fieldsV1) }));
}

/** So that a thousand clients of different names do not make an object grow without end. */
export function capManagers(entries: readonly ManagedFieldsEntry[], merge: (a: FieldSet, b: FieldSet) => FieldSet): ManagedFieldsEntry[] {
  if (entries.length <= MAX_UPDATE_MANAGERS) return [...entries];
  const updates = entries.filter(({ operation }) => operation === "Update").sort(byAge);
  if (updates.length <= MAX_UPDATE_MANAGERS) return [...entries];
  const surplus = new Set(updates.slice(0, updates.length - MAX_UPDATE_MANAGERS + 1));
  const versions = Map.groupBy(surplus, ({ apiVersion }) => apiVersion);
  const buckets = [...versions].map(([apiVersion, joined]): ManagedFieldsEntry => {
    const time = joined.at(-1)?.time;
    const fieldsV1 = joined.map((entry) => entry.fieldsV1).reduce(merge, NO_FIELDS);
    return { manager: ANCIENT, operation: "Update", apiVersion, ...(time ? { time } : {}), fieldsType: "FieldsV1", fieldsV1 };
  });
  return [...entries.filter((entry) => !surplus.has(entry)), ...buckets];
}

function byAge(a: ManagedFieldsEntry, b: ManagedFieldsEntry): number {
  const keys = (entry: ManagedFieldsEntry) =>
    [entry.operation, entry.time ?? "", entry.manager, entry.apiVersion, entry.subresource ?? ""].join("\0");
  const [x, y] = [keys(a), keys(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}
