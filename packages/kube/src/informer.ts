import { backoffDelay, causeChain, sleep, type BackoffPolicy, type Clock, type Logger, type Runnable } from "@ebb/base";
import type { KubeClient, ListOptions } from "./client.ts";
import type { Kind } from "./kinds/kind.ts";
import type { KubeObject, StatusBody, WatchEvent } from "./meta.ts";
import { isStatus, StatusError } from "./status-error.ts";

/** client-go's reflector waits 800 ms to 30 s; in the same process a failure is shorter. */
const BACKOFF: BackoffPolicy = { base: 100, max: 30_000, factor: 2 };

export interface InformerOptions<T extends KubeObject> {
  client: KubeClient;
  kind: Kind<T>;
  /** Which objects; all when absent. */
  options?: ListOptions;
  clock: Clock;
  log: Logger;
}

export interface InformerFilter<T> {
  namespace?: string;
  /** Labels that must all be there with these values. */
  labels?: Readonly<Record<string, string>>;
  where?: (object: T) => boolean;
}

/** `resync`: the object was there and unchanged when everything was listed again. */
export type InformerEvent<T> =
  | { type: "added" | "resync"; object: T }
  | { type: "updated"; object: T; old: T }
  | { type: "deleted"; object: T };

/**
 * A local copy of the objects of one kind, kept by list and watch, after client-go's shared informer.
 *
 * Invariants: `get` and `list` answer at once from the copy, which lags behind the server but never mixes revisions of one object out of
 * order; listeners are called after the copy has changed; when the watch cannot be continued everything is listed again and the
 * differences are reported, so no deletion is missed; `start` resolves once the first list has been reported (or `stop` was called).
 */
export interface Informer<T extends KubeObject> extends Runnable {
  readonly synced: boolean;
  get(namespace: string | undefined, name: string): T | undefined;
  list(filter?: InformerFilter<T>): T[];
  /** Returns the function that unsubscribes. */
  onChange(listener: (event: InformerEvent<T>) => void): () => void;
}

export function createInformer<T extends KubeObject>(options: InformerOptions<T>): Informer<T> {
  return new ListWatchInformer(options);
}

class ListWatchInformer<T extends KubeObject> implements Informer<T> {
  readonly name: string;
  readonly #options: InformerOptions<T>;
  /** By namespace, then by name: most questions are about one namespace. */
  readonly #objects = new Map<string, Map<string, T>>();
  readonly #listeners = new Set<(event: InformerEvent<T>) => void>();
  readonly #stopping = new AbortController();
  readonly #firstSync = Promise.withResolvers<void>();
  #synced = false;
  #loop: Promise<void> | undefined;
  /** The revision that the copy is at; undefined when it must be listed. */
  #revision: string | undefined;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    this.name = `informer ${options.kind.plural}.${options.kind.group}`;
  }

  get synced(): boolean {
    return this.#synced;
  }

  start(): Promise<void> {
    this.#loop ??= this.#run();
    return this.#firstSync.promise;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    this.#firstSync.resolve();
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(namespace ?? "")?.get(name);
  }

  list(filter: InformerFilter<T> = {}): T[] {
    const { namespace, labels = {}, where } = filter;
    const groups = namespace === undefined ? [...this.#objects.values()] : [this.#objects.get(namespace) ?? new Map<string, T>()];
    const wanted = Object.entries(labels);
    return groups
      .flatMap((group) => [...group.values()])
      .filter((object) => wanted.every(([key, value]) => object.metadata.labels?.[key] === value) && (where?.(object) ?? true));
  }

  onChange(listener: (event: InformerEvent<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      try {
        if (this.#revision === undefined) await this.#relist();
        if (signal.aborted) break;
        const seen = await this.#watch();
        if (seen > 0) failures = 0;
        else failures++; // A server that ends each watch at once must not be asked in a tight loop.
      } catch (error) {
        if (signal.aborted) break;
        failures++;
        if (isStatus(error, "Expired")) this.#revision = undefined;
        else log.warn({ informer: this.name, failures, causes: causeChain(error) }, "the watch failed and will be tried again");
      }
      if (failures > 0) await sleep(clock, backoffDelay(BACKOFF, failures), signal).catch(() => undefined);
    }
  }

  async #relist(): Promise<void> {
    const { client, kind, options } = this.#options;
    const { items, metadata } = await client.list(kind, options);
    const present = new Set(items.map(keyOf));
    for (const object of this.list()) if (!present.has(keyOf(object))) this.#remove(object);
    for (const object of items) this.#store(object);
    this.#revision = metadata.resourceVersion;
    this.#synced = true;
    this.#firstSync.resolve();
  }

  /** Follows the watch to its end and returns how many events came. */
  async #watch(): Promise<number> {
    const { client, kind, options } = this.#options;
    const { signal } = this.#stopping;
    let seen = 0;
    const from = this.#revision === undefined ? {} : { resourceVersion: this.#revision };
    for await (const event of client.watch(kind, { ...options, ...from, signal })) {
      if (signal.aborted) break;
      seen++;
      this.#apply(event);
    }
    return seen;
  }

  #apply({ type, object }: WatchEvent<T>): void {
    if (type === "ERROR") throw errorOf(object);
    if (type === "DELETED") this.#remove(object);
    else if (type !== "BOOKMARK") this.#store(object);
    this.#revision = object.metadata.resourceVersion ?? this.#revision;
  }

  #store(object: T): void {
    const { namespace = "", name } = object.metadata;
    let group = this.#objects.get(namespace);
    if (!group) this.#objects.set(namespace, (group = new Map()));
    const old = group.get(name);
    group.set(name, object);
    if (!old) return this.#emit({ type: "added", object });
    if (old.metadata.uid !== object.metadata.uid) {
      // It was deleted and made anew while the watch was away: to a listener those are two objects.
      this.#emit({ type: "deleted", object: old });
      this.#emit({ type: "added", object });
    } else if (old.metadata.resourceVersion === object.metadata.resourceVersion) this.#emit({ type: "resync", object });
    else this.#emit({ type: "updated", object, old });
  }

  #remove(object: T): void {
    const { namespace = "", name } = object.metadata;
    const group = this.#objects.get(namespace);
    if (!group?.delete(name)) return;
    if (group.size === 0) this.#objects.delete(namespace);
    this.#emit({ type: "deleted", object });
  }

  #emit(event: InformerEvent<T>): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        // One listener's bug must not stop the copy for the others.
        this.#options.log.error({ informer: this.name, error }, "a listener of an informer failed");
      }
    }
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

/** The object of an ERROR event is a Status. */
function errorOf(object: unknown): StatusError {
  const { code, message, reason } = object as Partial<StatusBody>;
  const expired = code === 410 || reason === "Expired";
  return new StatusError(expired ? "Expired" : (reason ?? "InternalError"), message ?? "the watch was ended by an error");
}
