import { BugError, type Clock, type Logger } from "@ebb/base";
import { asStoredNow, jsonCopy, sameJson, StatusError, type Json, type KubeObject } from "@ebb/kube";
import { Database, isFull, type RevisionHead, type RevisionRow } from "./database.ts";
import { deepFreeze } from "./freeze.ts";
import { History } from "./history.ts";
import { ObjectIndex } from "./index-map.ts";
import { SharedFields } from "./share-fields.ts";
import { SharedValues } from "./share-values.ts";
import { SyncPace } from "./sync-pace.ts";
import { isSealed, unknownKey, type ValueCipher } from "./value-cipher.ts";
import type { Change, Store, StoreEvent, StoreKey, StoreList } from "./store.ts";

/** etcd's quota: past it a cluster is being misused, and the disk should not pay for it. */
const MAX_BYTES = 2 * 1024 ** 3;

export interface SqliteStoreOptions {
  path: string;
  clock: Clock;
  log: Logger;
  /** The file grows no further. */
  maxBytes?: number;
  /** Seals what is secret in the file; in memory everything is plain. */
  cipher?: ValueCipher;
  /** Resources of which there are many that are seldom read: in memory is where they are in the file, and nothing else. */
  onDisk?: readonly string[];
}

/** Writes of one turn of the event loop, or of the time that the disk took for those before: committed together or not at all. */
interface Batch {
  rows: RevisionRow[];
  events: StoreEvent[];
  /** The state after the batch of each key that it changes; null if it is removed. */
  heads: Map<string, KubeObject | null>;
  done: PromiseWithResolvers<void>;
}

/** Store over one SQLite file (WAL, synced before any write is answered) with every live object in memory, but for those of resources that are read seldom. */
export class SqliteStore implements Store {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #database: Database;
  readonly #cipher: ValueCipher | undefined;
  readonly #onDisk: ReadonlySet<string>;
  /** Objects or, of what is on the disk alone, the revisions of their states. */
  readonly #live = new ObjectIndex<KubeObject | number>();
  readonly #values = new SharedValues();
  readonly #fields = new SharedFields(this.#values);
  readonly #history: History;
  readonly #pace = new SyncPace();
  readonly #listeners = new Set<(events: readonly StoreEvent[]) => void>();
  #revision = 0;
  /** Takes writes. */
  #batch: Batch | undefined;
  /** In the file, on its way to the disk: not visible yet, but what the next writes rest on. */
  #syncing: Batch | undefined;
  #closed = false;
  /** Why nothing can be written any more. */
  #lost: StatusError | undefined;

