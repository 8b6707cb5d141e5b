import { constraintCauses } from "./custom/constraints.ts";
import { invalidFieldValue, type FieldErrors } from "./field-error.ts";
import { regexProblems } from "./istio/validate-text.ts";
import type { Json } from "./patch.ts";
import { applySchema, integer, list, object, text, type Schema } from "./schema.ts";

/**
 * JSON on a Knative Service, a Route or a VirtualService: what the gateway guards its hosts by, as packages/gateway's route-table.ts means it. Clusters
 * other than Ebb's own ignore it.
 */
export const TRAFFIC_POLICY = "networking.ebb.dev/traffic-policy";

export type PolicyTextMatch = { exact: string } | { prefix: string } | { regex: string } | { present: true };

/** An address or CIDR block, or a header. */
export interface PolicyAccess {
  address?: string;
  header?: string;
  match?: PolicyTextMatch;
  /** RFC 3339. */
  until?: string;
  /** For people. */
  note?: string;
}

export interface TrafficPolicy {
  deny?: PolicyAccess[];
  allow?: PolicyAccess[];
  rateLimits?: { requests: number; perSeconds: number; burst?: number; by: "app" | "client" | { header: string } }[];
  affinity?: { cookie: string; seconds: number };
  ejection?: { errors: number; seconds: number; maxPercent: number };
  retries?: { attempts: number; perTrySeconds: number; on: string[]; budgetPercent: number };
}

const count = (minimum: number, maximum: number): Schema => ({ ...integer, minimum, maximum });
const seconds = (minimum: number, maximum: number): Schema => ({ type: "number", minimum, maximum });
const token: Schema = { ...text, pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$" };
const header: Schema = { ...text, pattern: "^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$" };
const value: Schema = { ...text, maxLength: 1024 };
const access: Schema = {
  ...list(
    object({
      address: { ...text, maxLength: 64 },
      header,
      match: object({ exact: value, prefix: value, regex: value, present: { type: "boolean", enum: [true] } }),
      note: { ...text, maxLength: 200 },
      until: { ...text, pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)$" },
    }),
  ),
  maxItems: 256,
};
const RETRY_ON = ["5xx", "gateway-error", "reset", "reset-before-request", "retriable-4xx", "unavailable", "resource-exhausted"];

const SCHEMA: Schema = object({
  deny: access,
  allow: access,
  rateLimits: {
    ...list(
      object(
        // A string, or an object with a header: `byProblems` says which is right.
        { requests: count(1, 1_000_000), perSeconds: count(1, 86_400), burst: count(1, 1_000_000), by: {} },
        "requests",
        "perSeconds",
        "by",
      ),
    ),
    maxItems: 16,
  },
  affinity: object({ cookie: token, seconds: count(1, 31_536_000) }, "cookie", "seconds"),
  ejection: object({ errors: count(1, 1000), seconds: count(1, 3600), maxPercent: count(1, 100) }, "errors", "seconds", "maxPercent"),
  retries: object(
    {
      attempts: count(1, 10),
      perTrySeconds: seconds(0, 3600),
      on: { ...list({ ...text, enum: [...RETRY_ON, "429", "500", "502", "503", "504"] }), minItems: 1, maxItems: 16 },
      budgetPercent: count(0, 100),
    },
    "attempts",
    "perTrySeconds",
    "on",
    "budgetPercent",
  ),
});

/** What is wrong with a policy, each with its place in front; empty: nothing. */
export function policyProblems(policy: unknown): string[] {
  const json = policy as Json;
  const { unknown, causes } = applySchema(SCHEMA, json, "");
  const shape = [
    ...unknown.map((path) => `${path}: there is no such field`),
    ...[...causes, ...constraintCauses(SCHEMA, json)].map(({ field, message }) => `${field}: ${message}`),
  ];
  return shape.length > 0 ? shape : meaningProblems(policy as TrafficPolicy);
}

function meaningProblems({ deny = [], allow = [], rateLimits = [] }: TrafficPolicy): string[] {
  return [
    ...deny.flatMap((entry, i) => accessProblems(entry, `deny[${i}]`)),
    ...allow.flatMap((entry, i) => accessProblems(entry, `allow[${i}]`)),
    ...rateLimits.flatMap(({ by }, i) => byProblems(by, `rateLimits[${i}].by`)),
  ];
}

function accessProblems({ address, header: name, match, until }: PolicyAccess, at: string): string[] {
  const problems: string[] = [];
  if ((address === undefined) === (name === undefined)) problems.push(`${at}: name an address or a header, and one of them only`);
  if (address !== undefined && !isBlock(address)) {
    problems.push(`${at}.address: ${JSON.stringify(address)} is neither an IP address nor a block of them, such as 192.0.2.0/24`);
  }
  if (address !== undefined && match) problems.push(`${at}.match: it is for headers`);
  if (match && Object.keys(match).length !== 1) problems.push(`${at}.match: one of exact, prefix, regex, present`);
  if (match && "regex" in match) problems.push(...regexProblems(match.regex, `${at}.match.regex`));
  if (until !== undefined && Number.isNaN(Date.parse(until))) problems.push(`${at}.until: there is no such time`);
  return problems;
}

function byProblems(by: unknown, at: string): string[] {
  if (by === "app" || by === "client") return [];
  const name = typeof by === "object" && by !== null && Object.keys(by).length === 1 ? (by as { header?: unknown }).header : undefined;
  if (typeof name === "string" && new RegExp(header.pattern ?? "").test(name)) return [];
  return [`${at}: app, client, or an object with the name of a header in lower case`];
}

const OCTET = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

/** An address, or one with a prefix length. */
function isBlock(text: string): boolean {
  const [base = "", length, ...rest] = text.split("/");
  if (rest.length > 0) return false;
  const bits = IPV4.test(base) ? 32 : isIpv6(base) ? 128 : -1;
  return bits > 0 && (length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bits));
}

/** The URL parser knows them all, also those with an IPv4 tail. */
function isIpv6(text: string): boolean {
  return /^[0-9a-fA-F:.]+$/.test(text) && text.includes(":") && URL.canParse(`http://[${text}]/`);
}

/** The policy of an annotation; undefined where there is none. Throws an Error that says what is wrong with it. */
export function parseTrafficPolicy(annotations: Readonly<Record<string, string>> | undefined): TrafficPolicy | undefined {
  const json = annotations?.[TRAFFIC_POLICY];
  if (json === undefined) return undefined;
  let policy: unknown;
  try {
    policy = JSON.parse(json);
  } catch (cause) {
    throw new Error(`it is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const problems = policyProblems(policy);
  if (problems.length > 0) throw new Error(problems.join("; "));
  return policy as TrafficPolicy;
}

/** The same for admission. */
export function validateTrafficPolicy(annotations: Readonly<Record<string, string>> | undefined): FieldErrors {
  try {
    parseTrafficPolicy(annotations);
    return [];
  } catch (error) {
    return invalidFieldValue(annotations?.[TRAFFIC_POLICY], TRAFFIC_POLICY, error instanceof Error ? error.message : String(error));
  }
}
