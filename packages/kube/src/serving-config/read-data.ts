import { UserError } from "@ebb/base";
import { parseDuration } from "../duration.ts";
import { isQuantity } from "../quantity.ts";

export type ConfigData = Readonly<Record<string, string>>;

/** After knative.dev/pkg configmap.Parse: each value in Go's words when it cannot be read. */
function fail(key: string, why: string): never {
  throw new UserError("invalid_config", `failed to parse ${JSON.stringify(key)}: ${why}`);
}

/** What strconv.ParseBool takes for true. */
export const GO_TRUE: ReadonlySet<string> = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const FALSE: ReadonlySet<string> = new Set(["0", "f", "F", "false", "FALSE", "False"]);

export function readBool(data: ConfigData, key: string, fallback: boolean): boolean {
  const text = data[key];
  if (text === undefined) return fallback;
  if (GO_TRUE.has(text)) return true;
  return FALSE.has(text) ? false : fail(key, `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

export function readInteger(data: ConfigData, key: string, fallback: number): number {
  const text = data[key];
  return text === undefined ? fallback : parseInteger(text, (why) => fail(key, why));
}

export function readFloat(data: ConfigData, key: string, fallback: number): number {
  const text = data[key];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() !== text || text === "" || !Number.isFinite(value)) {
    fail(key, `strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return value;
}

/** strconv.ParseInt; `refuse` is given Go's words. */
export function parseInteger(text: string, refuse: (why: string) => never): number {
  if (!/^[+-]?\d+$/.test(text)) refuse(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : refuse(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
}

/** Milliseconds. */
export function readDuration(data: ConfigData, key: string, fallback: number): number {
  const text = data[key];
  return text === undefined ? fallback : parseTime(text, (why) => fail(key, why));
}

/** time.ParseDuration, in milliseconds. */
export function parseTime(text: string, refuse: (why: string) => never): number {
  return parseDuration(text) ?? refuse(`time: invalid duration ${JSON.stringify(text)}`);
}

/** The quantity as it was written. */
export function readQuantity(data: ConfigData, key: string): string | undefined {
  const text = data[key];
  if (text === undefined || isQuantity(text)) return text;
  return fail(key, "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
}

export function readList(data: ConfigData, key: string, fallback: readonly string[]): readonly string[] {
  return data[key]?.split(",") ?? fallback;
}
