import { isJsonObject } from "../patch.ts";
import { sameJson } from "../same-json.ts";
import { isEmbedded, messageOf, type MessageField } from "./messages.ts";

/**
 * Whether two values of a message such as `core.v1.PodSpec` are the same to Go's types, as k8s.io/apimachinery's equality.Semantic has it: a client
 * written in Go leaves out zeros and empty lists that somebody else has written, and writes structs and quantities of which nothing was said, and means no
 * change by either.
 */
export function sameMessage(name: string, a: unknown, b: unknown): boolean {
  return sameJson(a, b) || sameJson(asGoWrites(name, a), asGoWrites(name, b));
}

/** The value as it is after Go has read and written it. */
export function asGoWrites(name: string, value: unknown): unknown {
  if (!isJsonObject(value) || !messageOf(name)) return value;
  const fields = fieldsOf(name);
  const written = Object.entries(value).map(([key, item]) => [key, fieldAsGoWrites(fields.get(key), item)] as const);
  return Object.fromEntries(written.filter(([, item]) => item !== undefined));
}

function fieldAsGoWrites(field: MessageField | undefined, item: unknown): unknown {
  if (!field) return item;
  const { type, repeated, omitsZero } = field;
  if (Array.isArray(item)) return item.length === 0 ? undefined : item.map((each) => asGoWrites(type, each));
  if (repeated === "map" && isJsonObject(item)) {
    const entries = Object.entries(item).map(([key, each]) => [key, asGoWrites(type, each)] as const);
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  }
  if (item === null || (omitsZero && (item === "" || item === 0 || item === false))) return undefined;
  if (item === "0" && type.endsWith("Quantity")) return undefined;
  const written = asGoWrites(type, item);
  return isJsonObject(written) && messageOf(type) && Object.keys(written).length === 0 ? undefined : written;
}

const FIELDS = new Map<string, Map<string, MessageField>>();

function fieldsOf(name: string): Map<string, MessageField> {
  const known = FIELDS.get(name);
  if (known) return known;
  const fields = [...(messageOf(name) ?? [])];
  const all = new Map(
    fields.flatMap(([key, field]) => (isEmbedded(key, field.type) ? [...fieldsOf(field.type)] : [[key, field] as const])),
  );
  FIELDS.set(name, all);
  return all;
}
