import type { Random } from "@ebb/base";
import { nickname } from "../core/hash.ts";
import type { Peer } from "../core/ports.ts";
import type { RouteIndex, RouteMatch, Scope, Visibility } from "../core/route-index.ts";
import { hostOf } from "../http1/authority.ts";
import type { RequestHead } from "../http1/heads.ts";
import type { Retries, Target } from "../route-table.ts";
import { abortAnswer, corsFields, directAnswer, preflightAnswer, redirectAnswer, type RuleAnswer } from "./answers.ts";
import { compileTraffic, type CompiledDestination, type CompiledRoute, type CompiledRule } from "./compile-rule.ts";
import type { CompiledChanges } from "./header-changes.ts";
import { RequestView } from "./request-view.ts";

/** What a decision is taken by, beside the request. */
export interface World {
  index: RouteIndex;
  /** Whether there is a revision of this name. */
  hasRevision(key: string): boolean;
  random: Pick<Random, "float">;
}

/** What rules want of the way to the instance and back. Those of several gateways on the way are added up. */
export interface ForwardPlan {
  /** As the client asked, before rules changed it. */
  clientAuthority: string;
  /** Whole request; Infinity: as the revision says. */
  timeoutMs: number;
  retries: Retries | undefined;
  delayMs: number;
  /** Instead of an instance's answer, once the delay is over. */
  abort: number | undefined;
  mirrors: { revision: string; request: RequestHead }[];
  answer: AnswerChanges[];
}

interface AnswerChanges {
  view: RequestView;
  changes: (CompiledChanges | undefined)[];
  cors: string;
}

export type Decision =
  | { type: "forward"; revision: string; request: RequestHead; plan: ForwardPlan }
  | { type: "answer"; answer: RuleAnswer; plan: ForwardPlan }
  | { type: "refuse"; status: 404 | 503; message: string };

/** Told of each step, for people who ask why. */
export interface Trace {
  enter?(host: string, scope: Scope, match: RouteMatch | undefined): void;
  passed?(route: CompiledRoute, failed: string): void;
  took?(route: CompiledRoute): void;
  chose?(destination: CompiledDestination): void;
}

/** A request may be led from gateway to gateway so often; more is a circle. */
const MOST_HOPS = 4;

interface Hop {
  request: RequestHead;
  scope: Scope;
  plan: ForwardPlan;
  depth: number;
}

export interface Origin {
  visibility: Visibility;
  client: Peer;
  /** The nickname of the revision that the request is to stay with, where it has a share. */
  preferred?: string | undefined;
}

/** Finds what becomes of a request by the rules of its host. Pure but for the draw of a random number. */
export function decide(request: RequestHead, from: Origin, world: World, trace: Trace = {}): Decision {
  const plan: ForwardPlan = {
    clientAuthority: request.authority,
    timeoutMs: Infinity,
    retries: undefined,
    delayMs: 0,
    abort: undefined,
    mirrors: [],
    answer: [],
  };
  const decider = new Decider(world, trace, from);
  return decider.hop({ request, scope: from.visibility, plan, depth: 0 });
}

class Decider {
  readonly #world: World;
  readonly #trace: Trace;
  readonly #from: Origin;

  constructor(world: World, trace: Trace, from: Origin) {
    this.#world = world;
    this.#trace = trace;
    this.#from = from;
  }

