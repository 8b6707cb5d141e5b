import type { Container, ResourceQuota } from "./core.ts";
import { QUEUE_PROXY } from "./names.ts";
import type { PersistentVolumeClaim } from "./storage.ts";
import { canonicalQuantity, formatQuantity, isQuantity, quantityValue } from "./quantity.ts";

/** Amounts of resources (cores, bytes, objects) by the names that `spec.hard` of a ResourceQuota has for them. */
export type Amounts = Readonly<Record<string, number>>;

/** Names of `spec.hard` that count objects without `count/`. */
const COUNTED: ReadonlySet<string> = new Set([
  "configmaps",
  "persistentvolumeclaims",
  "replicationcontrollers",
  "resourcequotas",
  "secrets",
  "services",
]);
const ALIASES: Readonly<Record<string, string>> = { cpu: "requests.cpu", memory: "requests.memory" };
const COMPUTE = ["cpu", "memory", "ephemeral-storage"] as const;

/** `plural.group` of the objects that this name of `spec.hard` counts, if it counts any; Pods are counted with what they ask for. */
export function countedResource(name: string): string | undefined {
  if (name === "count/pods") return undefined;
  if (name.startsWith("count/")) return name.slice("count/".length);
  return COUNTED.has(name) ? name : undefined;
}

/** What `spec.hard` allows, without what cannot be read. */
export function hardAmounts({ spec }: ResourceQuota): Amounts {
  return Object.fromEntries(
    Object.entries(spec?.hard ?? {}).flatMap(([name, text]) => (isQuantity(text) ? [[name, quantityValue(text)]] : [])),
  );
}

/** The names of `spec.hard` whose values are no quantities, or less than nothing. */
export function invalidHard({ spec }: ResourceQuota): string[] {
  const hard = spec?.hard ?? {};
  return Object.keys(hard).filter((name) => !isQuantity(hard[name] ?? "") || quantityValue(hard[name] ?? "") < 0);
}

/**
 * What one Pod with these containers counts for; a limit without a request is a request, too. Those that run first do so one by one, and before the
 * others: the most that any of them asks for counts, where that is more. As in Kubernetes; but a `queue-proxy` takes nothing, as nothing runs there.
 */
export function podAmounts(containers: readonly Container[], initContainers: readonly Container[] = []): Amounts {
  const amounts: Record<string, number> = { pods: 1, "count/pods": 1 };
  for (const container of containers) {
    if (container.name === QUEUE_PROXY) continue;
    for (const [name, amount] of Object.entries(computeOf(container))) amounts[name] = (amounts[name] ?? 0) + amount;
  }
  for (const container of initContainers)
    for (const [name, amount] of Object.entries(computeOf(container))) amounts[name] = Math.max(amounts[name] ?? 0, amount);
  for (const [alias, name] of Object.entries(ALIASES)) if (amounts[name] !== undefined) amounts[alias] = amounts[name];
  return amounts;
}

/** What a claim counts for, by itself and within its class. */
export function claimAmounts({ spec }: PersistentVolumeClaim): Amounts {
  const storage = valueOf(spec.resources?.requests?.["storage"]) ?? 0;
  const own = { persistentvolumeclaims: 1, "requests.storage": storage };
  if (!spec.storageClassName) return own;
  const of = `${spec.storageClassName}${OF_CLASS}`;
  return { ...own, [`${of}persistentvolumeclaims`]: 1, [`${of}requests.storage`]: storage };
}

/** Whether this name of `spec.hard` is about the sizes of claims, or about claims of one class. */
export function isStorageName(name: string): boolean {
  return name === "requests.storage" || name.includes(OF_CLASS);
}

const OF_CLASS = ".storageclass.storage.k8s.io/";

function computeOf({ resources: { limits = {}, requests = {} } = {} }: Container): Amounts {
  const amounts: Record<string, number> = {};
  for (const name of COMPUTE) {
    const limit = valueOf(limits[name]);
    const request = valueOf(requests[name]) ?? limit;
    if (limit !== undefined) amounts[`limits.${name}`] = limit;
    if (request !== undefined) amounts[`requests.${name}`] = request;
  }
  return amounts;
}