  /** Opens the file and reads it. Throws UserError when it cannot be used (see Database), or opened with these keys (see ValueCipher). */
  constructor({ path, clock, log, maxBytes = MAX_BYTES, cipher, onDisk = [] }: SqliteStoreOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#cipher = cipher;
    this.#onDisk = new Set(onDisk);
    this.#database = new Database(path, maxBytes);
    this.#history = new History(this.#database.fact("compacted"), (key, revision) => this.#read(key, revision));
    try {
      this.#load();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  get revision(): number {
    return this.#revision;
  }

  get(key: StoreKey): KubeObject | undefined {
    return this.#whole(key, this.#live.get(key));
  }

  list(resource: string, namespace?: string, revision = this.#revision): StoreList {
    const selected = this.#live.select(resource, namespace);
    // Back in time by undoing what came after, latest first.
    for (const { key, previous } of this.since(revision).reverse()) {
      if (key.resource !== resource || (namespace !== undefined && key.namespace !== namespace)) continue;
      const id = `${key.namespace}/${key.name}`;
      if (previous) selected.set(id, previous);
      else selected.delete(id);
    }
    const sorted = [...selected].sort(([a], [b]) => (a < b ? -1 : 1));
    return { revision, objects: sorted.flatMap(([id, value]) => this.#whole(placeOf(resource, id), value) ?? []) };
  }

  *all(): Generator<{ key: StoreKey; object: KubeObject }> {
    for (const { key, value } of this.#live.entries()) if (typeof value !== "number") yield { key, object: value };
  }

  since(revision: number): StoreEvent[] {
    return revision >= this.#revision ? [] : this.#history.since(revision);
  }

  onCommit(listener: (events: readonly StoreEvent[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async write(key: StoreKey, change: Change): Promise<{ object: KubeObject | undefined; changed: boolean }> {
    if (this.#closed) throw new StatusError("ServiceUnavailable", "the API server is stopping");
    if (this.#lost) throw this.#lost;
    const head = this.#head(key);
    const result = change(head);
    const outcome =
      result === "unchanged" || (result === "removed" && !head) ? { object: head, changed: false } : this.#record(key, head, result);
    // Even what changes nothing may rest on a write that is not on disk yet.
    const last = this.#batch ?? this.#syncing;
    if (last) await last.done.promise;
    return outcome;
  }

  compact(now: number): void {
    const surplus = this.#history.surplus(now);
    const last = surplus.at(-1);
    if (!last || this.#closed) return;
    // Of a forgotten event, the row of the state before it is not needed any more, and its own neither if it was a deletion.
    const remove = surplus.flatMap(({ type, revision, before }) => [
      ...(before === undefined ? [] : [before]),
      ...(type === "DELETED" ? [revision] : []),
    ]);
    try {
      this.#database.transaction({ remove, facts: { compacted: last.revision, revision: this.#revision } });
    } catch (error) {
      this.#log.warn({ error }, "the store could not be compacted; it will be tried again");
      return;
    }
    this.#history.forget(last.revision);
  }

  /**
   * Which states were written until `before` (milliseconds since the epoch), in the order of their revisions from the one after `after`, so many at most;
   * those that are no more what is live among them. It costs what it returns, whatever else is stored.
   */
  writtenBefore(before: number, page: { after: number; most: number }): readonly { key: StoreKey; revision: number }[] {
    if (this.#closed) return [];
    return this.#database.writtenBefore(before, page).map(({ revision, resource, namespace, name }) => ({
      revision,
      key: { resource, namespace, name },
    }));
  }

  close(): void {
    if (this.#closed) return;
    this.#finish();
    this.#closed = true;
    this.#database.close();
  }

  #head(key: StoreKey): KubeObject | undefined {
    const id = idOf(key);
    const open = this.#batch?.heads.get(id);
    const pending = open === undefined ? this.#syncing?.heads.get(id) : open;
    return pending === undefined ? this.get(key) : (pending ?? undefined);
  }

  #record(key: StoreKey, head: KubeObject | undefined, result: KubeObject | "removed"): { object: KubeObject; changed: boolean } {
    const deleted = result === "removed";
    const base = deleted ? head : result;
    if (!base) throw new BugError("nothing_to_record", `${idOf(key)} is not there and cannot be removed`);
    const kept = head && !deleted;
    const version = kept ? head.metadata.resourceVersion : undefined;
    const versioned = version === undefined ? base : { ...base, metadata: { ...base.metadata, resourceVersion: version } };
    // As JSON: what is read back later is what readers see now, and nobody else holds it.
    const next = this.#shared(key, head, jsonCopy(versioned));
    if (kept && next === head) return { object: head, changed: false };
    const batch = this.#openBatch();
    const revision = this.#revision + (this.#syncing?.rows.length ?? 0) + batch.rows.length + 1;
    const object = deepFreeze({ ...next, metadata: { ...next.metadata, resourceVersion: String(revision) } });
    const value = JSON.stringify(object);
    const sealed = this.#cipher?.seal({ ...key, revision }, value) ?? value;
    batch.rows.push({ ...key, revision, deleted, at: this.#clock.now(), value: sealed });
    const type = deleted ? "DELETED" : head ? "MODIFIED" : "ADDED";
    batch.events.push({ revision, key, object, type, ...(head ? { previous: head } : {}) });
    batch.heads.set(idOf(key), deleted ? null : object);
    return { object, changed: true };
  }

  /** What is not kept shares nothing. */
  #shared({ resource }: StoreKey, previous: KubeObject | undefined, object: KubeObject): KubeObject {
    if (this.#onDisk.has(resource)) return previous && sameJson(asJson(previous), asJson(object)) ? previous : object;
    this.#fields.share(object);
    return this.#values.share(previous, object);
  }

  #openBatch(): Batch {
    if (this.#batch) return this.#batch;
    this.#batch = { rows: [], events: [], heads: new Map(), done: Promise.withResolvers() };
    // Every writer waits on this one, but a batch that fails before anyone does must not count as unhandled.
    this.#batch.done.promise.catch(() => undefined);
    setImmediate(() => this.#flush());
    return this.#batch;
  }

  /** One batch at a time is on its way: the next one takes what comes meanwhile. */
  #flush(): void {
    const batch = this.#syncing ? undefined : this.#commit();
    if (!batch) return;
    const began = this.#clock.monotonic();
    const synced = () => {
      this.#pace.took(this.#clock.monotonic() - began);
      this.#settle(batch);
    };
    if (!this.#pace.atOnce(batch.rows.length)) return void this.#database.sync().then(synced, (error: unknown) => this.#lose(error));
    try {
      this.#database.syncNow();
    } catch (error) {
      return this.#lose(error);
    }
    synced();
  }

  /** Puts the open batch into the file; undefined if there is none, or it is refused. */
  #commit(): Batch | undefined {
    const batch = this.#batch;
    if (!batch) return undefined;
    this.#batch = undefined;
    try {
      const [only, ...others] = batch.rows;
      if (only && others.length === 0) this.#database.insert(only);
      else this.#database.transaction({ insert: batch.rows });
    } catch (error) {
      batch.done.reject(this.#refusal(error));
      return undefined;
    }
    this.#syncing = batch;
    return batch;
  }

  #settle(batch: Batch): void {
    // Otherwise `close` was faster.
    if (this.#syncing !== batch) return;
    this.#syncing = undefined;
    this.#apply(batch);
    batch.done.resolve();
    if (this.#history.overfull) this.compact(this.#clock.now());
    this.#flush();
  }

  /** Nobody knows what the disk has of the last batch: until the next start, which reads what it has, nothing can be built on it. */
  #lose(error: unknown): void {
    this.#log.error({ error }, "the disk did not take the last writes; no more are accepted until the next start");
    const lost = new StatusError(
      "ServiceUnavailable",
      "the disk of the API server's store has failed; what it has shows at the next start",
    );
    lost.cause = error;
    this.#lost = lost;
    for (const batch of [this.#syncing, this.#batch]) batch?.done.reject(lost);
    this.#syncing = undefined;
    this.#batch = undefined;
  }

  /** What is under way, at once. */
  #finish(): void {
    if (this.#lost) return;
    try {
      for (let batch = this.#syncing ?? this.#commit(); batch; batch = this.#syncing ?? this.#commit()) {
        this.#database.syncNow();
        this.#settle(batch);
      }
    } catch (error) {
      this.#lose(error);
    }
  }

  #apply({ rows, events }: Batch): void {
    for (const [index, event] of events.entries()) {
      const row = rows[index];
      if (event.type === "DELETED") this.#live.delete(event.key);
      else this.#live.set(event.key, this.#onDisk.has(event.key.resource) ? event.revision : event.object);
      const { revision, key, type, previous } = event;
      const before = previous && Number(previous.metadata.resourceVersion);
      this.#history.add({ revision, key, type, before, at: row?.at ?? 0, bytes: row?.value.length ?? 0 }, event);
      this.#revision = revision;
    }
    for (const listener of this.#listeners) listener(events);
  }

  #refusal(error: unknown): StatusError {
    this.#log.error({ error }, "a transaction failed; nothing of it was applied");
    const why = isFull(error) ? "the API server's store, or the disk that holds it, is full" : "the API server's store cannot be written";
    const refusal = new StatusError("ServiceUnavailable", `${why}; nothing was changed`);
    refusal.cause = error;
    return refusal;
  }

  /** Only what is live is read; the states of history stay in the file until somebody asks. */
  #load(): void {
    const floor = this.#history.floor;
    this.#revision = Math.max(floor, this.#database.fact("revision"));
    const stale: { revision: number; value: string }[] = [];
    const last = new Map<string, { key: StoreKey; revision: number; deleted: boolean }>();
    for (const head of this.#database.heads()) {
      const { revision, at, deleted, bytes } = head;
      const id = idOf(head);
      const past = last.get(id);
      const key = past?.key ?? this.#values.share(undefined, { resource: head.resource, namespace: head.namespace, name: head.name });
      stale.push(...this.#staleValue(head));
      const before = past?.deleted === false ? past.revision : undefined;
      const type = deleted ? "DELETED" : before === undefined ? "ADDED" : "MODIFIED";
      if (revision > floor) this.#history.add({ revision, key, type, before, at, bytes });
      last.set(id, { key, revision, deleted });
      this.#revision = Math.max(this.#revision, revision);
    }
    for (const { key, revision, deleted } of last.values()) {
      if (deleted) continue;
      this.#live.set(key, this.#onDisk.has(key.resource) ? revision : deepFreeze(this.#shared(key, undefined, this.#parse(key, revision))));
    }
    if (stale.length > 0) {
      this.#database.rewrite(stale);
      this.#log.info({ values: stale.length }, "what was stored in plain text, or sealed with an older key, was sealed anew");
    }
  }

  /** What is not sealed as it should be, as it should be. Throws UserError if it cannot be opened. */
  #staleValue(head: RevisionHead): { revision: number; value: string }[] {
    if (!this.#cipher?.covers(head.resource)) return [];
    const value = this.#database.value(head.revision);
    const plain = this.#cipher.open(head, value);
    return this.#cipher.isCurrent(value) ? [] : [{ revision: head.revision, value: this.#cipher.seal(head, plain) }];
  }

  #whole(key: StoreKey, value: KubeObject | number | undefined): KubeObject | undefined {
    return typeof value === "number" ? this.#read(key, value) : value;
  }

  #read(key: StoreKey, revision: number): KubeObject {
    return deepFreeze(this.#parse(key, revision));
  }

  #parse(key: StoreKey, revision: number): KubeObject {
    const value = this.#database.value(revision);
    if (!this.#cipher && isSealed(value)) throw unknownKey(value.split(":")[3] ?? "");
    return asStoredNow(JSON.parse(this.#cipher?.open({ ...key, revision }, value) ?? value) as KubeObject);
  }
}

/** Of an id in a resource's selection (see ObjectIndex.select). */
function placeOf(resource: string, id: string): StoreKey {
  const slash = id.indexOf("/");
  return { resource, namespace: id.slice(0, slash), name: id.slice(slash + 1) };
}

function asJson(object: KubeObject): Json {
  return object as unknown as Json;
}

function idOf({ resource, namespace, name }: StoreKey): string {
  return `${resource}/${namespace}/${name}`;
}
