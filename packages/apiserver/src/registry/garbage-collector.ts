import { Groups, WorkQueue, type Clock, type Logger, type Runnable } from "@ebb/base";
import {
  apiVersionOf,
  Events,
  isCore,
  isStatus,
  Namespaces,
  sameJson,
  type Kind,
  type KubeObject,
  type Namespace,
  type ObjectMeta,
  type OwnerReference,
} from "@ebb/kube";
import type { KindTable } from "../custom/kind-table.ts";
import type { Store, StoreEvent, StoreKey } from "../store/store.ts";
import { FOREGROUND, ORPHAN, policyOfFinalizers } from "./prepare-delete.ts";
import { tellingWhatIsLeft } from "./namespace-conditions.ts";
import { NAMESPACE_FINALIZER } from "./prepare-create.ts";
import type { Registry } from "./registry.ts";
import type { RequestContext } from "./request-context.ts";
import { keyOf, resourceOf } from "./selection.ts";

/** Not collected, as upstream: they go by themselves, and there are many. They may own, though: whoever names one as an owner has it looked up. */
const IGNORED = resourceOf(Events);
const CONTEXT: RequestContext = { user: { name: "system:serviceaccount:kube-system:generic-garbage-collector", groups: [] } };

export interface CollectorDeps {
  store: Store;
  registry: Registry;
  kinds: KindTable;
  clock: Clock;
  log: Logger;
}

/**
 * Deletes what nobody owns any more, finishes deletions in the foreground and orphaning ones, and empties namespaces that are being
 * deleted; after kube-controller-manager's garbage collector and namespace controller. Level-based: each object is judged by what is
 * there now, so a crash in between loses nothing.
 */
export class GarbageCollector implements Runnable {
  readonly name = "garbage collector";
  readonly #deps: CollectorDeps;
  readonly #queue: WorkQueue;
  /** Where each live uid is: an owner that is not here is gone. */
  readonly #uids = new Map<string, StoreKey>();
  /** Keys of the objects that name an owner, by the owner's uid and theirs. */
  readonly #dependents = new Groups<StoreKey>();
  #unsubscribe: () => void = () => undefined;

  constructor(deps: CollectorDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue({ name: "garbage", clock: deps.clock, log: deps.log, workers: 4, handle: (key) => this.#handle(key) });
  }

  async start(): Promise<void> {
    const { store } = this.#deps;
    for (const { key, object } of this.#all()) this.#index(key, object);
    this.#unsubscribe = store.onCommit((events) => {
      for (const event of events) this.#observe(event);
    });
    for (const { key, object } of this.#all()) if (needsCare(object)) this.#queue.add(encode(key));
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#queue.stop();
  }

  *#all(): Generator<{ key: StoreKey; object: KubeObject }> {
    for (const one of this.#deps.store.all()) if (one.key.resource !== IGNORED) yield one;
  }

  #observe({ type, key, object, previous }: StoreEvent): void {
    // The last of a namespace's contents may be gone, also of what is nobody's.
    if (type === "DELETED" && key.namespace !== "") this.#queue.add(encode(keyOf(Namespaces, undefined, key.namespace)));
    if (key.resource === IGNORED ? type !== "DELETED" : type === "MODIFIED" && previous && isAsBefore(previous, object)) return;
    if (previous) this.#unindex(previous);
    // An owner may have waited for what names it no more, or lets it go.
    for (const { uid } of previous?.metadata.ownerReferences ?? []) this.#addOwner(uid);
    if (type === "DELETED") {
      for (const [, dependent] of this.#dependents.get(object.metadata.uid ?? "")) this.#queue.add(encode(dependent));
      return;
    }
    this.#index(key, object);
    if (needsCare(object)) this.#queue.add(encode(key));
  }

  #index(key: StoreKey, { metadata }: KubeObject): void {
    const { uid, ownerReferences = [] } = metadata;
    if (!uid) return;
    this.#uids.set(uid, key);
    for (const owner of ownerReferences) this.#dependents.set(owner.uid, uid, key);
  }

  #unindex({ metadata }: KubeObject): void {
    const { uid, ownerReferences = [] } = metadata;
    if (!uid) return;
    this.#uids.delete(uid);
    for (const owner of ownerReferences) this.#dependents.delete(owner.uid, uid);
  }

  /** Owners that are being deleted wait for their dependents; of the others nothing would come. */
  #addOwner(uid: string): void {
    const key = this.#uids.get(uid);
    if (key && this.#deps.store.get(key)?.metadata.deletionTimestamp) this.#queue.add(encode(key));
  }

