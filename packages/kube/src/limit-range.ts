import type { Container, LimitRange, LimitRangeItem, PodSpec, ResourceRequirements } from "./core.ts";
import type { PersistentVolumeClaim } from "./storage.ts";
import { isQuantity, quantityValue } from "./quantity.ts";

type Amounts = Readonly<Record<string, string>>;

/**
 * Containers as the LimitRanges of their namespace fill them in: a limit is a request too, then what the ranges have for default. Those of the
 * first range count; what is said stays. After k8s.io/kubernetes plugin/pkg/admission/limitranger.
 */
export function withLimitDefaults<T extends Container>(containers: readonly T[], ranges: readonly LimitRange[]): T[] {
  const items = itemsOf(ranges, "Container");
  if (items.length === 0) return [...containers];
  return containers.map((container) => {
    const { limits = {}, requests = {} } = container.resources ?? {};
    const defaults = (field: "default" | "defaultRequest") =>
      Object.assign({}, ...items.map((item) => item[field] ?? {}).reverse()) as Amounts;
    const resources: ResourceRequirements = {
      ...container.resources,
      limits: { ...defaults("default"), ...limits },
      requests: { ...defaults("defaultRequest"), ...limits, ...requests },
    };
    return { ...container, resources };
  });
}

/** All containers of a Pod, filled in like that. */
export function specWithLimitDefaults<S extends Pick<PodSpec, "containers" | "initContainers">>(spec: S, ranges: readonly LimitRange[]): S {
  const { containers, initContainers } = spec;
  return {
    ...spec,
    containers: withLimitDefaults(containers, ranges),
    ...(initContainers ? { initContainers: withLimitDefaults(initContainers, ranges) } : {}),
  };
}

/** Why containers that are filled in may not be in one Pod, in Kubernetes' words; undefined if they may. */
export function limitRefusal(
  containers: readonly Container[],
  ranges: readonly LimitRange[],
  initContainers: readonly Container[] = [],
): string | undefined {
  const all = [...containers, ...initContainers];
  const whys = [
    ...itemsOf(ranges, "Container").flatMap((item) => all.flatMap(({ resources }) => itemRefusals(item, resources ?? {}))),
    ...itemsOf(ranges, "Pod").flatMap((item) => itemRefusals(item, sumOf(containers, initContainers))),
  ];
  return together(whys);
}

/** Why a claim may not ask for so much, or so little, in Kubernetes' words; undefined if it may. */
export function claimRefusal({ spec }: PersistentVolumeClaim, ranges: readonly LimitRange[]): string | undefined {
  const requests = spec.resources?.requests ?? {};
  const whys = itemsOf(ranges, "PersistentVolumeClaim").flatMap(({ type, min = {}, max = {} }) => [
    ...each(min, (name, bound) =>
      tooSmall(`minimum ${name} usage per ${type} is ${bound}`, bound, { limit: undefined, request: requests[name] }),
    ),
    ...each(max, (name, bound) => {
      const request = requests[name];
      const rule = `maximum ${name} usage per ${type} is ${bound}`;
      if (request === undefined) return `${rule}.  No request is specified`;
      return valueOf(request) > valueOf(bound) ? `${rule}, but request is ${request}` : undefined;
    }),
  ]);
  return together(whys);
}

function together(whys: readonly string[]): string | undefined {
  return whys.length > 1 ? `[${whys.join(", ")}]` : whys[0];
}

function each(bounds: Amounts, refuse: (name: string, bound: string) => string | undefined): string[] {
  return Object.entries(bounds).flatMap(([name, bound]) => refuse(name, bound) ?? []);
}

function itemsOf(ranges: readonly LimitRange[], type: string): LimitRangeItem[] {
  return ranges.flatMap(({ spec }) => (spec?.limits ?? []).filter((item) => item.type === type));
}

function itemRefusals({ type, min = {}, max = {}, maxLimitRequestRatio = {} }: LimitRangeItem, resources: ResourceRequirements): string[] {
  const { limits = {}, requests = {} } = resources;
  return [
    ...each(min, (name, bound) =>
      tooSmall(`minimum ${name} usage per ${type} is ${bound}`, bound, { limit: limits[name], request: requests[name] }),
    ),
    ...each(max, (name, bound) =>
      tooLarge(`maximum ${name} usage per ${type} is ${bound}`, bound, { limit: limits[name], request: requests[name] }),
    ),
    ...each(maxLimitRequestRatio, (name, bound) =>
      tooFar(`${name} max limit to request ratio per ${type} is ${bound}`, bound, { limit: limits[name], request: requests[name] }),
    ),
  ];
}

interface Said {
  limit: string | undefined;
  request: string | undefined;
}

function tooSmall(rule: string, bound: string, { limit, request }: Said): string | undefined {
  if (request === undefined) return `${rule}.  No request is specified`;
  if (valueOf(request) < valueOf(bound)) return `${rule}, but request is ${request}`;
  return limit !== undefined && valueOf(limit) < valueOf(bound) ? `${rule}, but limit is ${limit}` : undefined;
}

function tooLarge(rule: string, bound: string, { limit, request }: Said): string | undefined {
  if (limit === undefined) return `${rule}.  No limit is specified`;
  if (valueOf(limit) > valueOf(bound)) return `${rule}, but limit is ${limit}`;
  return request !== undefined && valueOf(request) > valueOf(bound) ? `${rule}, but request is ${request}` : undefined;
}

function tooFar(rule: string, bound: string, { limit, request }: Said): string | undefined {
  if (request === undefined || valueOf(request) === 0) return `${rule}, but no request is specified or request is 0`;
  if (limit === undefined || valueOf(limit) === 0) return `${rule}, but no limit is specified or limit is 0`;
  const ratio = valueOf(limit) / valueOf(request);
  return ratio > valueOf(bound) ? `${rule}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}

/** Of a Pod: the sum of its containers, or what one that runs before them needs, if that is more. */
function sumOf(containers: readonly Container[], initContainers: readonly Container[]): ResourceRequirements {
  const sum = (field: "limits" | "requests") => {
    const amountOf = ({ resources }: Container, name: string) => valueOf(resources?.[field]?.[name] ?? "0");
    const names = new Set([...containers, ...initContainers].flatMap(({ resources }) => Object.keys(resources?.[field] ?? {})));
    return Object.fromEntries(
      [...names].map((name) => {
        const together = containers.reduce((total, container) => total + amountOf(container, name), 0);
        return [name, String(Math.max(together, ...initContainers.map((container) => amountOf(container, name))))];
      }),
    );
  };
  return { limits: sum("limits"), requests: sum("requests") };
}

function valueOf(text: string): number {
  return isQuantity(text) ? quantityValue(text) : 0;
}
