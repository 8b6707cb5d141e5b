import type { RecentRequest, RuleCondition } from "@ebb/api";
import { isSecretField, textMatches, type StringMatch } from "@ebb/kube";
import type { Rule } from "../compile/virtual-service.ts";

/** Whether a request has what is asked for; `unknown` says what would have to be known of it. */
export type Fit = "yes" | "no" | { unknown: string };

/** What the gateway says of a request itself: a rule sees its words, and what was kept are the client's. */
const GATEWAYS_OWN = /^(?:x-forwarded-|forwarded$|x-request-id$|traceparent$|tracestate$|content-length$|upgrade$|host$|:)/;
/** As long as a path that was kept can be: it may have been longer. */
const LONGEST_PATH = 512;

/** Which rule takes a request, from 0 on; null: the split. Pure. */
export function ruleFor(rules: readonly Rule[], request: RecentRequest): number | null | { unknown: string } {
  for (const [index, { when }] of rules.entries()) {
    const fits = when.map((condition) => fitOf(condition, request));
    if (fits.includes("no")) continue;
    const unknown = fits.find((fit) => typeof fit === "object");
    if (unknown) return unknown;
    return index;
  }
  return null;
}

function fitOf(condition: RuleCondition, request: RecentRequest): Fit {
  switch (condition.on) {
    case "path":
      return pathFit(condition, request.path);
    case "header":
      return fieldFit(`header ${condition.name}`, request.headers[condition.name.toLowerCase()], condition);
    case "cookie":
      return fieldFit(`cookie ${condition.name}`, request.cookies[condition.name], condition);
    case "query":
      return fieldFit(`query parameter ${condition.name}`, request.query[condition.name], condition);
    case "users": {
      const { header, users } = condition;
      const value = request.headers[header.toLowerCase()];
      if (GATEWAYS_OWN.test(header.toLowerCase())) return notKept(`header ${header}`, header);
      if (value === undefined) return "no";
      return value === null ? notKept(`header ${header}`, header) : yes(users.includes(value));
    }
  }
}

type Field = Extract<RuleCondition, { on: "header" | "cookie" | "query" }>;

function fieldFit(what: string, found: string | null | undefined, { on, name, is, value = "" }: Field): Fit {
  if (on === "header" && GATEWAYS_OWN.test(name.toLowerCase())) return notKept(what, name);
  if (found === undefined) return "no";
  if (is === "present") return "yes";
  return found === null ? notKept(what, name) : yes(textMatches(matchOf(is, value), found));
}

function pathFit({ is, value }: Extract<RuleCondition, { on: "path" }>, path: string): Fit {
  if (path.length >= LONGEST_PATH && is !== "prefix") return { unknown: "its path was too long to be kept" };
  return yes(textMatches(matchOf(is, value), path));
}

function matchOf(is: "exact" | "prefix" | "regex", value: string): StringMatch {
  return { [is]: value };
}

const yes = (fits: boolean): Fit => (fits ? "yes" : "no");

function notKept(what: string, name: string): Fit {
  return { unknown: isSecretField(name) ? `the value of the ${what} is never kept` : `the value of the ${what} was not kept` };
}
