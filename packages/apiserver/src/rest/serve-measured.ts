import { rfc3339, type Clock } from "@ebb/base";
import {
  APIServices,
  apiVersionOf,
  badRequest,
  ComponentStatuses,
  Nodes,
  notFound,
  PodMetrics,
  Pods,
  type Kind,
  type KubeObject,
  type Pod,
} from "@ebb/kube";
import type { Registry } from "../registry/registry.ts";
import { selection } from "../registry/selection.ts";
import { ok, type Answer, type Exchange } from "./http-types.ts";
import { apiServices, componentStatuses } from "./own-state.ts";
import { representList, representObject, viewFor } from "./represent.ts";
import { flagOf, listRequestOf } from "./request-options.ts";
import type { ResourcePath } from "./resource-path.ts";
import { notAllowed } from "./respond.ts";

export interface Used {
  /** On an average over the window. */
  cores: number;
  memoryBytes: number;
  windowMs: number;
}

/** What is used now, by name; of those that are not in it nothing is known. */
export interface Measure {
  pods(pods: readonly { namespace: string; name: string }[]): Promise<ReadonlyMap<string, Used>>;
  nodes(names: readonly string[]): Promise<ReadonlyMap<string, Used>>;
}

interface MeasuredDeps {
  registry: Registry;
  kinds: readonly Kind[];
  measure: Measure;
  clock: Clock;
}

const DEPRECATED = "v1 ComponentStatus is deprecated in v1.19+";

/**
 * Kinds that are found out when they are read: metrics.k8s.io, which `kubectl top` and dashboards read, made of a Pod or a Node and what it uses, and what
 * the server tells of itself.
 */
export async function serveMeasured(exchange: Exchange, path: ResourcePath, deps: MeasuredDeps): Promise<Answer> {
  const { kind, name, subresource } = path;
  const { method, query } = exchange;
  if (method !== "GET" || subresource !== undefined) throw notAllowed(method);
  if (flagOf(query, "watch")) throw notAllowed("WATCH");
  const view = viewFor(exchange, deps.clock);
  const warnings = kind === ComponentStatuses ? [DEPRECATED] : [];
  if (name === undefined) {
    const items = await listed(path, query, deps);
    const list = { apiVersion: apiVersionOf(kind), kind: `${kind.kind}List`, metadata: { resourceVersion: "" }, items };
    return { ...ok(representList(kind, list, view)), warnings };
  }
  const own = ownState(kind, deps);
  const [object] = own
    ? own.filter(({ metadata }) => metadata.name === name)
    : await measured(kind, [deps.registry.get({ kind: sourceOf(kind), namespace: path.namespace, name })], deps);
  if (!object) throw notFound(kind, name);
  return { ...ok(representObject(kind, object, view)), warnings };
}

async function listed(path: ResourcePath, query: URLSearchParams, deps: MeasuredDeps): Promise<KubeObject[]> {
  const own = ownState(path.kind, deps);
  return own
    ? own.filter(selection(path.kind, listRequestOf(query, undefined)))
    : measured(path.kind, sourcesOf(path, query, deps.registry), deps);
}

/** Undefined for kinds of which each object is made of another. */
function ownState(kind: Kind, { kinds, registry }: MeasuredDeps): KubeObject[] | undefined {
  if (kind === APIServices) return apiServices(kinds, registry);
  return kind === ComponentStatuses ? componentStatuses() : undefined;
}

function sourcesOf({ kind, namespace }: ResourcePath, query: URLSearchParams, registry: Registry): readonly KubeObject[] {
  const { limit: _limit, ...request } = listRequestOf(query, namespace);
  if (request.continue) throw badRequest("these lists are given whole: there is nothing to continue");
  return registry.list(sourceOf(kind), request).items;
}

function sourceOf(kind: Kind): Kind {
  return kind === PodMetrics ? Pods : Nodes;
}

async function measured(kind: Kind, sources: readonly KubeObject[], { measure, clock }: MeasuredDeps): Promise<KubeObject[]> {
  const places = sources.map(({ metadata: { namespace = "", name } }) => ({ namespace, name }));
  const used = kind === PodMetrics ? await measure.pods(places) : await measure.nodes(places.map(({ name }) => name));
  const now = clock.now();
  return sources.flatMap((source) => {
    const { name, namespace, labels } = source.metadata;
    const figures = used.get(name);
    if (!figures) return [];
    const usage = { cpu: `${Math.round(figures.cores * 1e9)}n`, memory: `${Math.round(figures.memoryBytes / 1024)}Ki` };
    const metadata = {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels ? { labels } : {}),
      creationTimestamp: rfc3339(now),
    };
    const window = `${Math.max(1, Math.round(figures.windowMs / 1000))}s`;
    const of = kind === PodMetrics ? { containers: [{ name: servingContainer(source as Pod), usage }] } : { usage };
    const object = { apiVersion: `${kind.group}/${kind.version}`, kind: kind.kind, metadata, timestamp: rfc3339(now), window, ...of };
    return [object];
  });
}

/** The whole instance is measured: all is said of the container that serves. */
function servingContainer({ spec }: Pod): string {
  const serving = spec.containers.find(({ ports = [] }) => ports.length > 0) ?? spec.containers[0];
  return serving?.name ?? "";
}
