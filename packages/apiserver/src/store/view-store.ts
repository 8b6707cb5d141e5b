import { derivedUid, type Finder, type Kind, type KubeObject, type ObjectView } from "@ebb/kube";
import { resourceOf } from "../registry/selection.ts";
import type { Change, Store, StoreEvent, StoreKey, StoreList } from "./store.ts";

/** childName shortens to exactly so many characters. */
const LONGEST_NAME = 63;

interface Placed {
  view: ObjectView;
  resource: string;
}

/**
 * A store in which objects that are made on reading stand beside the stored ones; a stored one of the same name hides its view. Their
 * events are those of their sources and are made only when a watcher looks at them, so that a view costs nothing while nobody reads it.
 */
export class ViewStore implements Store {
  readonly #base: Store;
  readonly #byResource = new Map<string, ObjectView[]>();
  readonly #bySource = new Map<string, Placed[]>();
  readonly #finder: Finder;
  readonly #expanded = new WeakMap<readonly StoreEvent[], readonly StoreEvent[]>();

  constructor(base: Store, views: readonly ObjectView[]) {
    this.#base = base;
    this.#finder = {
      get: <T extends KubeObject>(kind: Kind<T>, namespace: string, name: string) =>
        base.get({ resource: resourceOf(kind), namespace, name }) as T | undefined,
      list: <T extends KubeObject>(kind: Kind<T>, namespace: string) => base.list(resourceOf(kind), namespace).objects as readonly T[],
    };
    for (const view of views) {
      const resource = resourceOf(view.kind);
      const source = resourceOf(view.source);
      this.#byResource.set(resource, [...(this.#byResource.get(resource) ?? []), view]);
      this.#bySource.set(source, [...(this.#bySource.get(source) ?? []), { view, resource }]);
    }
  }

  get revision(): number {
    return this.#base.revision;
  }

  get(key: StoreKey): KubeObject | undefined {
    return this.#base.get(key) ?? this.#made(key);
  }

  list(resource: string, namespace?: string, revision?: number): StoreList {
    const stored = this.#base.list(resource, namespace, revision);
    const views = this.#byResource.get(resource);
    if (!views) return stored;
    const objects = new Map<string, KubeObject>();
    for (const view of views) {
      for (const source of this.#base.list(resourceOf(view.source), namespace, revision).objects) {
        if (!hasOne(view, source)) continue;
        const object = this.#make(view, source);
        objects.set(idOf(object), object);
      }
    }
    for (const object of stored.objects) objects.set(idOf(object), object);
    const sorted = [...objects].sort(([a], [b]) => (a < b ? -1 : 1));
    return { revision: stored.revision, objects: sorted.map(([, object]) => object) };
  }

  /** Why a write to an object comes to nothing; undefined where it does not, or where there is none. */
  futile(key: StoreKey, written?: KubeObject): string | undefined {
    const placed = this.#base.get(key) ? undefined : this.#placedBy(key);
    if (!placed || (written && placed.view.keeps?.(written))) return undefined;
    const { view, source } = placed;
    const made = `${view.kind.kind} ${key.name} is made of ${view.source.kind} ${source.metadata.name} when it is read: what is written to it has no effect`;
    return view.instead === undefined ? made : `${made}. ${view.instead}`;
  }

  /** Of what is stored: what owns, collects and counts has nothing to do with views. */
  all(): Iterable<{ key: StoreKey; object: KubeObject }> {
    return this.#base.all();
  }

  async write(key: StoreKey, change: Change): Promise<{ object: KubeObject | undefined; changed: boolean }> {
    const made = this.#base.get(key) ? undefined : this.#madeBy(key);
    if (!made) return this.#base.write(key, change);
    // Refusals are the same as for a stored object; the outcome is kept only if the view says so.
    const next = change(made.object);
    if (typeof next === "string" || !made.view.keeps?.(next)) return { object: made.object, changed: false };
    return this.#base.write(key, (current) => change(current ?? made.object));
  }

  since(revision: number): readonly StoreEvent[] {
    return this.#with(this.#base.since(revision));
  }

  onCommit(listener: (events: readonly StoreEvent[]) => void): () => void {
    return this.#base.onCommit((events) => listener(this.#with(events)));
  }

  compact(now: number): void {
    this.#base.compact(now);
  }

  close(): void {
    this.#base.close();
  }

  /** With those of the views; all who listen to a commit are given the same list, made once. */
  #with(events: readonly StoreEvent[]): readonly StoreEvent[] {
    let all = this.#expanded.get(events);
    if (!all) {
      all = events.flatMap((event) => {
        const placed = this.#bySource.get(event.key.resource) ?? [];
        return [event, ...placed.flatMap(({ view, resource }) => this.#eventOf(event, view, resource))];
      });
      this.#expanded.set(events, all);
    }
    return all;
  }

  /** What an event of a source means for one of its views. */
  #eventOf(event: StoreEvent, view: ObjectView, resource: string): StoreEvent[] {
    const type = typeOf(event, view);
    if (type === undefined) return [];
    const source = type === "DELETED" && event.type === "MODIFIED" ? goneWith(event) : event;
    return [new ViewEvent({ view, resource, type, event: source, make: (object) => this.#make(view, object) })];
  }

  #made(key: StoreKey): KubeObject | undefined {
    return this.#madeBy(key)?.object;
  }

  #madeBy(key: StoreKey): { view: ObjectView; object: KubeObject } | undefined {
    const placed = this.#placedBy(key);
    return placed && { view: placed.view, object: this.#make(placed.view, placed.source) };
  }

  #placedBy({ resource, namespace, name }: StoreKey): { view: ObjectView; source: KubeObject } | undefined {
    for (const view of this.#byResource.get(resource) ?? []) {
      const source = this.#sourceOf(view, namespace, name);
      if (source) return { view, source };
    }
    return undefined;
  }

  #sourceOf(view: ObjectView, namespace: string, name: string): KubeObject | undefined {
    const resource = resourceOf(view.source);
    const guess = view.sourceName?.(name);
    const guessed = guess === undefined ? undefined : this.#base.get({ resource, namespace, name: guess });
    if (guessed && view.name(guessed) === name) return hasOne(view, guessed) ? guessed : undefined;
    // A name may have been shortened beyond recognition.
    if (view.sourceName && name.length < LONGEST_NAME) return undefined;
    return this.#base.list(resource, namespace).objects.find((candidate) => hasOne(view, candidate) && view.name(candidate) === name);
  }

  #make(view: ObjectView, source: KubeObject): KubeObject {
    const made = view.make(source, this.#finder);
    const { uid = "", namespace, creationTimestamp, resourceVersion } = source.metadata;
    const metadata = {
      ...made.metadata,
      ...(namespace === undefined ? {} : { namespace }),
      uid: derivedUid(view.kind, uid, made.metadata.name),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    return { ...made, metadata };
  }
}

