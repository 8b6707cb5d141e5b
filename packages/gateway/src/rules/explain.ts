import type { Clock } from "@ebb/base";
import { DENIED, type HostGuard } from "../core/host-guard.ts";
import { RouteIndex, type Scope, type Visibility } from "../core/route-index.ts";
import { hostOf } from "../http1/authority.ts";
import { bareRequest, type RequestHead } from "../http1/heads.ts";
import type { RouteTable, Target, TrafficPolicy } from "../route-table.ts";
import type { CompiledDestination, CompiledRoute } from "./compile-rule.ts";
import { decide } from "./decide.ts";
import { RequestView } from "./request-view.ts";

/** A request that somebody asks about. */
export interface RouteQuestion {
  host: string;
  method: string;
  /** With its query. */
  path: string;
  headers: readonly (readonly [name: string, value: string])[];
  listener: Visibility;
  /** Whom it comes from; unknown when absent. */
  address?: string;
  /** By TLS. */
  secure: boolean;
}

export interface ExplainedHop {
  host: string;
  /** Of the request; `local` where a rule has sent it on to the cluster-local gateway. */
  listener: Scope;
  /** The entries that name the host, in the order in which they are tried; none: nothing is served there. */
  entries: string[];
  /** Rules that were not for this request, with what did not hold. */
  skipped: { rule: string; because: string }[];
  /** The rule that decides, and what it asked of the request. */
  rule?: string;
  because?: string[];
  /** Among how many the rule chooses, and how: the shares are in percent. */
  destinations?: { to: string; share: number; chosen: boolean }[];
}

export interface RouteExplanation {
  outcome: "forward" | "answer" | "refuse";
  /** The revision (`namespace/name`) that one such request is sent to; another may be sent to another by its share. */
  revision?: string;
  /** Of an answer that the gateway gives itself. */
  status?: number;
  message?: string;
  /** What the instance would see. */
  sent?: { host: string; path: string };
  hops: ExplainedHop[];
  /** What guards the host that was asked. Whether a rate limit would refuse it is not foretold. */
  policy?: TrafficPolicy;
}

/** Says which rule takes a request, and why, by the code that routes it. Pure. */
export function explainer(
  table: Pick<RouteTable, "routes" | "backends">,
  clock: Pick<Clock, "now">,
): (question: RouteQuestion) => RouteExplanation {
  const index = new RouteIndex();
  index.replaceAll(table.routes);
  const revisions = new Set(table.backends.map(({ key }) => key));
  return (question) => {
    const hops: ExplainedHop[] = [];
    const client = { remoteAddress: question.address ?? "0.0.0.0", secure: question.secure };
    const from = { visibility: question.listener, client };
    const head = headOf(question);
    let guard: HostGuard | undefined;
    // Always the first with a share: an explanation of one request is the same each time, and the shares are told beside it.
    const world = { index, hasRevision: (key: string) => revisions.has(key), random: { float: () => 0 } };
    const decision = decide(head, from, world, {
      enter: (host, listener, match) => {
        if (hops.length === 0) guard = match?.guard;
        hops.push({ host, listener, entries: [...(match?.entries ?? [])], skipped: [] });
      },
      passed: ({ rule }, because) => void hops.at(-1)?.skipped.push({ rule: rule.name, because }),
      took: (route) => Object.assign(hops.at(-1) ?? {}, tookOf(route)),
      chose: (chosen) => markChosen(hops.at(-1), chosen),
    });
    const guarded = guard ? { policy: guard.policy } : {};
    if (guard?.denies(new RequestView(head, client), clock.now())) {
      return { outcome: "refuse", status: 403, message: DENIED, hops: hops.slice(0, 1), ...guarded };
    }
    switch (decision.type) {
      case "forward":
        return {
          outcome: "forward",
          revision: decision.revision,
          sent: { host: decision.request.authority, path: decision.request.target },
          hops,
          ...guarded,
        };
      case "answer":
        return { outcome: "answer", status: decision.answer.status, hops, ...guarded };
      case "refuse":
        return { outcome: "refuse", status: decision.status, message: decision.message, hops, ...guarded };
    }
  };
}

function tookOf({ rule, conditions }: CompiledRoute): Pick<ExplainedHop, "rule" | "because" | "destinations"> {
  const { destinations, totalWeight } = rule;
  const shares = destinations.map(({ target, weight }) => ({
    to: nameOf(target),
    share: destinations.length === 1 ? 100 : totalWeight === 0 ? 0 : Math.round((weight / totalWeight) * 1000) / 10,
    chosen: false,
  }));
  return {
    rule: rule.name,
    because: conditions.map(({ text }) => text),
    ...(shares.length > 0 ? { destinations: shares } : {}),
  };
}

function markChosen(hop: ExplainedHop | undefined, { target }: CompiledDestination): void {
  const chosen = hop?.destinations?.find(({ to }) => to === nameOf(target));
  if (chosen) chosen.chosen = true;
}

function nameOf(target: Target): string {
  if ("service" in target) return target.service;
  return "gateway" in target ? `the ${target.gateway} gateway` : `nowhere: ${target.unavailable}`;
}

function headOf({ host, method, path, headers }: RouteQuestion): RequestHead {
  return {
    ...bareRequest("http/1.1", method, path),
    authority: host,
    host: hostOf(host) ?? host.toLowerCase(),
    fields: headers.map(([name, value]) => `${name}: ${value}\r\n`).join(""),
  };
}
