import { isTokenText } from "../http1/bytes.ts";
import type { AccessEntry, BudgetedRetries, RateLimit, TrafficPolicy } from "../route-table.ts";
import { optional, parseRetries, parseText } from "./parse-rules.ts";
import { bad, list, quantity, record, text } from "./parse-values.ts";

export function parsePolicy(value: unknown, at: string): TrafficPolicy {
  const policy = record(value, at);
  return {
    ...optional(policy, at, "deny", listOf(parseAccess)),
    ...optional(policy, at, "allow", listOf(parseAccess)),
    ...optional(policy, at, "rateLimits", listOf(parseLimit)),
    ...optional(policy, at, "affinity", (of, place) => {
      const affinity = record(of, place);
      return { cookie: token(affinity["cookie"], `${place}.cookie`), seconds: quantity(affinity["seconds"], `${place}.seconds`) };
    }),
    ...optional(policy, at, "ejection", (of, place) => {
      const ejection = record(of, place);
      return {
        errors: quantity(ejection["errors"], `${place}.errors`),
        seconds: quantity(ejection["seconds"], `${place}.seconds`),
        maxPercent: quantity(ejection["maxPercent"], `${place}.maxPercent`, 100),
      };
    }),
    ...optional(policy, at, "retries", (of, place): BudgetedRetries => ({
      ...parseRetries(of, place),
      budgetPercent: quantity(record(of, place)["budgetPercent"], `${place}.budgetPercent`),
    })),
  };
}

function listOf<T>(parse: (value: unknown, at: string) => T): (value: unknown, at: string) => T[] {
  return (values, at) => list(values, at).map((value, i) => parse(value, `${at}[${i}]`));
}

function parseAccess(value: unknown, at: string): AccessEntry {
  const entry = record(value, at);
  return {
    ...optional(entry, at, "address", text),
    ...optional(entry, at, "header", token),
    ...optional(entry, at, "match", parseText),
    ...optional(entry, at, "until", text),
  };
}

function parseLimit(value: unknown, at: string): RateLimit {
  const limit = record(value, at);
  const by = limit["by"];
  return {
    requests: positive(limit["requests"], `${at}.requests`),
    perSeconds: positive(limit["perSeconds"], `${at}.perSeconds`),
    ...optional(limit, at, "burst", positive),
    by: by === "app" || by === "client" ? by : { header: token(record(by, `${at}.by`)["header"], `${at}.by.header`) },
  };
}

function positive(value: unknown, at: string): number {
  const number = quantity(value, at);
  if (number === 0) throw bad(at, "a number above 0");
  return number;
}

function token(value: unknown, at: string): string {
  const name = text(value, at);
  if (!isTokenText(name)) throw bad(at, "a name that can stand in a header");
  return name;
}
