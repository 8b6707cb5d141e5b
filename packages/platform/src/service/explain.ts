import type { Explanation, RecentRequest } from "@ebb/api";
import { rulesOf } from "../apps/store.ts";
import type { Cluster, RouteExplanation } from "../cluster/port.ts";
import { revisionNumber, versionName } from "../compile/names.ts";
import { MIRRORED, type Rule } from "../compile/virtual-service.ts";
import type { AppFacts } from "../deploy/views.ts";
import { refuse } from "../errors.ts";
import { ruleFor } from "../releases/rule-fits.ts";
import { findRequest } from "./recent-requests.ts";

/** A request that somebody asks about; `headers` as `Name: value`. */
export interface RequestQuestion {
  method?: string | undefined;
  path?: string | undefined;
  /** The app's own when absent. */
  host?: string | undefined;
  headers: readonly string[];
  /** The id of one that is remembered; what else is said of it then does not count. */
  request?: string | undefined;
}

/** Which rule and version a request gets, as the code that routes says. Throws `explain_unavailable` where the cluster cannot say. */
export async function explainRequest(cluster: Cluster, facts: AppFacts, question: RequestQuestion): Promise<Explanation> {
  const { app, place } = facts;
  const rules = rulesOf(place);
  const request = question.request === undefined ? null : await findRequest(cluster, facts, question.request);
  const { method, path, host, headers } = request ? questionAbout(request) : question;
  const query = new URLSearchParams(headers.map((header): [string, string] => ["header", header]));
  if (method !== undefined) query.set("method", method);
  if (host !== undefined) query.set("host", host);
  if (path !== undefined) query.set("path", path);
  const found = await cluster.explain(rules.length > 0 ? "virtualservices" : "routes", app.name, query);
  if (!found) {
    throw refuse("explain_unavailable", `This cluster does not say which way a request to ${app.name} takes`, {
      hint: "Ebb's own cluster does, once the app has a version; of another, see the rules with: ebb traffic.",
    });
  }
  return { ...viewExplanation(found, facts), request, unsure: request ? unsureOf(rules, request) : [] };
}

function questionAbout({ method, path, host, headers, cookies, query }: RecentRequest): RequestQuestion {
  const known = (names: RecentRequest["headers"]) =>
    Object.entries(names).flatMap(([name, value]): [string, string][] => (value === null ? [] : [[name, value]]));
  const cookie = known(cookies).map(([name, value]) => `${name}=${value}`);
  const parameters = new URLSearchParams(known(query)).toString();
  return {
    method,
    host,
    path: parameters === "" ? path : `${path}?${parameters}`,
    headers: [
      ...known(headers).map(([name, value]) => `${name}: ${value}`),
      ...(cookie.length > 0 ? [`cookie: ${cookie.join("; ")}`] : []),
    ],
  };
}

/** Of each rule that is not known to take it or not: why. */
function unsureOf(rules: readonly Rule[], request: RecentRequest): string[] {
  return rules.flatMap((rule, index) => {
    const fit = ruleFor([rule], request);
    return typeof fit === "object" && fit !== null ? [`Rule ${index + 1}: ${fit.unknown}`] : [];
  });
}

export function viewExplanation(found: RouteExplanation, facts: Pick<AppFacts, "app" | "shares">): Omit<Explanation, "request" | "unsure"> {
  const [first] = found.hops;
  const number = found.revision === undefined ? undefined : revisionNumber(facts.app.name, found.revision.split("/")[1] ?? "");
  const rule = ruleNumber(first?.rule);
  const split = rule === null ? facts.shares.map((share) => ({ version: versionName(share.number), percent: share.percent })) : [];
  const version = number === undefined ? null : versionName(number);
  return {
    version,
    rule,
    reason: reasonOf({
      version,
      rule,
      because: first?.because ?? [],
      chance: split.length > 1,
      message: found.message,
      status: found.status,
    }),
    skipped: (first?.skipped ?? []).flatMap((each) => {
      // The same rule once more, for requests that copies are made of.
      if (each.rule.endsWith(MIRRORED)) return [];
      const skipped = ruleNumber(each.rule);
      // Of a list of users another one has been found.
      return skipped === null || skipped === rule ? [] : [{ rule: skipped, because: each.because }];
    }),
    split,
  };
}

/** Of `VirtualService shop/shop http[3] rule-2`: that the platform has given it. */
function ruleNumber(name: string | undefined): number | null {
  const digits = / rule-([1-9][0-9]*)(?:-mirrored)?$/.exec(name ?? "")?.[1];
  return digits === undefined ? null : Number(digits);
}

interface Reason {
  version: string | null;
  rule: number | null;
  because: readonly string[];
  chance: boolean;
  message: string | undefined;
  status: number | undefined;
}

function reasonOf({ version, rule, because, chance, message, status }: Reason): string {
  if (version === null) return message ?? (status === undefined ? "No version takes it" : `The gateway answers ${status} itself`);
  if (rule !== null) return `Rule ${rule} sends it to ${version}: ${because.join(" and ") || "it asks for nothing"}`;
  return chance ? `No rule is for it; the split decides, to ${version} for one` : `No rule is for it, and ${version} has all of the split`;
}
