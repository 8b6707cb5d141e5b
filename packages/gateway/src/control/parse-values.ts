import { UserError } from "@ebb/base";
import { isValueText } from "../http1/bytes.ts";

export function record(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad(at, "an object");
  return value as Record<string, unknown>;
}

export function list(value: unknown, at: string): unknown[] {
  if (!Array.isArray(value)) throw bad(at, "a list");
  return value;
}

export function text(value: unknown, at: string): string {
  if (typeof value !== "string") throw bad(at, "a string");
  return value;
}

export function quantity(value: unknown, at: string, max: number = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== "number" || !(value >= 0 && value <= max)) throw bad(at, `a number from 0 to ${max}`);
  return value;
}

export function headerValue(value: unknown, at: string): string {
  const content = text(value, at);
  if (!isValueText(content)) throw bad(at, "text that can stand in a header");
  return content;
}

export function bad(at: string, expected: string): UserError {
  return new UserError("bad_route_table", `${at} must be ${expected}`, {
    hint: "the gateway and the control plane must be of one version",
  });
}
