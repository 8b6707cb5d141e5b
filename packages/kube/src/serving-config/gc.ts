import { UserError } from "@ebb/base";
import { parseInteger, parseTime, readInteger, type ConfigData } from "./read-data.ts";

/** config-gc; times in milliseconds; undefined is `disabled`. */
export interface GcConfig {
  retainSinceCreate: number | undefined;
  retainSinceLastActive: number | undefined;
  minNonActive: number;
  maxNonActive: number | undefined;
}

const HOUR = 3_600_000;

/** After knative/serving pkg/gc/config.go, with its words. Throws UserError `invalid_config`. */
export function parseGcConfig(data: ConfigData = {}): GcConfig {
  const minNonActive = readMinimum(data);
  const maxNonActive = orDisabled(data, "max-non-active-revisions", 1000, parseInteger);
  if (maxNonActive !== undefined && minNonActive > maxNonActive) {
    throw refusal(`min-non-active-revisions(${minNonActive}) must be <= max-non-active-revisions(${maxNonActive})`);
  }
  return {
    retainSinceCreate: orDisabled(data, "retain-since-create-time", 48 * HOUR, parseTime),
    retainSinceLastActive: orDisabled(data, "retain-since-last-active-time", 15 * HOUR, parseTime),
    minNonActive,
    maxNonActive,
  };
}

function readMinimum(data: ConfigData): number {
  let value: number;
  try {
    value = readInteger(data, "min-non-active-revisions", 20);
  } catch (error) {
    throw error instanceof UserError ? refusal(`failed to parse data: ${error.message}`) : error;
  }
  if (value < 0) throw refusal(`min-non-active-revisions must be non-negative, was: ${value}`);
  return value;
}

type Parse = (text: string, refuse: (why: string) => never) => number;

function orDisabled(data: ConfigData, key: string, fallback: number, parse: Parse): number | undefined {
  const text = data[key] ?? "";
  if (text === "") return fallback;
  if (text.toLowerCase() === "disabled") return undefined;
  const refuse = (why: string): never => {
    throw refusal(`failed to parse ${key}: ${why}`);
  };
  const value = parse(text, refuse);
  return value < 0 ? refuse("must be non-negative") : value;
}

function refusal(message: string): UserError {
  return new UserError("invalid_config", message);
}
