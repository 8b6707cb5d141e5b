import { Fifo, type FifoNode } from "../core/fifo.ts";

/** Keeps connections that nobody uses. */
export interface IdleKeeper {
  /** Closes the one that has been idle for longest; false when there is none. */
  closeOldest(): boolean;
}

/**
 * The connections to instances that may be open at once, as each takes a file descriptor (see open-files.ts). When there is no place, one that is idle is
 * closed; when there is none, who wants to connect waits, in order of arrival.
 */
export class Places {
  /** Those that may have idle connections. */
  readonly keepers = new Set<IdleKeeper>();
  readonly #bound: number;
  readonly #waiting = new Fifo<Place>();
  #taken = 0;

  constructor(bound = Infinity) {
    this.#bound = bound;
  }

  /** Whether somebody waits: then nothing should be kept that is idle. */
  get crowded(): boolean {
    return this.#waiting.length > 0;
  }

  /** `begin` is called when the place is there, which may be before this returns. */
  enter(begin: () => void): Place {
    const place = new Place(this, begin);
    if (this.#taken >= this.#bound && !this.crowded) this.#makeRoom();
    if (this.#taken < this.#bound && !this.crowded) this.#begin(place);
    else place.node = this.#waiting.push(place);
    return place;
  }

  /** Called by the place alone, once. */
  left(place: Place): void {
    if (place.node) return this.#waiting.remove(place.node);
    this.#taken--;
    const next = this.#taken < this.#bound ? this.#waiting.shift() : undefined;
    if (next) this.#begin(next);
  }

  #begin(place: Place): void {
    this.#taken++;
    place.node = undefined;
    place.begin();
  }

  #makeRoom(): void {
    for (const keeper of this.keepers) if (keeper.closeOldest()) return;
  }
}

export class Place {
  /** While it waits; written by `Places` alone. */
  node: FifoNode<Place> | undefined;
  readonly begin: () => void;
  readonly #places: Places;
  #left = false;

  constructor(places: Places, begin: () => void) {
    this.#places = places;
    this.begin = begin;
  }

  get waits(): boolean {
    return this.node !== undefined;
  }

  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#places.left(this);
  }
}
