import type { RuleCondition } from "@ebb/api";
import {
  RECORDED_FIELDS,
  TRAFFIC_POLICY,
  VirtualServices,
  apiVersionOf,
  isSecretField,
  type HttpMatchRequest,
  type HttpRoute,
  type RecordedFields,
  type StringMatch,
  type VirtualService,
} from "@ebb/kube";
import { MANAGED_BY, PLATFORM_LABELS } from "../cluster/port.ts";
import { asleepRoute, type AsleepPage } from "./asleep-page.ts";
import { revisionName } from "./names.ts";

/** A rule as it is stored. */
export interface Rule {
  /** The version's number. */
  number: number;
  when: RuleCondition[];
}

/** Copies of requests to another version, as it is stored. */
export interface Mirror {
  /** The version's number. */
  number: number;
  percent: number;
  /** `safe`: only of requests that change nothing (GET, HEAD, OPTIONS); a copy of others does what they do once more. */
  methods: "safe" | "all";
  /** Milliseconds since the epoch. */
  since: number;
  by: string;
}

export interface VirtualServiceInput {
  app: string;
  namespace: string;
  /** The app's own host outside the cluster. */
  host: string;
  /** Those of its preview tags, and what they are called inside. */
  previews: readonly { host: string; internal: string }[];
  rules: readonly Rule[];
  /** Routes of rules that still hold for what the new ones do not take, as long as the split behind them is being changed. */
  before?: readonly HttpRoute[];
  mirror?: Mirror | null;
  /** Whoever does not ask for a preview gets this page. */
  asleep?: Omit<AsleepPage, "app"> | undefined;
  /** The Service's own, as it is written there: who holds its hosts guards them. */
  policy?: string | undefined;
  /** `h2c`: its Revision is reached by another port. */
  protocolOf: (number: number) => "http1" | "h2c";
}

const INGRESS_GATEWAY = "knative-serving/knative-ingress-gateway";
const LOCAL_GATEWAY = "knative-local-gateway.istio-system.svc.cluster.local";
/** Of a Revision's Service (knative networking, ports.go). */
const PORTS = { http1: 80, h2c: 81 } as const;
/** The gateway retries by itself unless it is told not to: a request would run twice. */
const NO_RETRIES = { attempts: 0 } as const;

export function internalHost(name: string, namespace: string): string {
  return `${name}.${namespace}.svc.cluster.local`;
}

/**
 * Who holds the external hosts of an app that has rules: matched requests go straight to a Revision, the rest by the internal name through
 * the local gateway, where Knative's own split decides (contract of the `routing-internal` sample of knative/docs). Pure.
 */
