import type { RequestMatch, RouteRule, TextMatch } from "../route-table.ts";
import type { RequestView } from "./request-view.ts";
import { compileText, describeText } from "./text-match.ts";

/** One thing that must hold of a request, with its words for people. */
export interface Condition {
  holds(view: RequestView): boolean;
  text: string;
}

/** All conditions of a match; the cheap ones first. */
export function compileMatch(match: RequestMatch): Condition[] {
  const conditions: Condition[] = [];
  const text = (label: string, wanted: TextMatch | undefined, read: (view: RequestView) => string | undefined, fold = false) => {
    if (!wanted) return;
    const test = compileText(wanted, fold);
    conditions.push({ holds: (view) => test(read(view)), text: `${label} ${describeText(wanted)}` });
  };
  text("the method", match.method, ({ request }) => request.method);
  text("the scheme", match.scheme, (view) => view.scheme);
  text("the authority", match.authority, ({ request }) => request.authority);
  text("the path", match.uri, (view) => view.path, match.ignoreUriCase === true);
  for (const [name, wanted] of Object.entries(match.headers ?? {})) text(`header ${name}`, wanted, (view) => view.header(name));
  for (const [name, wanted] of Object.entries(match.withoutHeaders ?? {})) {
    const test = compileText(wanted);
    const holds = (view: RequestView) => !test(view.header(name));
    conditions.push({ holds, text: `header ${name} not: ${describeText(wanted)}` });
  }
  for (const [name, wanted] of Object.entries(match.queryParams ?? {})) {
    text(`query parameter ${name}`, wanted, (view) => view.queryParam(name));
  }
  return conditions;
}

/**
 * Whether a match takes every request, in the sense in which Istio moves it behind all others (`/` and nothing else; what any other field
 * asks, a method included, is a header to Envoy).
 */
export function isCatchAll(match: RequestMatch): boolean {
  const { uri, ignoreUriCase: _case, ...others } = match;
  if (Object.values(others).some((part) => part !== undefined && Object.keys(part).length > 0)) return false;
  return uri === undefined || ("prefix" in uri && uri.prefix === "/") || ("regex" in uri && (uri.regex === ".*" || uri.regex === "*"));
}

/** Whether nothing gets past a rule. */
export function isCatchAllRule({ matches }: Pick<RouteRule, "matches">): boolean {
  return matches.length === 0 || matches.some(isCatchAll);
}
