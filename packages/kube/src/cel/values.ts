import { Duration } from "@marcbachmann/cel-js/evaluator";
import { isJsonObject, type Json } from "../patch.ts";
import type { Schema } from "../schema.ts";

/** CEL's own words, which a field may have for a name; k8s.io/apiserver pkg/cel/escaping.go. */
const KEYWORDS = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(" "),
);

/** A property's name as expressions write it: `a-b` is `a__dash__b`; undefined for one that they cannot name. */
export function escapeName(name: string): string | undefined {
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(name)) return undefined;
  if (KEYWORDS.has(name)) return `__${name}__`;
  return name.replaceAll("__", "__underscores__").replaceAll(".", "__dot__").replaceAll("-", "__dash__").replaceAll("/", "__slash__");
}

/** JSON as CEL sees it: by its schema where there is one, else whole numbers are ints. */
export function celValue(value: Json | undefined, schema?: Schema): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return schema?.format ? formatted(value, schema.format) : value;
  if (typeof value === "number") return numeric(value, schema);
  if (Array.isArray(value)) return value.map((item) => celValue(item, schema?.items));
  if (!isJsonObject(value)) return value;
  const { properties } = schema ?? {};
  const fields = new Map<string, unknown>();
  for (const [key, item] of Object.entries(value)) {
    const property = properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
    const name = property ? escapeName(key) : key;
    if (name !== undefined) fields.set(name, celValue(item, property ?? schema?.additionalProperties));
  }
  return fields;
}

function numeric(value: number, schema: Schema | undefined): bigint | number {
  return schema?.type !== "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
}

function formatted(text: string, format: string): unknown {
  if (format === "date-time" || format === "date") {
    const date = new Date(text);
    return Number.isNaN(date.getTime()) ? text : date;
  }
  if (format === "byte") return new Uint8Array(Buffer.from(text, "base64"));
  return format === "duration" ? (goDuration(text) ?? text) : text;
}

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 1e-3, µs: 1e-3, ns: 1e-6 };

function goDuration(text: string): Duration | undefined {
  const [, sign = "", rest = ""] = /^([+-]?)((?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|ns))+)$/.exec(text) ?? [];
  if (rest === "") return undefined;
  let milliseconds = 0;
  for (const [, number = "", unit = ""] of rest.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g))
    milliseconds += Number(number) * (UNITS[unit] ?? 0);
  const total = Math.round(milliseconds * 1e6) * (sign === "-" ? -1 : 1);
  return new Duration(BigInt(Math.floor(total / 1e9)), ((total % 1e9) + 1e9) % 1e9);
}
