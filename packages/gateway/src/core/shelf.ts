/**
 * Values that are made when they are asked for, and dropped again when so many others have been asked for since. Which one is dropped is decided by a clock hand: one
 * that was used since the hand last came by stays.
 */
export class Shelf<T> {
  readonly #places: (Shelved<T> | undefined)[];
  #hand = 0;

  constructor(size: number) {
    this.#places = Array.from({ length: size }, () => undefined);
  }

  /** Called by a value that has just been made. */
  put(made: Shelved<T>): void {
    // Twice round at most, as one that is passed is no longer marked as used.
    for (let place = this.#places[this.#hand]; place?.wasUsed(); place = this.#places[this.#hand]) this.#advance();
    this.#places[this.#hand]?.drop();
    this.#places[this.#hand] = made;
    this.#advance();
  }

  #advance(): void {
    this.#hand = (this.#hand + 1) % this.#places.length;
  }
}

/** Something with a value on a shelf. */
export abstract class Shelved<T> {
  readonly #shelf: Shelf<T>;
  #value: T | undefined;
  #used = false;

  constructor(shelf: Shelf<T>) {
    this.#shelf = shelf;
  }

  get(): T {
    this.#used = true;
    if (this.#value !== undefined) return this.#value;
    const value = this.make();
    this.#value = value;
    this.#shelf.put(this);
    return value;
  }

  protected abstract make(): T;

  drop(): void {
    this.#value = undefined;
  }

  /** Since it was last asked this. */
  wasUsed(): boolean {
    const used = this.#used;
    this.#used = false;
    return used;
  }
}
