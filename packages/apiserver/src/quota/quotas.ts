import { isDeepStrictEqual } from "node:util";
import { WorkQueue, type Clock, type Logger, type Runnable } from "@ebb/base";
import {
  isInstance,
  addAmounts,
  claimAmounts,
  countedResource,
  forbidden,
  hardAmounts,
  hasEnded,
  invalid,
  invalidHard,
  invalidValue,
  isStorageName,
  isStatus,
  overQuota,
  PersistentVolumeClaims,
  podAmounts,
  Pods,
  quotaTakes,
  ResourceQuotas,
  unspecified,
  usedStatus,
  type Amounts,
  type Kind,
  type KubeObject,
  type PersistentVolumeClaim,
  type Pod,
  type ResourceQuota,
} from "@ebb/kube";
import type { Registry } from "../registry/registry.ts";
import type { RequestContext } from "../registry/request-context.ts";
import { resourceOf } from "../registry/selection.ts";
import type { Store, StoreEvent } from "../store/store.ts";

const CONTEXT: RequestContext = { user: { name: "system:serviceaccount:kube-system:resourcequota-controller", groups: [] } };
const QUOTAS = resourceOf(ResourceQuotas);
const PODS = resourceOf(Pods);
const CLAIMS = resourceOf(PersistentVolumeClaims);
/** Objects that come in a burst are counted once. */
const COALESCE = 100;

/** By resource and namespace: new objects by name and claims that grow by what they will be, with what they add. */
type Admitted = Map<string, Map<string, Addition>>;

interface Addition {
  isNew: boolean;
  amounts: Amounts;
}

/** Of a claim that grows: the one state of it, so that the commit of an earlier one does not settle a later one. */
function grownKey({ metadata: { name } }: KubeObject, claimed: Amounts): string {
  return `${name}/${JSON.stringify(claimed)}`;
}

function placeOf(resource: string, namespace: string): string {
  return `${resource}/${namespace}`;
}

/**
 * ResourceQuotas: refuses what would exceed one, in Kubernetes' words, and keeps their status. What is made on reading (placeholder Services
 * and such) counts for nothing. Instances of Revisions are admitted before they start, by the controllers; their Pods are only counted here.
 *
 * Invariant: creations, and claims that grow, count before they are committed, so that many at once do not slip through together.
 */
export class Quotas {
  readonly #store: Store;
  /**
   * Admitted and not in the store yet: since the last commit, and before it. A write is committed with the next batch, or with the one after
   * that if one was on its way to the disk.
   */
  #admitted: readonly [newer: Admitted, older: Admitted] = [new Map(), new Map()];

  /** `store` is the one without views. */
  constructor(store: Store) {
    this.#store = store;
  }

  /** Throws Forbidden, or Invalid for a quota that cannot be read. */
  check(kind: Kind, next: KubeObject, old: KubeObject | undefined): void {
    const resource = resourceOf(kind);
    if (resource === QUOTAS) checkHard(next as ResourceQuota);
    const { namespace, name } = next.metadata;
    if (namespace === undefined || (resource === PODS && isInstance(next))) return;
    if (old && resource !== CLAIMS) return;
    const quotas = this.#store.list(QUOTAS, namespace).objects as readonly ResourceQuota[];
    if (quotas.length === 0) return;
    const { containers, initContainers }: Partial<Pod["spec"]> = resource === PODS ? (next as Pod).spec : {};
    const claimed = resource === CLAIMS ? claimAmounts(next as PersistentVolumeClaim) : {};
    const before = old && resource === CLAIMS ? claimAmounts(old as PersistentVolumeClaim) : {};
    for (const quota of quotas) {
      if (!quotaTakes(quota, containers, initContainers)) continue;
      const counted = old ? {} : countOf(quota, resource);
      // A claim that grows asks for the difference.
      const asked = containers ? podAmounts(containers, initContainers) : { ...addAmounts(claimed, before, -1), ...counted };
      const silent = containers && unspecified(quota, containers, initContainers);
      const why = silent ?? overQuota(quota, this.#usedOf(quota, Object.keys(asked)), asked);
      if (why !== undefined) throw forbidden(kind, name, why);
    }
    const place = placeOf(resource, namespace);
    const [newer] = this.#admitted;
    const growth = addAmounts(claimed, before, -1);
    if (old && Object.values(growth).every((amount) => amount <= 0)) return;
    const additions = newer.get(place) ?? new Map<string, Addition>();
    newer.set(place, additions.set(old ? grownKey(next, claimed) : name, { isNew: !old, amounts: growth }));
  }

  /** What is there of everything that the quota limits. */
  used(quota: ResourceQuota): Amounts {
    return this.#usedOf(quota, Object.keys(hardAmounts(quota)));
  }

  /** What was admitted before the commit that came before this one is in the store now, or never will be. */
  committed(events: readonly StoreEvent[]): void {
    const [newer] = this.#admitted;
    this.#admitted = [new Map(), newer];
    for (const { key, type, object } of events) {
      const additions = newer.get(placeOf(key.resource, key.namespace));
      if (type === "ADDED") additions?.delete(key.name);
      if (type === "MODIFIED" && key.resource === CLAIMS)
        additions?.delete(grownKey(object, claimAmounts(object as PersistentVolumeClaim)));
    }
  }

  #pending(resource: string, namespace: string): number {
    const place = placeOf(resource, namespace);
    return this.#admitted.reduce(
      (sum, admitted) => sum + [...(admitted.get(place)?.values() ?? [])].filter(({ isNew }) => isNew).length,
      0,
    );
  }

  /** What the claims of a namespace ask for, those that are not committed yet among them. */
  #claimed(namespace: string): Amounts {
    const stored = (this.#store.list(CLAIMS, namespace).objects as readonly PersistentVolumeClaim[]).map(claimAmounts);
    const admitted = this.#admitted
      .flatMap((each) => [...(each.get(placeOf(CLAIMS, namespace))?.values() ?? [])])
      .map(({ amounts }) => amounts);
    return [...stored, ...admitted].reduce<Amounts>((sum, amounts) => addAmounts(sum, amounts), {});
  }

  #usedOf(quota: ResourceQuota, names: readonly string[]): Amounts {
    const { namespace = "" } = quota.metadata;
    const used: Record<string, number> = {};
    const claimed = names.some(isStorageName) && quotaTakes(quota, undefined) ? this.#claimed(namespace) : {};
    for (const name of names) {
      if (isStorageName(name)) used[name] = claimed[name] ?? 0;
      const resource = countedResource(name);
      if (resource === undefined || !quotaTakes(quota, undefined)) continue;
      used[name] = this.#store.list(resource, namespace).objects.length + this.#pending(resource, namespace);
    }
    if (names.every((name) => isStorageName(name) || countedResource(name) !== undefined)) return used;
    return (this.#store.list(PODS, namespace).objects as readonly Pod[])
      .filter((pod) => !hasEnded(pod))
      .filter(({ spec }) => quotaTakes(quota, spec.containers, spec.initContainers))
      .reduce<Amounts>((sum, { spec }) => addAmounts(sum, podAmounts(spec.containers, spec.initContainers)), used);
  }
}

