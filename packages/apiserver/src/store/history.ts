import { StatusError } from "@ebb/kube";
import type { StoreEvent } from "./store.ts";

/** client-node re-watches every 30 s and kubectl may pause longer: minutes are enough, and no more is kept than fits. */
const MAX_AGE = 10 * 60_000;
/** Of JSON text. Sized against 256 MB of heap for the whole server: parsed, an object takes about three times its text. */
const MAX_BYTES = 24 * 1024 * 1024;
/** Down to this when it is full: forgetting is a transaction, and must not come with each write. */
const KEPT_BYTES = 0.75 * MAX_BYTES;

interface Entry {
  event: StoreEvent;
  at: number;
  bytes: number;
}

/** The recent events, for watches that go on where they were and lists of an earlier revision. */
export class History {
  #entries: Entry[] = [];
  #bytes = 0;
  /** Everything up to this revision is forgotten. */
  #floor: number;

  constructor(floor: number) {
    this.#floor = floor;
  }

  get floor(): number {
    return this.#floor;
  }

  add(event: StoreEvent, at: number, bytes: number): void {
    this.#entries.push({ event, at, bytes });
    this.#bytes += bytes;
  }

  /** Throws StatusError Expired if an event after `revision` is forgotten. */
  since(revision: number): StoreEvent[] {
    if (revision < this.#floor) throw expired(revision, this.#floor);
    let from = this.#entries.length;
    // Watches ask for what is just past: from the end it is a few steps.
    while (from > 0 && (this.#entries[from - 1]?.event.revision ?? 0) > revision) from--;
    return this.#entries.slice(from).map(({ event }) => event);
  }

  /** The events that are too old or too many, oldest first; `forget` makes it so. */
  surplus(now: number): StoreEvent[] {
    let bytes = this.#bytes;
    const limit = this.overfull ? KEPT_BYTES : MAX_BYTES;
    const surplus: StoreEvent[] = [];
    for (const entry of this.#entries) {
      if (entry.at >= now - MAX_AGE && bytes <= limit) break;
      bytes -= entry.bytes;
      surplus.push(entry.event);
    }
    return surplus;
  }

  get overfull(): boolean {
    return this.#bytes > MAX_BYTES;
  }

  forget(revision: number): void {
    const kept = this.#entries.filter(({ event }) => event.revision > revision);
    this.#entries = kept;
    this.#bytes = kept.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#floor = Math.max(this.#floor, revision);
  }
}

function expired(revision: number, floor: number): StatusError {
  return new StatusError("Expired", `too old resource version: ${revision} (${floor})`);
}
