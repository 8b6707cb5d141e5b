import { UserError } from "@ebb/base";
import type { Json } from "./patch.ts";

const SCALES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** No digit can be matched in two ways: the time would grow with the square of their number. */
const QUANTITY = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:([eE][+-]?\d{1,2})|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?$/;

/** More than anybody writes: the work with a number of so many digits would be as much as a client wants. */
const LONGEST = 64;

function match(text: string): RegExpExecArray | undefined {
  return text.length > LONGEST ? undefined : (QUANTITY.exec(text) ?? undefined);
}

/** Whether this is a k8s.io/apimachinery resource.Quantity. */
export function isQuantity(text: string): boolean {
  return match(text) !== undefined;
}

/** CPU in thousandths of a core, rounded up: `500m` is 500, `1` is 1000. Throws UserError `quantity_invalid`. */
export function cpuMillis(text: string): number {
  return Math.ceil(tidy(parse(text) * 1000));
}

/** Bytes, rounded up: `128Mi` is 134217728. Throws UserError `quantity_invalid`. */
export function memoryBytes(text: string): number {
  return Math.ceil(tidy(parse(text)));
}

/** The number that it is, in its own unit: `500m` is 0.5. Throws UserError `quantity_invalid`. */
export function quantityValue(text: string): number {
  return tidy(parse(text));
}

/** As Kubernetes writes it: `500m`, `2`, and in powers of 1024 where it comes out even, `256Mi`. */
export function formatQuantity(value: number, unit: "decimal" | "binary"): string {
  const rounded = tidy(value);
  if (!Number.isInteger(rounded)) return `${Math.ceil(tidy(rounded * 1000))}m`;
  const suffix = unit === "binary" && rounded !== 0 ? BINARY.find((candidate) => rounded % (SCALES[candidate] ?? 1) === 0) : undefined;
  return suffix === undefined ? String(rounded) : `${rounded / (SCALES[suffix] ?? 1)}${suffix}`;
}

const BINARY = ["Ti", "Gi", "Mi", "Ki"] as const;

/** By thousands and by 1024s, as they are written; the first of the decimal ones are the billionths that nothing is finer than. */
const DECIMAL_SUFFIXES = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY_SUFFIXES = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const EXPONENTS = DECIMAL_SUFFIXES.map((_, index) => (index === 3 ? "" : `e${(index - 3) * 3}`));
const FINEST = 9;
/** Most of what is written is as it is stored, and each write of an object looks at all its quantities. */
const PLAIN = /^[1-9]\d{0,2}(?:m|k|M|G|[KMGT]i)?$/;

/** The one way in which Kubernetes stores this quantity: `0.5` is `500m`, `1024Mi` is `1Gi`. Undefined for what is none. */
export function canonicalQuantity(text: string): string | undefined {
  if (PLAIN.test(text)) return text;
  const [, number = "", exponent, suffix = ""] = match(text) ?? [];
  if (number === "") return undefined;
  const [whole = "", fraction = ""] = number.replace(/^[+-]/, "").split(".");
  const digits = BigInt(whole + fraction);
  const binary = BINARY_SUFFIXES.indexOf(suffix === "" ? "no" : suffix);
  const tens = exponent === undefined ? Math.max(0, DECIMAL_SUFFIXES.indexOf(suffix)) * 3 : FINEST + Number(exponent.slice(1));
  const nanos =
    binary > 0
      ? divideUp(digits * 1024n ** BigInt(binary) * 10n ** BigInt(FINEST), 10n ** BigInt(fraction.length))
      : scaledUp(digits, tens - fraction.length);
  const sign = number.startsWith("-") && nanos > 0n ? "-" : "";
  const one = 10n ** BigInt(FINEST);
  if (binary > 0 && nanos >= 1024n * one && nanos % one === 0n) return sign + steps(nanos / one, 1024n, BINARY_SUFFIXES);
  return sign + steps(nanos, 1000n, exponent === undefined ? DECIMAL_SUFFIXES : EXPONENTS);
}

/** The value of a field that holds a quantity, as Kubernetes stores it; what is none is left to admission. */
export function storedQuantity(value: Json): Json {
  return typeof value === "string" || typeof value === "number" ? (canonicalQuantity(String(value)) ?? value) : value;
}

/** With the largest suffix that leaves a whole number. */
function steps(units: bigint, base: bigint, suffixes: readonly string[]): string {
  if (units === 0n) return "0";
  let [left, at] = [units, 0];
  while (left % base === 0n && at < suffixes.length - 1) [left, at] = [left / base, at + 1];
  return `${left}${suffixes[at] ?? ""}`;
}

function scaledUp(digits: bigint, tens: number): bigint {
  return tens >= 0 ? digits * 10n ** BigInt(tens) : divideUp(digits, 10n ** BigInt(-tens));
}

function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

function parse(text: string): number {
  const parts = match(text);
  if (!parts) {
    throw new UserError("quantity_invalid", `${JSON.stringify(text.slice(0, 300))} is not a quantity`, {
      hint: "Write it like 500m, 1.5, 256Mi or 2Gi.",
    });
  }
  const [, digits = "", exponent = "", suffix = ""] = parts;
  return Number(digits + exponent) * (SCALES[suffix] ?? 1);
}

/** 0.1 × 1000 must not become 101 when it is rounded up. */
function tidy(value: number): number {
  return Number(value.toPrecision(15));
}
