import { StatusError, type KubeObject } from "@ebb/kube";
import type { StoreEvent, StoreKey } from "./store.ts";

/** client-node re-watches every 30 s and kubectl may pause longer: minutes are enough, and no more is kept than fits. */
const MAX_AGE = 10 * 60_000;
/** Of JSON text, which is on the disk: what a client that was away may have to be told at once. */
const MAX_BYTES = 24 * 1024 * 1024;
/** Down to this when it is full: forgetting is a transaction, and must not come with each write. */
const KEPT_BYTES = 0.75 * MAX_BYTES;
/** Events with their states in memory: a watch that begins anew asks for what happened in the seconds since it ended. */
const RECENT = 500;

/** What is kept of an event; its states are in the file. */
export interface PastChange {
  readonly revision: number;
  readonly type: StoreEvent["type"];
  readonly key: StoreKey;
  /** The revision of the state before; absent for ADDED. */
  readonly before: number | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Of JSON text. */
  readonly bytes: number;
}

interface Entry {
  readonly change: PastChange;
  event: StoreEvent | undefined;
}

/** The recent events, for watches that go on where they were and lists of an earlier revision. */
export class History {
  readonly #read: (key: StoreKey, revision: number) => KubeObject;
  #entries: Entry[] = [];
  #bytes = 0;
  /** Everything up to this revision is forgotten. */
  #floor: number;

  /** `read` gets a state that is not forgotten from the file. */
  constructor(floor: number, read: (key: StoreKey, revision: number) => KubeObject) {
    this.#floor = floor;
    this.#read = read;
  }

  get floor(): number {
    return this.#floor;
  }

  add(change: PastChange, event?: StoreEvent): void {
    this.#entries.push({ change, event });
    this.#bytes += change.bytes;
    const older = this.#entries.at(-1 - RECENT);
    if (older) older.event = undefined;
  }

  /** To be looked at in the same turn: states may be forgotten later. Throws StatusError Expired if an event after `revision` is forgotten. */
  since(revision: number): StoreEvent[] {
    if (revision < this.#floor) throw expired(revision, this.#floor);
    let from = this.#entries.length;
    // Watches ask for what is just past: from the end it is a few steps.
    while (from > 0 && (this.#entries[from - 1]?.change.revision ?? 0) > revision) from--;
    return this.#entries.slice(from).map(({ change, event }) => event ?? new PastEvent(change, this.#read));
  }

  /** The events that are too old or too many, oldest first; `forget` makes it so. */
  surplus(now: number): PastChange[] {
    let bytes = this.#bytes;
    const limit = this.overfull ? KEPT_BYTES : MAX_BYTES;
    const surplus: PastChange[] = [];
    for (const { change } of this.#entries) {
      if (change.at >= now - MAX_AGE && bytes <= limit) break;
      bytes -= change.bytes;
      surplus.push(change);
    }
    return surplus;
  }

  get overfull(): boolean {
    return this.#bytes > MAX_BYTES;
  }

  forget(revision: number): void {
    const kept = this.#entries.filter(({ change }) => change.revision > revision);
    this.#entries = kept;
    this.#bytes = kept.reduce((sum, { change }) => sum + change.bytes, 0);
    this.#floor = Math.max(this.#floor, revision);
  }
}

/** An event whose states are read when somebody looks at them: of a long history, a watcher wants one kind. */
class PastEvent implements StoreEvent {
  readonly #change: PastChange;
  readonly #read: (key: StoreKey, revision: number) => KubeObject;
  #object: KubeObject | undefined;
  #previous: KubeObject | undefined;

  constructor(change: PastChange, read: (key: StoreKey, revision: number) => KubeObject) {
    this.#change = change;
    this.#read = read;
  }

  get revision(): number {
    return this.#change.revision;
  }

  get type(): StoreEvent["type"] {
    return this.#change.type;
  }

  get key(): StoreKey {
    return this.#change.key;
  }

  get object(): KubeObject {
    return (this.#object ??= this.#read(this.key, this.revision));
  }

  get previous(): KubeObject | undefined {
    const { before } = this.#change;
    return before === undefined ? undefined : (this.#previous ??= this.#read(this.key, before));
  }
}

function expired(revision: number, floor: number): StatusError {
  return new StatusError("Expired", `too old resource version: ${revision} (${floor})`);
}