/** core/v1 PodQOSClass, which `kubectl describe` shows: whether limits are what is asked for, of cores and memory, in every container. */
export function qosClass(containers: readonly Container[]): "BestEffort" | "Burstable" | "Guaranteed" {
  const each = containers.map(computeOf);
  const names = ["cpu", "memory"] as const;
  if (each.every((amounts) => names.every((name) => !amounts[`requests.${name}`] && !amounts[`limits.${name}`]))) return "BestEffort";
  const exact = each.every((amounts) =>
    names.every((name) => amounts[`limits.${name}`] && amounts[`limits.${name}`] === amounts[`requests.${name}`]),
  );
  return exact ? "Guaranteed" : "Burstable";
}

function valueOf(text: string | undefined): number | undefined {
  return text !== undefined && isQuantity(text) ? quantityValue(text) : undefined;
}

export function addAmounts(left: Amounts, right: Amounts, times = 1): Amounts {
  const sum: Record<string, number> = { ...left };
  for (const [name, amount] of Object.entries(right)) sum[name] = (sum[name] ?? 0) + amount * times;
  return sum;
}

/** Whether the quota's scopes take such a Pod; absent containers stand for other objects, which only a quota without scopes counts. */
export function quotaTakes(
  { spec }: ResourceQuota,
  containers: readonly Container[] | undefined,
  initContainers: readonly Container[] = [],
): boolean {
  const scopes = spec?.scopes ?? [];
  if (!containers) return scopes.length === 0;
  const effort = Object.keys(podAmounts(containers, initContainers)).some(
    (name) => name.startsWith("requests.") || name.startsWith("limits."),
  );
  // Nothing here has a deadline of its own.
  return scopes.every(
    (scope) => scope === "NotTerminating" || (scope === "BestEffort" && !effort) || (scope === "NotBestEffort" && effort),
  );
}

/** Kubernetes' words when a Pod does not say how much it needs of what the quota limits. */
export function unspecified(
  quota: ResourceQuota,
  containers: readonly Container[],
  initContainers: readonly Container[] = [],
): string | undefined {
  const known = (container: Container) => podAmounts([container]);
  const compute = Object.keys(hardAmounts(quota)).filter((name) =>
    COMPUTE.some((resource) => name === resource || name.endsWith(`.${resource}`)),
  );
  const missing = compute.sort().flatMap((name) => {
    const silent = [...containers, ...initContainers]
      .filter((container) => known(container)[name] === undefined)
      .map(({ name: container = "user-container" }) => container);
    return silent.length === 0 ? [] : [`${name} for: ${silent.join(",")}`];
  });
  return missing.length === 0 ? undefined : `failed quota: ${quota.metadata.name}: must specify ${missing.join("; ")}`;
}

/** Kubernetes' words when `asked` beside `used` is more than the quota allows of what is asked for. */
export function overQuota(quota: ResourceQuota, used: Amounts, asked: Amounts): string | undefined {
  const hard = hardAmounts(quota);
  // 0.1 + 0.2 is no more than 0.3.
  const over = Object.keys(hard).filter(
    (name) => asked[name] && (used[name] ?? 0) + asked[name] > (hard[name] ?? 0) * (1 + Number.EPSILON * 8),
  );
  if (over.length === 0) return undefined;
  const words = (amounts: Amounts) => over.sort().map((name) => `${name}=${amountText(name, amounts[name] ?? 0)}`);
  return `exceeded quota: ${quota.metadata.name}, requested: ${words(asked).join(",")}, used: ${words(used).join(",")}, limited: ${words(hard).join(",")}`;
}

/** `status` of the quota when so much is used, as it is stored. */
export function usedStatus(quota: ResourceQuota, used: Amounts): NonNullable<ResourceQuota["status"]> {
  const hard = Object.fromEntries(
    Object.entries(quota.spec?.hard ?? {}).flatMap(([name, text]) => {
      const stored = canonicalQuantity(text);
      return stored === undefined ? [] : [[name, stored]];
    }),
  );
  return { hard, used: Object.fromEntries(Object.keys(hard).map((name) => [name, amountText(name, used[name] ?? 0)])) };
}

function amountText(name: string, amount: number): string {
  const text = formatQuantity(amount, /(memory|storage)$/.test(name) ? "binary" : "decimal");
  return canonicalQuantity(text) ?? text;
}