  async #handle(encoded: string): Promise<void> {
    const key = decode(encoded);
    const object = this.#deps.store.get(key);
    const kind = this.#deps.kinds.ofResource(key.resource);
    if (!object || !kind) return;
    if (isCore(kind, "Namespace") && object.metadata.deletionTimestamp) return this.#emptyNamespace(key, object as Namespace);
    const { finalizers = [], deletionTimestamp, ownerReferences = [] } = object.metadata;
    if (deletionTimestamp && finalizers.includes(ORPHAN)) return this.#orphan(kind, object);
    if (deletionTimestamp && finalizers.includes(FOREGROUND)) return this.#deleteDependents(kind, object);
    if (ownerReferences.length > 0 && !deletionTimestamp) await this.#collect(kind, object, ownerReferences);
  }

  /**
   * What kube-controller-manager's attemptToDeleteItem does: an object stays while one of its owners does, without the owners that are gone or
   * only wait for their dependents to go; it goes in the foreground if such an owner waits for it and it has dependents itself.
   */
  async #collect(kind: Kind, object: KubeObject, owners: readonly OwnerReference[]): Promise<void> {
    // Upstream's collector does not know what to do with it, and leaves it alone for ever.
    if (!kind.namespaced && owners.some((owner) => this.#uids.get(owner.uid)?.namespace || this.#isNamespaced(owner))) return;
    const stays = (owner: OwnerReference) => this.#stateOf(owner, object.metadata.namespace) === "solid";
    if (owners.some(stays)) {
      // By name: should the others go before this is written, it must not be left without an owner that it could be collected for.
      const dropped = new Set(owners.filter((owner) => !stays(owner)).map(({ uid }) => uid));
      if (dropped.size === 0) return;
      return this.#edit(kind, object, ({ ownerReferences = [] }) => ({
        ownerReferences: ownerReferences.filter(({ uid }) => !dropped.has(uid)),
      }));
    }
    const dependents = this.#dependentsOf(object);
    const awaited = owners.some((owner) => this.#stateOf(owner, object.metadata.namespace) === "waiting");
    if (!awaited || dependents.length === 0) return this.#delete(kind, object, policyOfFinalizers(object.metadata) ?? "Background");
    // Objects that own each other in a circle would wait for each other for ever: one of them keeps its owners no longer.
    if (dependents.some(({ object: { metadata } }) => isWaiting(metadata))) {
      await this.#edit(kind, object, ({ ownerReferences = [] }) => ({
        ownerReferences: ownerReferences.map((owner) => ({ ...owner, blockOwnerDeletion: false })),
      }));
    }
    await this.#delete(kind, object, "Foreground");
  }

  #isNamespaced({ apiVersion, kind: name }: OwnerReference): boolean {
    return this.#deps.kinds.all.some((kind) => kind.namespaced && kind.kind === name && apiVersionOf(kind) === apiVersion);
  }

  /** An owner is looked for where its dependent is, or, of a cluster-wide kind, where all can see it: one in another namespace is none. */
  #stateOf(owner: OwnerReference, namespace: string | undefined): "solid" | "waiting" | "gone" {
    const key = this.#uids.get(owner.uid);
    if (key && key.namespace !== "" && key.namespace !== namespace) return "gone";
    if (!key) return this.#isEvent(owner, namespace) ? "solid" : "gone";
    const found = this.#deps.store.get(key);
    return found && isWaiting(found.metadata) ? "waiting" : "solid";
  }

  #isEvent({ kind, name, uid }: OwnerReference, namespace = ""): boolean {
    return kind === Events.kind && this.#deps.store.get({ resource: IGNORED, namespace, name })?.metadata.uid === uid;
  }

  async #deleteDependents(kind: Kind, owner: KubeObject): Promise<void> {
    for (const { kind, object } of this.#dependentsOf(owner)) {
      const { deletionTimestamp, ownerReferences = [] } = object.metadata;
      if (!deletionTimestamp) await this.#collect(kind, object, ownerReferences);
    }
    const blocking = this.#dependentsOf(owner).some(({ object }) =>
      object.metadata.ownerReferences?.some(({ uid, blockOwnerDeletion }) => uid === owner.metadata.uid && blockOwnerDeletion),
    );
    if (!blocking) await this.#release(kind, owner, FOREGROUND);
  }

  async #orphan(kind: Kind, owner: KubeObject): Promise<void> {
    for (const { kind, object } of this.#dependentsOf(owner)) {
      await this.#edit(kind, object, ({ ownerReferences = [] }) => ({
        ownerReferences: ownerReferences.filter(({ uid }) => uid !== owner.metadata.uid),
      }));
    }
    await this.#release(kind, owner, ORPHAN);
  }

  #dependentsOf({ metadata }: KubeObject): { kind: Kind; object: KubeObject }[] {
    return this.#dependents.get(metadata.uid ?? "").flatMap(([, key]) => {
      const object = this.#deps.store.get(key);
      const kind = this.#deps.kinds.ofResource(key.resource);
      return object && kind ? [{ kind, object }] : [];
    });
  }

  async #emptyNamespace(key: StoreKey, namespace: Namespace): Promise<void> {
    const { store, clock } = this.#deps;
    const { name } = namespace.metadata;
    const fresh = this.#contentsOf(name).filter(({ object }) => !object.metadata.deletionTimestamp);
    await Promise.all(fresh.map(({ kind, object }) => this.#delete(kind, object, "Background")));
    // What still has finalizers comes back here when it goes.
    const left = this.#contentsOf(name);
    await store.write(key, (current) => {
      if (!current?.metadata.deletionTimestamp) return "unchanged";
      const finalizers = ((current as Namespace).spec?.finalizers ?? []).filter((finalizer) => finalizer !== NAMESPACE_FINALIZER);
      const isEmpty = left.length === 0;
      if (isEmpty && (current.metadata.finalizers ?? []).length === 0 && finalizers.length === 0) return "removed";
      const told = tellingWhatIsLeft(current as Namespace, left, clock.now());
      const next = isEmpty ? { ...told, spec: { finalizers } } : told;
      return sameJson(next, current) ? "unchanged" : next;
    });
  }

  #contentsOf(namespace: string): { kind: Kind; object: KubeObject }[] {
    const kinds = this.#storedKinds().filter(({ namespaced }) => namespaced);
    return kinds.flatMap((kind) => this.#deps.store.list(resourceOf(kind), namespace).objects.map((object) => ({ kind, object })));
  }

  /** A kind that is served in several versions is stored once. */
  #storedKinds(): Kind[] {
    const { kinds } = this.#deps;
    return kinds.all.filter((kind) => kinds.ofResource(resourceOf(kind)) === kind);
  }

  #release(kind: Kind, owner: KubeObject, finalizer: string): Promise<void> {
    return this.#edit(kind, owner, ({ finalizers = [] }) => ({ finalizers: finalizers.filter((name) => name !== finalizer) }));
  }

  async #edit(kind: Kind, object: KubeObject, change: (current: ObjectMeta) => Partial<ObjectMeta>): Promise<void> {
    const { namespace, name, uid } = object.metadata;
    // The uid makes sure that it is still the same object.
    const transform = (current: KubeObject) => ({ ...current, metadata: { ...current.metadata, ...change(current.metadata), uid } });
    await ignoreGone(this.#deps.registry.modify({ kind, namespace, name }, transform, CONTEXT));
  }

  async #delete(kind: Kind, { metadata }: KubeObject, propagationPolicy: "Background" | "Foreground" | "Orphan"): Promise<void> {
    const { namespace, name, uid } = metadata;
    const options = { propagationPolicy, ...(uid ? { preconditions: { uid } } : {}) };
    await ignoreGone(this.#deps.registry.delete({ kind, namespace, name }, options, CONTEXT));
  }
}

/** Whether a change was none of what this looks at: as good as all are, and each would be judged anew. States share what they have in common. */
function isAsBefore({ metadata: before }: KubeObject, { metadata }: KubeObject): boolean {
  return (
    before.uid === metadata.uid &&
    before.ownerReferences === metadata.ownerReferences &&
    before.deletionTimestamp === undefined &&
    metadata.deletionTimestamp === undefined
  );
}

/** Whether it is being deleted once its dependents are. */
function isWaiting({ deletionTimestamp, finalizers = [] }: ObjectMeta): boolean {
  return deletionTimestamp !== undefined && finalizers.includes(FOREGROUND);
}

/** Whether an object is of any concern here. */
function needsCare({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined || (metadata.ownerReferences ?? []).length > 0;
}

async function ignoreGone(promise: Promise<unknown>): Promise<void> {
  try {
    await promise;
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

function encode({ resource, namespace, name }: StoreKey): string {
  return `${resource}/${namespace}/${name}`;
}

function decode(text: string): StoreKey {
  const [resource = "", namespace = "", name = ""] = text.split("/");
  return { resource, namespace, name };
}