export function compileVirtualService(input: VirtualServiceInput): VirtualService {
  const { app, namespace, host, previews, rules, policy } = input;
  const labels = { [PLATFORM_LABELS.managedBy]: MANAGED_BY, [PLATFORM_LABELS.app]: app };
  const recorded = rules.length === 0 ? {} : { [RECORDED_FIELDS]: JSON.stringify(fieldsOf(rules)) };
  const annotations = { ...(policy === undefined ? {} : { [TRAFFIC_POLICY]: policy }), ...recorded };
  return {
    apiVersion: apiVersionOf(VirtualServices),
    kind: "VirtualService",
    metadata: { name: app, namespace, labels, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: {
      gateways: [INGRESS_GATEWAY],
      hosts: [host, ...previews.map((preview) => preview.host)],
      http: [
        // First, so that a preview shows its version whatever the rules say.
        ...previews.map((preview): HttpRoute => ({
          match: [{ authority: { prefix: preview.host } }],
          ...throughLocalGateway(preview.internal),
        })),
        ...frontRoutes(input),
      ],
    },
  };
}

type FrontInput = Omit<VirtualServiceInput, "host" | "previews">;

/** What every request meets that does not ask for a preview: the page of an app asleep, or its rules and then Knative's split. */
export function frontRoutes(input: FrontInput): HttpRoute[] {
  const { app, namespace, asleep } = input;
  if (asleep) return [asleepRoute({ app, ...asleep })];
  return [...ruleRoutes(input), ...withCopies({ name: REST, ...throughLocalGateway(internalHost(app, namespace)) }, input)];
}

/** Those that are wanted, then those of before that are not among them. */
function ruleRoutes(input: FrontInput): HttpRoute[] {
  const wanted = input.rules.flatMap((rule, index) => withCopies(ruleRoute(rule, index, input), input));
  const known = new Set(wanted.map(contentOf));
  const kept = (input.before ?? []).filter((route) => !known.has(contentOf(route)));
  return [...wanted, ...kept.map((route, index) => ({ ...route, name: `${BEFORE}${index + 1}` }))];
}

function contentOf({ match, route }: HttpRoute): string {
  return JSON.stringify([match, route]);
}

const SAFE_METHODS = { regex: "GET|HEAD|OPTIONS" };

/** A route with copies of its requests; where copies are made of some methods alone, a route in front of it for those. */
function withCopies(route: HttpRoute, { app, namespace, mirror, protocolOf }: FrontInput): HttpRoute[] {
  if (!mirror) return [route];
  const host = internalHost(revisionName(app, mirror.number), namespace);
  const copies = {
    mirror: { host, port: { number: PORTS[protocolOf(mirror.number)] } },
    mirrorPercentage: { value: mirror.percent },
  };
  if (mirror.methods === "all") return [{ ...route, ...copies }];
  const match = (route.match ?? [{}]).map((each) => ({ ...each, method: SAFE_METHODS }));
  return [{ ...route, name: `${route.name}${MIRRORED}`, match, ...copies }, route];
}

/** The routes of rules in a VirtualService that the platform has made, also of those that only hold until a change has ended. */
export function routesOfRules({ spec }: Pick<VirtualService, "spec">): HttpRoute[] {
  return (spec.http ?? []).filter(({ name = "" }) => name.startsWith(RULE) || name.startsWith(BEFORE));
}

/** Whether these routes are those of a change that has ended. */
export function sameRules(some: readonly HttpRoute[], others: readonly HttpRoute[]): boolean {
  const texts = (routes: readonly HttpRoute[]) => JSON.stringify(routes.map((route) => [route.name, contentOf(route)]));
  return texts(some) === texts(others);
}

/** Whose values the gateway may remember: rules are explained by them. */
function fieldsOf(rules: readonly Rule[]): RecordedFields {
  const conditions = rules.flatMap(({ when }) => when);
  const named = (on: "header" | "cookie" | "query") => conditions.flatMap((condition) => (condition.on === on ? [condition.name] : []));
  const users = conditions.flatMap((condition) => (condition.on === "users" ? [condition.header] : []));
  const unique = (names: readonly string[]) => [...new Set(names)].filter((name) => !isSecretField(name));
  return {
    headers: unique([...named("header"), ...users].map((name) => name.toLowerCase())),
    cookies: unique(named("cookie")),
    query: unique(named("query")),
  };
}

const REST = "rest";
const RULE = "rule-";
const BEFORE = "before-";
export const MIRRORED = "-mirrored";
export const ruleName = (index: number): string => `${RULE}${index + 1}`;

function throughLocalGateway(authority: string): HttpRoute {
  return { rewrite: { authority }, retries: NO_RETRIES, route: [{ destination: { host: LOCAL_GATEWAY, port: { number: 80 } } }] };
}

/** The headers are for the activator, which a Revision without instances is reached through. */
function ruleRoute(
  rule: Rule,
  index: number,
  { app, namespace, protocolOf }: Pick<VirtualServiceInput, "app" | "namespace" | "protocolOf">,
): HttpRoute {
  const revision = revisionName(app, rule.number);
  return {
    name: ruleName(index),
    match: matchesOf(rule.when),
    retries: NO_RETRIES,
    route: [
      {
        destination: { host: internalHost(revision, namespace), port: { number: PORTS[protocolOf(rule.number)] } },
        headers: { request: { set: { "Knative-Serving-Revision": revision, "Knative-Serving-Namespace": namespace } } },
      },
    ],
  };
}

/** One for each user of a list, as the fields of a match are all to hold and its list is of alternatives. */
function matchesOf(when: readonly RuleCondition[]): HttpMatchRequest[] {
  let matches: HttpMatchRequest[] = [{}];
  for (const condition of when) {
    const alternatives = alternativesOf(condition);
    matches = matches.flatMap((match) => alternatives.map((alternative) => merged(match, alternative)));
  }
  return matches;
}

function merged(a: HttpMatchRequest, b: HttpMatchRequest): HttpMatchRequest {
  return {
    ...a,
    ...b,
    ...(a.headers || b.headers ? { headers: { ...a.headers, ...b.headers } } : {}),
    ...(a.queryParams || b.queryParams ? { queryParams: { ...a.queryParams, ...b.queryParams } } : {}),
  };
}

function alternativesOf(condition: RuleCondition): HttpMatchRequest[] {
  switch (condition.on) {
    case "path":
      return [{ uri: textMatch(condition.is, condition.value) }];
    case "header":
      return [{ headers: { [condition.name.toLowerCase()]: textMatch(condition.is, condition.value) } }];
    case "query":
      return [{ queryParams: { [condition.name]: textMatch(condition.is, condition.value) } }];
    case "cookie":
      return [{ headers: { cookie: { regex: cookiePattern(condition) } } }];
    case "users":
      return condition.users.map((user) => ({ headers: { [condition.header.toLowerCase()]: { exact: user } } }));
  }
}

/** Without a field Istio asks only that it is there. */
function textMatch(is: "exact" | "prefix" | "regex" | "present", value = ""): StringMatch {
  return is === "present" ? {} : { [is]: value };
}

/** All cookies are one header: `a=1; b=2`. */
function cookiePattern({ name, is, value = "" }: Extract<RuleCondition, { on: "cookie" | "header" | "query" }>): string {
  const patterns = { exact: quoted(value), prefix: `${quoted(value)}[^;]*`, regex: `(?:${value})`, present: "[^;]*" };
  return `(?:.*;[ \\t]*)?${quoted(name)}=${patterns[is]}(?:[ \\t]*;.*)?`;
}

function quoted(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
