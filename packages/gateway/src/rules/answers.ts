import type { RuleAction } from "../route-table.ts";
import type { CompiledCors, CompiledRoute } from "./compile-rule.ts";
import { queryOf, type RequestView } from "./request-view.ts";

/** An answer that a rule gives itself. `fields` are header lines. */
export interface RuleAnswer {
  status: number;
  fields: string;
  body: Buffer;
}

const EMPTY = Buffer.alloc(0);
const TEXT = "Content-Type: text/plain\r\n";

export function redirectAnswer(action: Extract<RuleAction, { type: "redirect" }>, view: RequestView): RuleAnswer {
  const scheme = action.scheme ?? view.scheme;
  const { host, port } = hostAndPort(view.request.authority);
  const authority = action.authority ?? host;
  const path = action.uri ?? view.path;
  // A query of the rule's own replaces the request's.
  const query = path.includes("?") ? "" : queryOf(view.request.target);
  const location = `${scheme}://${authority}${portOf(action, scheme, port)}${path}${query}`;
  return { status: action.status, fields: `Location: ${visible(location)}\r\n`, body: EMPTY };
}

function portOf(action: Extract<RuleAction, { type: "redirect" }>, scheme: string, asked: string): string {
  if (typeof action.port === "number") return `:${action.port}`;
  if (action.port === "request") return asked;
  if (action.port === "scheme" || action.authority !== undefined) return "";
  // The port of another scheme means nothing.
  return scheme === "http" ? asked : "";
}

function hostAndPort(authority: string): { host: string; port: string } {
  const port = /:\d*$/.exec(authority)?.[0] ?? "";
  return { host: authority.slice(0, authority.length - port.length), port };
}

function visible(text: string): string {
  return text.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent);
}

export function directAnswer({ status, body, encoding = "utf8" }: Extract<RuleAction, { type: "respond" }>): RuleAnswer {
  return { status, fields: body === "" ? "" : TEXT, body: Buffer.from(body, encoding) };
}

/** Envoy's fault filter says this. */
export function abortAnswer(status: number): RuleAnswer {
  return { status, fields: TEXT, body: Buffer.from("fault filter abort", "utf8") };
}

/** The answer to a preflight (the Fetch standard's), if it is one that the policy answers. */
export function preflightAnswer({ policy, origins }: CompiledCors, view: RequestView): RuleAnswer | undefined {
  const origin = view.header("origin");
  const isPreflight = view.request.method === "OPTIONS" && origin !== undefined && view.header("access-control-request-method");
  if (!isPreflight) return undefined;
  if (!origins.some((test) => test(origin))) return policy.ignoreUnmatched ? { status: 200, fields: "", body: EMPTY } : undefined;
  const line = (name: string, values: readonly string[]) => (values.length > 0 ? `${name}: ${values.join(",")}\r\n` : "");
  const fields =
    allowOrigin(origin, policy.credentials) +
    line("Access-Control-Allow-Methods", policy.methods) +
    line("Access-Control-Allow-Headers", policy.headers) +
    (policy.maxAgeSeconds === undefined ? "" : `Access-Control-Max-Age: ${policy.maxAgeSeconds}\r\n`);
  return { status: 200, fields, body: EMPTY };
}

/** What the policy adds to the answer of an application. */
export function corsFields({ rule }: CompiledRoute, view: RequestView): string {
  const origin = view.header("origin");
  if (!rule.cors || origin === undefined || !rule.cors.origins.some((test) => test(origin))) return "";
  const { policy } = rule.cors;
  const expose = policy.expose.length > 0 ? `Access-Control-Expose-Headers: ${policy.expose.join(",")}\r\n` : "";
  return allowOrigin(origin, policy.credentials) + expose;
}

function allowOrigin(origin: string, credentials: boolean): string {
  return `Access-Control-Allow-Origin: ${origin}\r\n${credentials ? "Access-Control-Allow-Credentials: true\r\n" : ""}`;
}