export interface QuotaControllerDeps {
  quotas: Quotas;
  /** The one without views. */
  store: Store;
  registry: Registry;
  clock: Clock;
  log: Logger;
}

/** Keeps `status` of ResourceQuotas; costs nothing in namespaces that have none. */
export class QuotaController implements Runnable {
  readonly name = "quotas";
  readonly #deps: QuotaControllerDeps;
  readonly #queue: WorkQueue;
  /** Namespaces that have, or had, quotas. */
  readonly #namespaces = new Set<string>();
  #unsubscribe: () => void = () => undefined;

  constructor(deps: QuotaControllerDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue({ name: "quotas", clock: deps.clock, log: deps.log, handle: (namespace) => this.#count(namespace) });
  }

  async start(): Promise<void> {
    const { store, quotas } = this.#deps;
    this.#unsubscribe = store.onCommit((events) => {
      quotas.committed(events);
      for (const event of events) this.#observe(event);
    });
    for (const { metadata } of store.list(QUOTAS).objects) this.#add(metadata.namespace ?? "");
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#queue.stop();
  }

  #observe({ key, type }: StoreEvent): void {
    if (key.resource === QUOTAS) return this.#add(key.namespace);
    if (this.#namespaces.has(key.namespace) && (type !== "MODIFIED" || key.resource === PODS || key.resource === CLAIMS))
      this.#add(key.namespace);
  }

  #add(namespace: string): void {
    this.#namespaces.add(namespace);
    this.#queue.addAfter(namespace, COALESCE);
  }

  async #count(namespace: string): Promise<void> {
    const { store, quotas, registry } = this.#deps;
    const found = store.list(QUOTAS, namespace).objects as readonly ResourceQuota[];
    if (found.length === 0) this.#namespaces.delete(namespace);
    await Promise.all(
      found.map(async (quota) => {
        const status = usedStatus(quota, quotas.used(quota));
        if (isDeepStrictEqual(quota.status, status)) return;
        const target = { kind: ResourceQuotas, namespace, name: quota.metadata.name };
        try {
          await registry.modify(target, (current) => ({ ...current, status }), CONTEXT, "status");
        } catch (error) {
          if (!isStatus(error, "NotFound")) throw error;
        }
      }),
    );
  }
}

function checkHard(quota: ResourceQuota): void {
  const wrong = invalidHard(quota);
  if (wrong.length === 0) return;
  const causes = wrong.map((name) =>
    invalidValue(`spec.hard[${name}]`, quota.spec?.hard?.[name] ?? "", "must be a quantity that is not negative, such as 10, 500m or 2Gi"),
  );
  throw invalid(ResourceQuotas, quota.metadata.name, causes);
}

function countOf(quota: ResourceQuota, resource: string): Amounts {
  const names = Object.keys(hardAmounts(quota)).filter((name) => countedResource(name) === resource);
  return Object.fromEntries(names.map((name) => [name, 1]));
}
