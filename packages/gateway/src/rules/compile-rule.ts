import type { Cors, Destination, PathRewrite, RequestMatch, Retries, RouteRule, RuleAction, Split, Target } from "../route-table.ts";
import { compileMatch, isCatchAll, type Condition } from "./conditions.ts";
import { compileChanges, type CompiledChanges } from "./header-changes.ts";
import { pathOf, queryOf } from "./request-view.ts";
import { compilePattern, compileText, replacementProblem, type TextTest } from "./text-match.ts";

export interface CompiledDestination {
  target: Target;
  weight: number;
  request: CompiledChanges | undefined;
  response: CompiledChanges | undefined;
}

export interface CompiledCors {
  origins: TextTest[];
  policy: Cors;
}

/** What is done with a request, whichever of the rule's matches held. */
export interface CompiledRule {
  name: string;
  action: RuleAction;
  destinations: CompiledDestination[];
  totalWeight: number;
  authority: string | undefined;
  request: CompiledChanges | undefined;
  response: CompiledChanges | undefined;
  timeoutMs: number;
  retries: Retries | undefined;
  fault: RouteRule["fault"];
  mirrors: { target: Target; percent: number }[];
  cors: CompiledCors | undefined;
}

/** One match of a rule: a line of the list that is gone through. */
export interface CompiledRoute {
  /** The entry that it is of. */
  entry: string;
  rule: CompiledRule;
  conditions: readonly Condition[];
  isCatchAll: boolean;
  /** The target as the rule rewrites it, with its query. */
  rewrite: ((target: string) => string) | undefined;
}

export interface Traffic {
  readonly splits: readonly Split[];
  readonly setHeaders: Readonly<Record<string, string>>;
}

/** A rule as lines: one for each of its matches, as Istio makes one Envoy route of each. */
export function compileRule(entry: string, rule: RouteRule): CompiledRoute[] {
  const compiled = compileActions(rule);
  const matches: RequestMatch[] = rule.matches.length > 0 ? rule.matches : [{}];
  return matches.map((match) => ({
    entry,
    rule: compiled,
    conditions: compileMatch(match),
    isCatchAll: isCatchAll(match),
    rewrite: rule.path && compileRewrite(rule.path, match),
  }));
}

/** The splits of a host as a line. It is no catch-all: Knative's rules name their host, and keep their place among others'. */
export function compileTraffic(entry: string, { splits, setHeaders }: Traffic): CompiledRoute {
  const destinations = splits.map(({ revision, percent }) => ({ target: { service: revision }, weight: percent }));
  const name = `${entry} traffic`;
  const rule = compileActions({ name, matches: [], action: { type: "forward", destinations }, request: { set: { ...setHeaders } } });
  return { entry, rule, conditions: [], isCatchAll: false, rewrite: undefined };
}

function compileActions(rule: RouteRule): CompiledRule {
  const destinations = rule.action.type === "forward" ? rule.action.destinations.map(compileDestination) : [];
  const { timeoutSeconds = 0, retries, cors } = rule;
  return {
    name: rule.name,
    action: rule.action,
    destinations,
    totalWeight: destinations.reduce((sum, { weight }) => sum + weight, 0),
    authority: rule.authority,
    request: compileChanges(rule.request),
    response: compileChanges(rule.response),
    timeoutMs: timeoutSeconds > 0 ? timeoutSeconds * 1000 : Infinity,
    retries: retries && retries.attempts > 0 ? retries : undefined,
    fault: rule.fault,
    mirrors: rule.mirrors ?? [],
    cors: cors && { origins: cors.origins.map((origin) => compileText(origin)), policy: cors },
  };
}

function compileDestination({ target, weight, request, response }: Destination): CompiledDestination {
  return { target, weight, request: compileChanges(request), response: compileChanges(response) };
}

/** After Envoy: `prefix_rewrite` replaces the prefix that matched, and the whole path where the match was for the whole of it. */
function compileRewrite(path: PathRewrite, { uri }: RequestMatch): ((target: string) => string) | undefined {
  if ("uri" in path) {
    const matched = uri === undefined || "present" in uri ? 1 : "prefix" in uri ? uri.prefix.length : Infinity;
    return (target) => rooted(path.uri + pathOf(target).slice(matched)) + queryOf(target);
  }
  const pattern = compilePattern(path.regex);
  if ("problem" in pattern || replacementProblem(pattern, path.replacement) !== undefined) return undefined;
  return (target) => rooted(pattern.replaceAll(pathOf(target), path.replacement)) + queryOf(target);
}

/** A path that a rule has made must stay one: whatever it is, it goes into the request line. */
function rooted(path: string): string {
  const clean = path.toWellFormed().replace(/[^\x21-\x7e\x80-\xff]|[?#]/gu, encodeURIComponent);
  return clean.startsWith("/") ? clean : `/${clean}`;
}
