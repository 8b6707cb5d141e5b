import type { AccessEntry, RateLimit } from "@ebb/api";
import { usageError } from "../failure.ts";
import { parseDuration } from "../output/durations.ts";

const ACCESS =
  "Write 203.0.113.7, 203.0.113.0/24, header.x-key (it is there), header.x-key=VALUE, header.x-key^=PREFIX or header.x-key~=REGEX.";
const LIMIT =
  "Write 100/1m for all together, 10/1s:client for each address, 5/1s:header.x-key for each value of a header; +20 behind it is the burst.";
const OPERATORS = { "=": "exact", "^=": "prefix", "~=": "regex" } as const;

/** One `--deny`, `--allow` or `--remove`. Throws usageError; whether an address is one is the platform's to say. */
export function parseAccess(text: string): AccessEntry {
  const [, name, operator, value] = /^header\.([!#$%&'*+.^_`|~0-9A-Za-z-]+?)(?:(\^=|~=|=)(.*))?$/.exec(text) ?? [];
  if (name !== undefined) {
    const header = name.toLowerCase();
    if (operator === undefined) return { header };
    const key = OPERATORS[operator as keyof typeof OPERATORS];
    return { header, match: { [key]: value ?? "" } as NonNullable<AccessEntry["match"]> };
  }
  if (!/^[0-9a-fA-F:./]+$/.test(text)) throw usageError(`${JSON.stringify(text)} is neither an address nor a header`, ACCESS);
  return { address: text };
}

/** As it may be written after `--remove`. */
export function accessText({ address, header, match }: AccessEntry): string {
  if (address !== undefined) return address;
  if (!match || "present" in match) return `header.${header}`;
  if ("exact" in match) return `header.${header}=${match.exact}`;
  return "prefix" in match ? `header.${header}^=${match.prefix}` : `header.${header}~=${match.regex}`;
}

/** What has ended by itself stays in the list until the next change of it. */
export function accessLines(name: string, entries: readonly AccessEntry[], { none, now }: { none: string; now: number }): string[] {
  const inForce = entries.some(({ until }) => until === undefined || Date.parse(until) > now);
  const words = entries.map((entry) => {
    const { until, note } = entry;
    const time = until === undefined ? "" : ` ${Date.parse(until) > now ? "until" : "over since"} ${until}`;
    return `${accessText(entry)}${time}${note ? ` (${note})` : ""}`;
  });
  return [...(inForce ? [] : [none]), ...words].map((text, i) => `${(i === 0 ? name : "").padEnd(10)}${text}`);
}

/** One `--limit`. Throws usageError. */
export function parseLimit(text: string): RateLimit {
  const [, requests, period = "", by = "app", burst] = /^(\d{1,7})\/([0-9a-z]+)(?::([^+]+))?(?:\+(\d{1,7}))?$/.exec(text) ?? [];
  const milliseconds = parseDuration(period);
  if (requests === undefined || milliseconds === undefined || milliseconds % 1000 !== 0 || milliseconds === 0) {
    throw usageError(`${JSON.stringify(text)} is no limit`, LIMIT);
  }
  const limit = { requests: Number(requests), perSeconds: milliseconds / 1000, ...(burst === undefined ? {} : { burst: Number(burst) }) };
  if (by === "app" || by === "client") return { ...limit, by };
  if (by.startsWith("header.") && by.length > "header.".length)
    return { ...limit, by: { header: by.slice("header.".length).toLowerCase() } };
  throw usageError(`${JSON.stringify(text)}: ${by} is neither client nor header.NAME`, LIMIT);
}

export function limitText({ requests, perSeconds, burst, by }: RateLimit): string {
  const whose = by === "app" ? "" : by === "client" ? ":client" : `:header.${by.header}`;
  return `${requests}/${secondsText(perSeconds)}${whose}${burst === undefined ? "" : `+${burst}`}`;
}

/** `90s`, `10m`, `1h`: in the largest unit that it is whole in. */
export function secondsText(seconds: number): string {
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
  ] as const) {
    if (seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}

/** Whole seconds. Throws usageError that names the option. */
export function parseSeconds(option: string, text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined || milliseconds < 1000)
    throw usageError(`${option} ${text}: not a time of a second or more`, "For example 30s, 10m or 24h.");
  return Math.floor(milliseconds / 1000);
}