interface ViewEventOptions {
  view: ObjectView;
  resource: string;
  /** Another than the source's, where a view comes or goes while its source stays. */
  type: StoreEvent["type"];
  event: StoreEvent;
  make: (source: KubeObject) => KubeObject;
}

/** Of an object that is made when somebody looks at it: most events have nobody who watches a view. */
class ViewEvent implements StoreEvent {
  readonly key: StoreKey;
  readonly type: StoreEvent["type"];
  readonly #source: StoreEvent;
  readonly #make: (source: KubeObject) => KubeObject;
  #object: KubeObject | undefined;

  constructor({ view, resource, type, event, make }: ViewEventOptions) {
    this.key = new ViewKey(view, resource, event);
    this.type = type;
    this.#source = event;
    this.#make = make;
  }

  get revision(): number {
    return this.#source.revision;
  }

  get object(): KubeObject {
    return (this.#object ??= this.#make(this.#source.object));
  }

  get previous(): KubeObject | undefined {
    return this.type === "ADDED" || !this.#source.previous ? undefined : this.#make(this.#source.previous);
  }
}

/** Of the view's event; undefined where the source has no view, before and after. The last state of a deleted one tells whether it had one. */
function typeOf(event: StoreEvent, view: ObjectView): StoreEvent["type"] | undefined {
  // Without a look at the states: those of a past event are in the file.
  if (!view.applies) return event.type;
  const { type, object, previous } = event;
  const is = hasOne(view, object);
  if (type !== "MODIFIED") return is ? type : undefined;
  const was = previous !== undefined && hasOne(view, previous);
  if (was) return is ? "MODIFIED" : "DELETED";
  return is ? "ADDED" : undefined;
}

function hasOne(view: ObjectView, source: KubeObject): boolean {
  return view.applies?.(source) ?? true;
}

/** A change with which the view of a source went, as a deletion tells it: with what it was before, in the revision of the change. */
function goneWith({ revision, key, type, previous, object }: StoreEvent): StoreEvent {
  const { metadata } = previous ?? object;
  const { resourceVersion } = object.metadata;
  const last = { ...(previous ?? object), metadata: { ...metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
  return { revision, key, type, previous, object: last };
}

/** Whose name is made when somebody asks, too: the source of a past event is not in memory. */
class ViewKey implements StoreKey {
  readonly resource: string;
  readonly #view: ObjectView;
  readonly #source: StoreEvent;

  constructor(view: ObjectView, resource: string, source: StoreEvent) {
    this.resource = resource;
    this.#view = view;
    this.#source = source;
  }

  get namespace(): string {
    return this.#source.key.namespace;
  }

  get name(): string {
    return this.#view.name(this.#source.object);
  }
}

function idOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}
