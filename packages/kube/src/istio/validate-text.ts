import { RE2JS } from "re2js";
import type { StringMatch } from "./istio.ts";

/** What one match may cost the gateway (packages/gateway/src/rules/text-match.ts holds to the same). Istio leaves it to Envoy. */
const LONGEST_PATTERN = 1024;
const MOST_STATES = 2000;

/** After istio's validateStringMatchRegexp. */
export function matchProblems(match: StringMatch | undefined, where: string): string[] {
  const given = match?.regex;
  return given === undefined ? [] : regexProblems(given, where, match?.regex === "");
}

export function regexProblems(pattern: string, where: string, empty = pattern === ""): string[] {
  if (empty) return [`${JSON.stringify(where)}: regex string match should not be empty`];
  if (pattern.length > LONGEST_PATTERN) return [`${JSON.stringify(where)}: regex is longer than ${LONGEST_PATTERN} characters`];
  try {
    return RE2JS.compile(pattern).programSize() > MOST_STATES ? [`${JSON.stringify(where)}: regex is too large`] : [];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [`${JSON.stringify(where)}: ${why}; Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)`];
  }
}

const LABEL = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$/;

/** After istio's ValidateWildcardDomain. */
export function hostProblems(host: string): string[] {
  const quoted = JSON.stringify(host);
  if (host === "") return ["empty domain name not allowed"];
  if (host.length > 255) return [`domain name ${quoted} too long (max 255)`];
  if (host === "*" || isAddress(host)) return [];
  const plain = host.startsWith("*.") ? host.slice(2) : host.replace(/\.$/, "");
  const wrong = plain.split(".").find((label) => !LABEL.test(label));
  return wrong === undefined ? [] : [`domain name ${quoted} invalid (label ${JSON.stringify(wrong)} invalid)`];
}

function isAddress(host: string): boolean {
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host) || /^[0-9a-fA-F:]+$/.test(host.includes("::") ? host : "-");
}

export function gatewayNameProblems(names: readonly string[] = []): string[] {
  return names.flatMap((name) => {
    const parts = name.split("/");
    if (parts.length > 2) return [`config namespace and gateway name cannot be empty`];
    const [namespace, gateway] = parts.length === 2 ? parts : [undefined, parts[0]];
    if (namespace !== undefined && !LABEL.test(namespace)) return [`invalid value for namespace: ${JSON.stringify(namespace)}`];
    if (!gateway || hostProblems(gateway).length > 0 || gateway.startsWith("*")) {
      return [`invalid value for gateway name: ${JSON.stringify(gateway ?? "")}`];
    }
    return [];
  });
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** `authority` may be written, other names with a colon not. */
export function headerProblems(name: string, authority: boolean): string[] {
  if (name === "") return ["header name cannot be empty"];
  if (authority && /^(?::authority|host)$/i.test(name)) return [];
  if (name.startsWith(":") || name.toLowerCase() === "host") {
    return [`invalid header ${JSON.stringify(name)}: header cannot have ":" prefix or "host" name`];
  }
  return TOKEN.test(name) ? [] : [`header name ${name} is not a valid header name`];
}

/** Go's durations, at least a millisecond and whole ones, as ValidateDuration. */
export function durationMs(text: string): number | undefined {
  const match = /^(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/.exec(text);
  if (!match || text === "") return text === "0" ? 0 : undefined;
  const [, hours = 0, minutes = 0, seconds = 0, milliseconds = 0] = match.map((part) => (part === undefined ? undefined : Number(part)));
  return hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + milliseconds;
}

export function durationProblems(text: string | undefined, zero = true): string[] {
  if (text === undefined) return [];
  const value = durationMs(text);
  if (value === undefined) return [`invalid duration: ${JSON.stringify(text)}`];
  if (value === 0 && zero) return [];
  if (value < 1) return ["duration must be greater than 1ms"];
  return Number.isInteger(value) ? [] : ["only durations to ms precision are supported"];
}
