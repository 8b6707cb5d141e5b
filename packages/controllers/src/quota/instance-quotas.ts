import { Signal } from "@ebb/base";
import {
  addAmounts,
  overQuota,
  podAmounts,
  quotaTakes,
  unspecified,
  type Amounts,
  type Cause,
  type Informer,
  type PodSpec,
  type ResourceQuota,
} from "@ebb/kube";
import { splitKey } from "../engine/keys.ts";

/** What each instance consists of. */
type Parts = Pick<PodSpec, "containers" | "initContainers">;

interface Entry {
  parts: Parts;
  /** Why none may start, whatever the quotas say. */
  refusal?: string | undefined;
  /** Instances that it has been granted. */
  count: number;
  shortage?: Cause;
}

/**
 * How many instances Revisions may have under the ResourceQuotas of their namespaces. What runs is never taken away, as in Kubernetes: a quota
 * only stops more from starting. The cost is that of the Revisions in one namespace that are awake, and only where there is a quota.
 */
export class InstanceQuotas {
  /** The shortage of this Revision has changed. */
  readonly changed = new Signal<string>();
  readonly #quotas: Pick<Informer<ResourceQuota>, "list">;
  readonly #entries = new Map<string, Entry>();
  /** By namespace, those that have instances. */
  readonly #awake = new Map<string, Set<string>>();

  constructor(quotas: Pick<Informer<ResourceQuota>, "list">) {
    this.#quotas = quotas;
  }

  /**
   * What each instance of the Revision consists of; before that it may have as many as it wants. `refusal`: why its namespace takes no such
   * instance (a LimitRange); what runs goes on.
   */
  describe(key: string, parts: Parts, refusal?: string): void {
    const entry = this.#entries.get(key);
    if (entry) Object.assign(entry, { parts, refusal });
    else this.#entries.set(key, { parts, refusal, count: 0 });
  }

  remove(key: string): void {
    this.#entries.delete(key);
    this.#setAwake(key, false);
  }

  /** As many of the instances it wants as it may have; at least those that it has. */
  grant(key: string, { wanted, running }: { wanted: number; running: number }): number {
    const { namespace } = splitKey(key);
    const entry = this.#entries.get(key);
    if (!entry) return wanted;
    const quotas = this.#quotas.list().filter(({ metadata }) => metadata.namespace === namespace);
    const { count, why } =
      quotas.length === 0 && entry.refusal === undefined ? { count: wanted } : this.#allowed(key, entry, { quotas, wanted });
    entry.count = Math.max(count, Math.min(wanted, running));
    this.#setAwake(key, entry.count > 0);
    this.#note(key, entry, entry.count < wanted ? why : undefined);
    return entry.count;
  }

  /** Whether it may be granted fewer than it wants. */
  governs(key: string): boolean {
    const { namespace } = splitKey(key);
    return this.#entries.get(key)?.refusal !== undefined || this.#quotas.list().some(({ metadata }) => metadata.namespace === namespace);
  }

  /** Why it has fewer instances than it wants. */
  shortage(key: string): Cause | undefined {
    return this.#entries.get(key)?.shortage;
  }

  #allowed(key: string, entry: Entry, { quotas, wanted }: { quotas: ResourceQuota[]; wanted: number }): { count: number; why?: string } {
    const { containers, initContainers } = entry.parts;
    const each = podAmounts(containers, initContainers);
    if (entry.refusal !== undefined) return { count: 0, why: entry.refusal };
    let allowed: { count: number; why?: string } = { count: wanted };
    for (const quota of quotas.filter((candidate) => quotaTakes(candidate, containers, initContainers))) {
      const silent = unspecified(quota, containers, initContainers);
      if (silent !== undefined) return { count: 0, why: silent };
      let used = this.#usedByOthers(key, quota);
      for (let count = 0; count < allowed.count; count++) {
        const why = overQuota(quota, used, each);
        if (why !== undefined) allowed = { count, why };
        else used = addAmounts(used, each);
      }
    }
    return allowed;
  }

  #usedByOthers(key: string, quota: ResourceQuota): Amounts {
    let used: Amounts = {};
    for (const other of this.#awake.get(quota.metadata.namespace ?? "") ?? []) {
      const entry = other === key ? undefined : this.#entries.get(other);
      if (!entry) continue;
      const { containers, initContainers } = entry.parts;
      if (quotaTakes(quota, containers, initContainers)) used = addAmounts(used, podAmounts(containers, initContainers), entry.count);
    }
    return used;
  }

  #setAwake(key: string, awake: boolean): void {
    const { namespace } = splitKey(key);
    const keys = this.#awake.get(namespace) ?? new Set<string>();
    if (awake) this.#awake.set(namespace, keys.add(key));
    else if (keys.delete(key) && keys.size === 0) this.#awake.delete(namespace);
  }

  /** In the words of the ReplicaSet's condition `ReplicaFailure`, which a Revision of Knative shows. */
  #note(key: string, entry: Entry, why: string | undefined): void {
    const message = why === undefined ? undefined : `pods "${splitKey(key).name}-deployment" is forbidden: ${why}`;
    if (entry.shortage?.message === message) return;
    if (message === undefined) delete entry.shortage;
    else entry.shortage = { reason: "FailedCreate", message };
    this.changed.emit(key);
  }
}
