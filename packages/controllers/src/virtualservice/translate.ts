import { createHash } from "node:crypto";
import { isCatchAllRule, type HostRule, type RouteEntry, type RouteRule } from "@ebb/gateway";
import {
  recordedFields,
  type DestinationRule,
  type HttpMatchRequest,
  type HttpRoute,
  type IstioGateway,
  type VirtualService,
} from "@ebb/kube";
import { keyOf } from "../engine/keys.ts";
import { bindingsOf, commonHost, GATEWAY_LABELS, GATEWAY_NAMESPACE, gatewayKey, type Binding, type Side } from "../gateway/bindings.ts";
import { policyOf } from "../route/policy.ts";
import { withDelegates } from "./delegate.ts";
import { ruleOf } from "./rule.ts";

export interface Sources {
  gateway(namespace: string, name: string): IstioGateway | undefined;
  virtualService(namespace: string, name: string): VirtualService | undefined;
  destinationRule(namespace: string, host: string): DestinationRule | undefined;
}

export interface Translation {
  entry: RouteEntry;
  /** What will not work, for the status. */
  problems: string[];
}

export function entryKey(service: Pick<VirtualService, "metadata">): string {
  return `virtualservice:${keyOf(service)}`;
}

/** By age, then name, then namespace (istio, pilot/pkg/model/config.go, sortConfigByCreationTime). */
export function orderOf(created: string | undefined, name: string, namespace: string | undefined): string {
  return `${created ?? ""} ${name} ${namespace ?? ""}`;
}

/** What a VirtualService means for the gateway: its hosts on each of the gateways that it is bound to. */
export function translate(service: VirtualService, sources: Sources): Translation {
  const { metadata, spec } = service;
  const namespace = metadata.namespace ?? "";
  const problems: string[] = [];
  const routes = withDelegates(service, (of, name) => sources.virtualService(of, name));
  const bindings = boundTo(spec.gateways ?? ["mesh"], { namespace, sources, problems });
  for (const { delegate } of spec.http ?? []) {
    const of = delegate?.namespace || namespace;
    if (delegate && !sources.virtualService(of, delegate.name ?? ""))
      problems.push(`there is no VirtualService ${of}/${delegate.name ?? ""} to delegate to`);
  }
  const policy = policyOf(service);
  const recorded = recordedFields(metadata.annotations);
  const hosts = (["external", "cluster-local"] as const).flatMap((side) => {
    const here = bindings.filter((binding) => binding.side === side);
    const rules = rulesFor(routes, here, { service, sources });
    if (rules.length === 0) return [];
    const found = hostRules(spec.hosts ?? [], { side, here, rules });
    if (side !== "external") return found;
    return found.map((rule) => ({ ...rule, ...(policy ? { policy } : {}), ...(recorded ? { recorded } : {}) }));
  });
  for (const problem of unavailable(hosts)) if (!problems.includes(problem)) problems.push(problem);
  const order = orderOf(metadata.creationTimestamp, metadata.name, namespace);
  return { entry: { key: entryKey(service), hash: meaningHash([metadata.uid, order, hosts]), order, hosts }, problems };
}

/** Changes with what an entry means; the uid is a part of that, so that nothing is taken for its predecessor. */
export function meaningHash(meaning: unknown): string {
  return createHash("sha256").update(JSON.stringify(meaning)).digest("hex").slice(0, 32);
}

function boundTo(
  names: readonly string[],
  { namespace, sources, problems }: { namespace: string; sources: Sources; problems: string[] },
): Binding[] {
  return names.flatMap((name) => {
    // No sidecars here: what is for the mesh alone is for nobody.
    if (name === "mesh") return [];
    const key = gatewayKey(name, namespace);
    const [of = "", gateway = ""] = key.split("/");
    const bindings = bindingsOf(key, sources.gateway(of, gateway), namespace);
    if (!bindings) problems.push(`there is no Gateway ${key}`);
    return bindings ?? [];
  });
}

/** In order, up to the first that takes everything: what follows in the same VirtualService can never be reached (route.go). */
function rulesFor(
  routes: readonly HttpRoute[],
  here: readonly Binding[],
  { service, sources }: { service: VirtualService; sources: Sources },
): RouteRule[] {
  if (here.length === 0) return [];
  const rules: RouteRule[] = [];
  const namespace = service.metadata.namespace ?? "";
  for (const [index, route] of routes.entries()) {
    const matches = (route.match ?? []).filter((match) => isFor(match, here, namespace));
    if (route.match && route.match.length > 0 && matches.length === 0) continue;
    const name = `VirtualService ${keyOf(service)} http[${index}]${route.name ? ` ${route.name}` : ""}`;
    const rule = ruleOf(route, matches, { name, namespace, rule: (of, host) => sources.destinationRule(of, host) });
    rules.push(rule);
    if (isCatchAllRule(rule)) break;
  }
  return rules;
}

/** Whether a match is for this gateway: on a gateway, the source of a request is the gateway's pod. */
function isFor({ gateways, port, sourceLabels, sourceNamespace }: HttpMatchRequest, here: readonly Binding[], namespace: string): boolean {
  if (port && !here.some((binding) => binding.port === port)) return false;
  if (sourceNamespace && sourceNamespace !== GATEWAY_NAMESPACE) return false;
  if (gateways && gateways.length > 0) return gateways.some((name) => here.some(({ gateway }) => gateway === gatewayKey(name, namespace)));
  return Object.entries(sourceLabels ?? {}).every(([label, value]) => GATEWAY_LABELS[label] === value);
}

function hostRules(
  wanted: readonly string[],
  { side, here, rules }: { side: Side; here: readonly Binding[]; rules: RouteRule[] },
): HostRule[] {
  const found = new Map<string, boolean>();
  for (const host of wanted) {
    for (const binding of here) {
      for (const served of binding.hosts) {
        const common = commonHost(host.toLowerCase(), served);
        if (common !== undefined) found.set(common, (found.get(common) ?? false) || binding.redirectToTls);
      }
    }
  }
  return [...found].map(([host, redirect]) => ({
    host,
    visibility: side,
    splits: [],
    setHeaders: {},
    rules,
    ...(redirect ? { redirectToTls: true } : {}),
  }));
}

function unavailable(hosts: readonly HostRule[]): string[] {
  return hosts.flatMap(({ rules = [] }) =>
    rules.flatMap(({ action }) =>
      action.type === "forward" ? action.destinations.flatMap(({ target }) => ("unavailable" in target ? [target.unavailable] : [])) : [],
    ),
  );
}
