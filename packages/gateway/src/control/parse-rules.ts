import { isTokenText } from "../http1/bytes.ts";
import type {
  Cors,
  Destination,
  Fault,
  HeaderChanges,
  PathRewrite,
  RequestMatch,
  Retries,
  RouteRule,
  RuleAction,
  Target,
  TextMatch,
} from "../route-table.ts";
import { bad, headerValue, list, quantity, record, text } from "./parse-values.ts";

export function parseRule(value: unknown, at: string): RouteRule {
  const rule = record(value, at);
  return {
    name: text(rule["name"], `${at}.name`),
    matches: list(rule["matches"], `${at}.matches`).map((match, i) => parseMatch(match, `${at}.matches[${i}]`)),
    action: parseAction(rule["action"], `${at}.action`),
    ...optional(rule, at, "path", parsePath),
    ...optional(rule, at, "authority", headerValue),
    ...optional(rule, at, "request", parseChanges),
    ...optional(rule, at, "response", parseChanges),
    ...optional(rule, at, "timeoutSeconds", quantity),
    ...optional(rule, at, "retries", parseRetries),
    ...optional(rule, at, "fault", parseFault),
    ...optional(rule, at, "mirrors", (mirrors, place) =>
      list(mirrors, place).map((mirror, i) => parseMirror(record(mirror, `${place}[${i}]`), `${place}[${i}]`)),
    ),
    ...optional(rule, at, "cors", parseCors),
  };
}

/** The field as `parse` reads it, or nothing when it is not there. */
export function optional<K extends string, T>(
  from: Record<string, unknown>,
  at: string,
  key: K,
  // oxlint-disable-next-line max-params -- the names of the four are the sentence
  parse: (value: unknown, at: string) => T,
): { [P in K]?: T } {
  const value = from[key];
  return value === undefined ? {} : ({ [key]: parse(value, `${at}.${key}`) } as { [P in K]?: T });
}

export function parseText(value: unknown, at: string): TextMatch {
  const match = record(value, at);
  if (match["present"] === true) return { present: true };
  if (match["exact"] !== undefined) return { exact: text(match["exact"], `${at}.exact`) };
  if (match["prefix"] !== undefined) return { prefix: text(match["prefix"], `${at}.prefix`) };
  if (match["regex"] !== undefined) return { regex: text(match["regex"], `${at}.regex`) };
  throw bad(at, "one of exact, prefix, regex, present");
}

function parseTexts(value: unknown, at: string): Record<string, TextMatch> {
  return Object.fromEntries(Object.entries(record(value, at)).map(([name, match]) => [name, parseText(match, `${at}.${name}`)]));
}

function parseMatch(value: unknown, at: string): RequestMatch {
  const match = record(value, at);
  return {
    ...optional(match, at, "uri", parseText),
    ...(match["ignoreUriCase"] === true ? { ignoreUriCase: true } : {}),
    ...optional(match, at, "method", parseText),
    ...optional(match, at, "authority", parseText),
    ...optional(match, at, "scheme", parseText),
    ...optional(match, at, "headers", parseTexts),
    ...optional(match, at, "withoutHeaders", parseTexts),
    ...optional(match, at, "queryParams", parseTexts),
  };
}

function parseChanges(value: unknown, at: string): HeaderChanges {
  const changes = record(value, at);
  const names = (names: unknown, place: string) => list(names, place).map((name) => headerName(name, place));
  return {
    ...optional(changes, at, "set", parseHeaders),
    ...optional(changes, at, "add", parseHeaders),
    ...optional(changes, at, "remove", names),
  };
}

export function parseHeaders(value: unknown, at: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, content] of Object.entries(record(value, at))) headers[headerName(name, at)] = headerValue(content, `${at}.${name}`);
  return headers;
}

function headerName(value: unknown, at: string): string {
  const name = text(value, at);
  if (!isTokenText(name.startsWith(":") ? name.slice(1) : name)) throw bad(at, "header names");
  return name;
}

function parseTarget(value: unknown, at: string): Target {
  const target = record(value, at);
  if (target["service"] !== undefined) return { service: text(target["service"], `${at}.service`) };
  if (target["unavailable"] !== undefined) return { unavailable: text(target["unavailable"], `${at}.unavailable`) };
  const gateway = target["gateway"];
  if (gateway !== "external" && gateway !== "local") throw bad(`${at}.gateway`, "external or local");
  return { gateway };
}

