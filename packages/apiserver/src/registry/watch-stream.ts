import { apiVersionOf, StatusError, type Kind, type KubeObject, type WatchEvent, type WatchOptions } from "@ebb/kube";
import type { Store, StoreEvent } from "../store/store.ts";
import { checkReached, parseRevision, resourceOf, selection } from "./selection.ts";

/** Events that a watcher may lag behind; after that it is told to start anew, so that one slow reader cannot fill the memory. */
const MAX_LAG = 4096;
/** Of the bookmark that follows the initial events, and of no other object. */
export const INITIAL_END: Record<string, string> = { "k8s.io/initial-events-end": "true" };

export interface StreamOptions extends WatchOptions {
  /** WatchList: the existing objects first, then a bookmark that says they were all. */
  sendInitialEvents?: boolean;
}

/**
 * One watch. It is open from its construction, which throws BadRequest or Expired; iterate it once. The iteration throws Expired when
 * the reader lags too far behind, and ends when the signal is aborted.
 */
export class WatchStream implements AsyncIterable<WatchEvent> {
  readonly #kind: Kind;
  readonly #store: Store;
  readonly #signal: AbortSignal;
  readonly #selects: (object: KubeObject) => boolean;
  readonly #unsubscribe: () => void;
  #initial: WatchEvent[];
  #queue: WatchEvent[] = [];
  #lagging = false;
  #wake = Promise.withResolvers<void>();

  constructor(store: Store, kind: Kind, options: StreamOptions) {
    this.#kind = kind;
    this.#store = store;
    this.#signal = options.signal;
    this.#selects = selection(kind, options);
    this.#initial = this.#backlog(options);
    // Nothing can be committed between the two: both are of this turn.
    this.#unsubscribe = store.onCommit((events) => this.#take(events));
    this.#signal.addEventListener("abort", this.#close, { once: true });
    if (this.#signal.aborted) this.#close();
  }

  /** Tells the reader, if it has seen everything, up to which revision that is. */
  bookmark(): void {
    if (this.#queue.length === 0 && this.#initial.length === 0) this.#push([this.#bookmarkAt(this.#store.revision)]);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WatchEvent, void> {
    try {
      for (;;) {
        const events = this.#initial.length > 0 ? this.#initial : this.#queue;
        this.#initial = [];
        if (events === this.#queue) this.#queue = [];
        for (const event of events) {
          if (this.#signal.aborted) return;
          yield event;
        }
        if (this.#lagging) throw new StatusError("Expired", "the watcher is too slow and lost events; list and watch again");
        if (this.#signal.aborted) return;
        if (this.#queue.length > 0) continue;
        await this.#wake.promise;
      }
    } finally {
      this.#close();
    }
  }

  readonly #close = (): void => {
    this.#unsubscribe();
    this.#signal.removeEventListener("abort", this.#close);
    this.#wake.resolve();
  };

  #backlog({ resourceVersion, sendInitialEvents, namespace }: StreamOptions): WatchEvent[] {
    const revision = parseRevision(resourceVersion);
    if (revision !== undefined) checkReached(revision, this.#store.revision);
    const initial = sendInitialEvents ?? !revision;
    if (!initial) return revision ? this.#translate(this.#store.since(revision)) : [];
    const { objects } = this.#store.list(resourceOf(this.#kind), this.#kind.namespaced ? namespace : undefined);
    const added = objects.filter(this.#selects).map((object): WatchEvent => ({ type: "ADDED", object }));
    return sendInitialEvents ? [...added, this.#bookmarkAt(this.#store.revision, INITIAL_END)] : added;
  }

  #bookmarkAt(revision: number, annotations?: Record<string, string>): WatchEvent {
    // A bookmark has no name: nothing but the revision is meant.
    const metadata = { resourceVersion: String(revision), creationTimestamp: null, ...(annotations ? { annotations } : {}) };
    const object = { kind: this.#kind.kind, apiVersion: apiVersionOf(this.#kind), metadata } as unknown as KubeObject;
    return { type: "BOOKMARK", object };
  }

  #take(events: readonly StoreEvent[]): void {
    if (!this.#lagging) this.#push(this.#translate(events));
  }

  #push(events: readonly WatchEvent[]): void {
    if (events.length === 0) return;
    this.#queue.push(...events);
    if (this.#queue.length > MAX_LAG) {
      this.#lagging = true;
      this.#queue = [];
      this.#unsubscribe();
    }
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  #translate(events: readonly StoreEvent[]): WatchEvent[] {
    const resource = resourceOf(this.#kind);
    return events.filter((event) => event.key.resource === resource).flatMap((event) => this.#translateOne(event));
  }

  /** To a watcher with a selector, what begins to match is added and what ceases to is deleted. */
  #translateOne({ type, object, previous }: StoreEvent): WatchEvent[] {
    const before = previous !== undefined && this.#selects(previous);
    const after = type !== "DELETED" && this.#selects(object);
    if (before && after) return [{ type: "MODIFIED", object }];
    if (after) return [{ type: "ADDED", object }];
    if (!before) return [];
    const { resourceVersion } = object.metadata;
    return [
      { type: "DELETED", object: { ...previous, metadata: { ...previous.metadata, ...(resourceVersion ? { resourceVersion } : {}) } } },
    ];
  }
}
