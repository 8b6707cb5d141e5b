import type { KubeObject } from "@ebb/kube";

/** Where an object is: `resource` is `plural.group` (`plural` in the core group), `namespace` is empty for cluster-wide kinds. */
export interface StoreKey {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

/** One committed change. `object` of a deletion is the last state with the revision of the deletion. */
export interface StoreEvent {
  readonly revision: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly key: StoreKey;
  readonly object: KubeObject;
  /** The state before; absent for ADDED. */
  readonly previous?: KubeObject | undefined;
}

/** What a write makes of the object that is there: another one, `unchanged`, or `removed`. */
export type Change = (current: KubeObject | undefined) => KubeObject | "unchanged" | "removed";

export interface StoreList {
  /** The revision that the list is of. */
  readonly revision: number;
  /** Sorted by namespace, then name. */
  readonly objects: readonly KubeObject[];
}

/**
 * A revisioned store of Kubernetes objects, after etcd's mvcc.
 *
 * Invariants
 * - One counter: each change that is committed has its own revision, larger than any before it, across restarts too; it is the changed
 *   object's `metadata.resourceVersion`. A write that changes nothing takes no revision.
 * - `write` runs its `change` at once, on the outcome of all writes called before it, and resolves when that outcome is on disk, so that a
 *   power cut loses nothing that was acknowledged. Writes of one event-loop turn, and those that come while the disk is busy with the ones
 *   before, share one transaction: they are committed together or fail together. What `change` throws rejects the write and has no effect.
 * - Readers see committed state only, and objects that are deeply frozen.
 * - Listeners are called once for each commit, with its events in the order of their revisions, after readers can see them and before the
 *   writes resolve. They must not throw.
 * - `since(r)` and `list(..., r)` are exact for every revision that is kept: those of the last minutes, as far as their size allows; for an
 *   older one they throw StatusError Expired.
 */
export interface Store {
  /** The last committed revision; 0 for an empty store. */
  readonly revision: number;
  get(key: StoreKey): KubeObject | undefined;
  /** At the current revision, or as it was at an earlier one. */
  list(resource: string, namespace?: string, revision?: number): StoreList;
  /** Every object that is in memory (see SqliteStoreOptions.onDisk). */
  all(): Iterable<{ key: StoreKey; object: KubeObject }>;
  write(key: StoreKey, change: Change): Promise<{ object: KubeObject | undefined; changed: boolean }>;
  /** The committed events after `revision`, to be looked at in the same turn: states of the past may be forgotten later. */
  since(revision: number): readonly StoreEvent[];
  /** Returns the function that unsubscribes. */
  onCommit(listener: (events: readonly StoreEvent[]) => void): () => void;
  /** Forgets events that are too old; called from time to time by the owner. */
  compact(now: number): void;
  /** Commits what is pending and closes the file; every later write is refused. */
  close(): void;
}