function parseDestination(value: unknown, at: string): Destination {
  const destination = record(value, at);
  return {
    target: parseTarget(destination["target"], `${at}.target`),
    weight: quantity(destination["weight"], `${at}.weight`),
    ...optional(destination, at, "request", parseChanges),
    ...optional(destination, at, "response", parseChanges),
  };
}

function parseMirror(mirror: Record<string, unknown>, at: string): { target: Target; percent: number } {
  return { target: parseTarget(mirror["target"], `${at}.target`), percent: quantity(mirror["percent"], `${at}.percent`, 100) };
}

function parseAction(value: unknown, at: string): RuleAction {
  const action = record(value, at);
  switch (action["type"]) {
    case "forward": {
      const destinations = list(action["destinations"], `${at}.destinations`);
      return { type: "forward", destinations: destinations.map((item, i) => parseDestination(item, `${at}.destinations[${i}]`)) };
    }
    case "redirect":
      return {
        type: "redirect",
        status: status(action["status"], `${at}.status`),
        ...optional(action, at, "uri", text),
        ...optional(action, at, "authority", text),
        ...optional(action, at, "scheme", text),
        ...optional(action, at, "port", (port, place) => (port === "scheme" || port === "request" ? port : quantity(port, place, 65_535))),
      };
    case "respond":
      return {
        type: "respond",
        status: status(action["status"], `${at}.status`),
        body: text(action["body"], `${at}.body`),
        ...(action["encoding"] === "base64" ? { encoding: "base64" as const } : {}),
      };
    default:
      throw bad(`${at}.type`, "forward, redirect or respond");
  }
}

function status(value: unknown, at: string): number {
  const code = quantity(value, at, 599);
  if (!Number.isInteger(code) || code < 200) throw bad(at, "a status from 200 to 599");
  return code;
}

function parsePath(value: unknown, at: string): PathRewrite {
  const path = record(value, at);
  if (path["uri"] !== undefined) return { uri: text(path["uri"], `${at}.uri`) };
  return { regex: text(path["regex"], `${at}.regex`), replacement: text(path["replacement"], `${at}.replacement`) };
}

export function parseRetries(value: unknown, at: string): Retries {
  const retries = record(value, at);
  return {
    attempts: quantity(retries["attempts"], `${at}.attempts`, 100),
    perTrySeconds: quantity(retries["perTrySeconds"], `${at}.perTrySeconds`),
    on: texts(retries["on"], `${at}.on`),
  };
}

function parseFault(value: unknown, at: string): Fault {
  const fault = record(value, at);
  const percent = (of: Record<string, unknown>, place: string) => quantity(of["percent"], `${place}.percent`, 100);
  return {
    ...optional(fault, at, "delay", (item, place) => {
      const delay = record(item, place);
      return { seconds: quantity(delay["seconds"], `${place}.seconds`), percent: percent(delay, place) };
    }),
    ...optional(fault, at, "abort", (item, place) => {
      const abort = record(item, place);
      return { status: status(abort["status"], `${place}.status`), percent: percent(abort, place) };
    }),
  };
}

function parseCors(value: unknown, at: string): Cors {
  const cors = record(value, at);
  return {
    origins: list(cors["origins"], `${at}.origins`).map((origin, i) => parseText(origin, `${at}.origins[${i}]`)),
    methods: headerValues(cors["methods"], `${at}.methods`),
    headers: headerValues(cors["headers"], `${at}.headers`),
    expose: headerValues(cors["expose"], `${at}.expose`),
    ...optional(cors, at, "maxAgeSeconds", quantity),
    credentials: cors["credentials"] === true,
    ignoreUnmatched: cors["ignoreUnmatched"] === true,
  };
}

function texts(value: unknown, at: string): string[] {
  return list(value, at).map((item, i) => text(item, `${at}[${i}]`));
}

/** Written into an answer's header. */
function headerValues(value: unknown, at: string): string[] {
  return list(value, at).map((item, i) => headerValue(item, `${at}[${i}]`));
}
