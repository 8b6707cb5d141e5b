/** How much is kept frozen on this machine, oldest first. */
export class KeptFrozen {
  readonly #budget: number;
  readonly #isFrozen: (id: string) => boolean;
  /** Bytes by instance, in the order in which they were frozen. */
  readonly #kept = new Map<string, number>();

  /** `isFrozen` tells whether one that was added still is. */
  constructor(budgetBytes: number, isFrozen: (id: string) => boolean) {
    this.#budget = budgetBytes;
    this.#isFrozen = isFrozen;
  }

  /** One more; returns those that must go for it, which may be itself. */
  add(id: string, memoryBytes: number): string[] {
    for (const known of this.#kept.keys()) if (known === id || !this.#isFrozen(known)) this.#kept.delete(known);
    this.#kept.set(id, memoryBytes);
    let used = [...this.#kept.values()].reduce((sum, bytes) => sum + bytes, 0);
    const evicted: string[] = [];
    for (const [oldest, bytes] of this.#kept) {
      if (used <= this.#budget) break;
      used -= bytes;
      evicted.push(oldest);
    }
    for (const gone of evicted) this.#kept.delete(gone);
    return evicted;
  }
}
