import { BugError } from "@ebb/base";
import type { Endpoint } from "../route-table.ts";
import type { BackendShares, Occupancy, WaitingLine } from "../core/shares.ts";

/** Rows of shared memory; what is not used takes no memory. One machine runs a few thousand instances at most. */
export const MAX_SLOTS = 32 * 1024;

/** As long as it is the same, its requests are counted in the same place. */
export function endpointKey({ id, host, port }: Endpoint): string {
  return `${id} ${host} ${port}`;
}

/** Where a backend and its instances are counted; given out by the pool (slots.ts). */
export interface BackendSlots {
  line: number;
  /** By `endpointKey`. */
  endpoints: Record<string, number>;
}

/**
 * Counts of all workers in one piece of memory.
 *
 * A row for an instance: all its requests, then those of each worker. A row for a backend's line: all that wait, then those of each worker,
 * then the ticket of the first in each. Behind the rows: the next ticket, and a bell for each worker.
 *
 * A worker's own numbers are written by it alone, and before the sum when they grow, after it when they shrink: what a worker that has died
 * held can be taken back (`recover`).
 */
export class SharedCounts {
  readonly memory: SharedArrayBuffer;
  readonly #cells: Int32Array;
  readonly #workers: number;
  readonly #worker: number;
  readonly #row: number;

  /** `worker` is which one we are. */
  constructor(memory: SharedArrayBuffer | undefined, workers: number, worker: number) {
    this.#row = 1 + 2 * workers;
    this.memory = memory ?? new SharedArrayBuffer((MAX_SLOTS * this.#row + 1 + workers) * Int32Array.BYTES_PER_ELEMENT);
    this.#cells = new Int32Array(this.memory);
    this.#workers = workers;
    this.#worker = worker;
  }

  shares(slots: BackendSlots): BackendShares {
    return {
      occupancy: (endpoint) => {
        const slot = slots.endpoints[endpointKey(endpoint)];
        if (slot === undefined) throw new BugError("endpoint_without_slot", `nothing counts the requests of ${endpoint.id}`);
        return new SharedOccupancy(this.#cells, this.#at(slot), this.#worker);
      },
      line: new SharedLine(this.#cells, { at: this.#at(slots.line), worker: this.#worker, workers: this.#workers, ticket: this.#ticket }),
    };
  }

  /** Nothing is counted there. */
  isFree(slot: number): boolean {
    const at = this.#at(slot);
    for (let cell = at; cell < at + this.#row; cell++) if (Atomics.load(this.#cells, cell) !== 0) return false;
    return true;
  }

  /** Takes back what a worker that has ended had counted in the first `slots` rows, and tells the others that there is room. */
  recover(worker: number, slots: number): void {
    for (let slot = 0; slot < slots; slot++) {
      const at = this.#at(slot);
      const held = Atomics.exchange(this.#cells, at + 1 + worker, 0);
      Atomics.sub(this.#cells, at, held);
      Atomics.store(this.#cells, at + 1 + this.#workers + worker, 0);
    }
    for (let other = 0; other < this.#workers; other++) ring(this.#cells, this.#ticket + 1 + other);
  }

  /** Calls back, in a turn of its own, whenever another worker says that one of ours may be next. Returns what ends that. */
  onBell(look: () => void): () => void {
    const bell = this.#ticket + 1 + this.#worker;
    let stopped = false;
    const listen = (heard: number) => {
      if (stopped) return;
      const wait = Atomics.waitAsync(this.#cells, bell, heard);
      const rung = () => {
        // Read before looking: what rings meanwhile is heard the next time.
        const now = Atomics.load(this.#cells, bell);
        if (!stopped) look();
        listen(now);
      };
      if (wait.async) void wait.value.then(rung);
      else queueMicrotask(rung);
    };
    listen(Atomics.load(this.#cells, bell));
    return () => {
      stopped = true;
      ring(this.#cells, bell);
    };
  }

  get #ticket(): number {
    return MAX_SLOTS * this.#row;
  }

  #at(slot: number): number {
    return slot * this.#row;
  }
}

class SharedOccupancy implements Occupancy {
  readonly #cells: Int32Array;
  readonly #sum: number;
  readonly #own: number;

  constructor(cells: Int32Array, at: number, worker: number) {
    this.#cells = cells;
    this.#sum = at;
    this.#own = at + 1 + worker;
  }

  get total(): number {
    return Atomics.load(this.#cells, this.#sum);
  }

  tryEnter(limit: number): boolean {
    return tryAdd(this.#cells, { sum: this.#sum, own: this.#own, limit });
  }

  leave(): void {
    Atomics.sub(this.#cells, this.#sum, 1);
    Atomics.sub(this.#cells, this.#own, 1);
  }
}

class SharedLine implements WaitingLine {
  readonly #cells: Int32Array;
  readonly #sum: number;
  readonly #own: number;
  /** Of the first worker's ticket. */
  readonly #shown: number;
  readonly #worker: number;
  readonly #workers: number;
  readonly #ticket: number;

  constructor(cells: Int32Array, place: { at: number; worker: number; workers: number; ticket: number }) {
    this.#cells = cells;
    this.#sum = place.at;
    this.#own = place.at + 1 + place.worker;
    this.#shown = place.at + 1 + place.workers;
    this.#worker = place.worker;
    this.#workers = place.workers;
    this.#ticket = place.ticket;
  }

  get length(): number {
    return Atomics.load(this.#cells, this.#sum);
  }

  tryJoin(bound: number): number {
    if (!tryAdd(this.#cells, { sum: this.#sum, own: this.#own, limit: bound })) return 0;
    // 0 stands for nobody; it comes round once in four thousand million requests that wait.
    return (Atomics.add(this.#cells, this.#ticket, 1) + 1) | 0 || Atomics.add(this.#cells, this.#ticket, 1) + 1;
  }

  leave(): void {
    Atomics.sub(this.#cells, this.#sum, 1);
    Atomics.sub(this.#cells, this.#own, 1);
  }

  show(ticket: number): void {
    Atomics.store(this.#cells, this.#shown + this.#worker, ticket);
  }

  isNext(ticket: number): boolean {
    for (let worker = 0; worker < this.#workers; worker++) {
      if (worker === this.#worker) continue;
      const other = Atomics.load(this.#cells, this.#shown + worker);
      if (other !== 0 && (ticket === 0 || isBefore(other, ticket))) return false;
    }
    return true;
  }

  passOn(): void {
    let next = -1;
    let lowest = 0;
    for (let worker = 0; worker < this.#workers; worker++) {
      const ticket = Atomics.load(this.#cells, this.#shown + worker);
      if (ticket === 0 || (next >= 0 && !isBefore(ticket, lowest))) continue;
      next = worker;
      lowest = ticket;
    }
    if (next >= 0 && next !== this.#worker) ring(this.#cells, this.#ticket + 1 + next);
  }
}

/** Tickets go round: the difference tells. */
function isBefore(ticket: number, other: number): boolean {
  return ((ticket - other) | 0) < 0;
}

function tryAdd(cells: Int32Array, { sum, own, limit }: { sum: number; own: number; limit: number }): boolean {
  let seen = Atomics.load(cells, sum);
  if (seen >= limit) return false;
  Atomics.add(cells, own, 1);
  while (seen < limit) {
    const found = Atomics.compareExchange(cells, sum, seen, seen + 1);
    if (found === seen) return true;
    seen = found;
  }
  Atomics.sub(cells, own, 1);
  return false;
}

function ring(cells: Int32Array, bell: number): void {
  Atomics.add(cells, bell, 1);
  Atomics.notify(cells, bell);
}