  hop(hop: Hop): Decision {
    const { request, scope, plan, depth } = hop;
    if (depth > MOST_HOPS) return refuse(503, "the routes lead in a circle from gateway to gateway");
    const match = this.#world.index.find(request.host, scope);
    this.#trace.enter?.(request.host, scope, match);
    if (!match) return refuse(404, `nothing is served at ${request.host}`);
    const view = new RequestView(request, this.#from.client);
    const route = match.routes.length > 0 ? this.#first(match.routes, view) : compileTraffic(match.entries[0] ?? "", match);
    if (!route) return refuse(404, `no route of ${request.host} is for this request`);
    this.#trace.took?.(route);
    const early = answerOf(route, view, this.#world.random);
    if (early) {
      if (route.rule.action.type !== "forward") plan.answer.push({ view, changes: [route.rule.response], cors: "" });
      return { type: "answer", answer: early, plan };
    }
    return this.#forward(route, view, hop);
  }

  #first(routes: readonly CompiledRoute[], view: RequestView): CompiledRoute | undefined {
    for (const route of routes) {
      const failed = route.conditions.find((condition) => !condition.holds(view));
      if (!failed) return route;
      this.#trace.passed?.(route, failed.text);
    }
    return undefined;
  }

  #forward(route: CompiledRoute, view: RequestView, hop: Hop): Decision {
    const { rule } = route;
    const { plan, depth } = hop;
    const destination = this.#draw(rule);
    if (!destination) return refuse(503, `no version of ${view.request.host} takes traffic`);
    this.#trace.chose?.(destination);
    const request = changed(route, destination, view);
    planFault(plan, rule.fault, this.#world.random);
    plan.timeoutMs = Math.min(plan.timeoutMs, rule.timeoutMs);
    plan.answer.unshift({ view, changes: [destination.response, rule.response], cors: corsFields(route, view) });
    for (const { target, percent } of rule.mirrors) this.#mirror(plan, target, percent, request);
    const decision = this.#resolve(destination.target, { ...hop, request, depth: depth + 1 });
    // The gateway nearest to the instance knows best whether trying again helps.
    plan.retries ??= rule.retries;
    return decision;
  }

  #draw({ destinations, totalWeight }: CompiledRule): CompiledDestination | undefined {
    const { preferred } = this.#from;
    const isOwn = ({ target, weight }: CompiledDestination) => weight > 0 && "service" in target && nickname(target.service) === preferred;
    return (preferred ? destinations.find(isOwn) : undefined) ?? drawDestination(destinations, totalWeight, this.#world.random);
  }

  #resolve(target: Target, hop: Hop): Decision {
    const { index, hasRevision } = this.#world;
    if ("unavailable" in target) return refuse(503, target.unavailable);
    if ("gateway" in target) return this.hop({ ...hop, scope: target.gateway });
    if (hasRevision(target.service)) return { type: "forward", revision: target.service, request: hop.request, plan: hop.plan };
    const [namespace = "", name = ""] = target.service.split("/");
    if (index.find(`${name}.${namespace}.svc.cluster.local`, "local")) return this.hop({ ...hop, scope: "local" });
    return refuse(503, `there is no Service ${name} in namespace ${namespace}`);
  }

  /** Only to a revision: whoever would be asked on the way knows nothing of a host that ends in `-shadow`. */
  #mirror(plan: ForwardPlan, target: Target, percent: number, request: RequestHead): void {
    if (!("service" in target) || !this.#world.hasRevision(target.service) || request.upgrade !== "") return;
    if (!happens(percent, this.#world.random)) return;
    const { host, authority } = request;
    const shadow = authority.replace(/(:\d*)?$/, "-shadow$1");
    plan.mirrors.push({ revision: target.service, request: { ...request, host: `${host}-shadow`, authority: shadow } });
  }
}

function refuse(status: 404 | 503, message: string): Decision {
  return { type: "refuse", status, message };
}

/** An answer that needs no instance. In Envoy's order of filters: cors, fault, then the router. */
function answerOf({ rule }: CompiledRoute, view: RequestView, random: World["random"]): RuleAnswer | undefined {
  const preflight = rule.cors && preflightAnswer(rule.cors, view);
  if (preflight) return preflight;
  if (rule.action.type === "redirect") return redirectAnswer(rule.action, view);
  if (rule.action.type === "respond") return directAnswer(rule.action);
  const { abort, delay } = rule.fault ?? {};
  return abort && !delay && happens(abort.percent, random) ? abortAnswer(abort.status) : undefined;
}

function planFault(plan: ForwardPlan, fault: CompiledRoute["rule"]["fault"], random: World["random"]): void {
  if (!fault?.delay) return;
  if (happens(fault.delay.percent, random)) plan.delayMs += fault.delay.seconds * 1000;
  if (fault.abort && happens(fault.abort.percent, random)) plan.abort = fault.abort.status;
}

function happens(percent: number, random: World["random"]): boolean {
  return percent >= 100 || (percent > 0 && random.float() * 100 < percent);
}

function drawDestination(all: readonly CompiledDestination[], total: number, random: World["random"]): CompiledDestination | undefined {
  // One alone has everything, whatever its weight.
  if (all.length === 1) return all[0];
  let point = random.float() * total;
  for (const destination of all) {
    point -= destination.weight;
    if (point < 0) return destination;
  }
  return undefined;
}

function changed({ rule, rewrite }: CompiledRoute, destination: CompiledDestination, view: RequestView): RequestHead {
  const request: RequestHead = { ...view.request };
  if (rewrite) request.target = rewrite(request.target);
  for (const changes of [rule.request, destination.request]) {
    if (!changes) continue;
    request.fields = changes.apply(request.fields, { view });
    if (changes.authority) setAuthority(request, changes.authority({ view }));
  }
  if (rule.authority !== undefined) setAuthority(request, rule.authority);
  return request;
}

/** One that is none is not taken: it would go into the request to the instance. */
function setAuthority(request: RequestHead, authority: string): void {
  const host = hostOf(authority);
  if (host === undefined || host === "") return;
  request.authority = authority;
  request.host = host;
}
