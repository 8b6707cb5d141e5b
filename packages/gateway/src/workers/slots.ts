import { BugError } from "@ebb/base";
import type { Slots } from "../core/data-plane.ts";
import type { Backend } from "../route-table.ts";
import { endpointKey, MAX_SLOTS, type BackendSlots, type SharedCounts } from "./shared-counts.ts";

/**
 * Gives rows of the shared memory to backends and their instances. Invariant: a row is given again only when nothing is counted in it, so
 * the last requests of an instance that is gone are never taken for those of another.
 */
export class SlotBook {
  readonly #counts: SharedCounts;
  readonly #held = new Map<string, BackendSlots>();
  #leaving: number[] = [];
  #used = 0;

  constructor(counts: SharedCounts) {
    this.#counts = counts;
  }

  /** Rows below this have been given to somebody. */
  get used(): number {
    return this.#used;
  }

  get all(): Slots {
    return Object.fromEntries(this.#held);
  }

  /** The rows of a backend as it is now; what is there already stays. */
  put({ key, endpoints, frozen = [], starting = [] }: Backend): BackendSlots {
    const before = this.#held.get(key);
    const slots: BackendSlots = { line: before?.line ?? this.#take(), endpoints: {} };
    for (const endpoint of [...endpoints, ...frozen, ...starting]) {
      const name = endpointKey(endpoint);
      slots.endpoints[name] = before?.endpoints[name] ?? this.#take();
    }
    for (const [name, slot] of Object.entries(before?.endpoints ?? {})) if (!(name in slots.endpoints)) this.#leaving.push(slot);
    this.#held.set(key, slots);
    return slots;
  }

  remove(key: string): void {
    const slots = this.#held.get(key);
    if (!slots) return;
    this.#held.delete(key);
    this.#leaving.push(slots.line, ...Object.values(slots.endpoints));
  }

  #take(): number {
    const index = this.#leaving.findIndex((slot) => this.#counts.isFree(slot));
    const [free] = index < 0 ? [] : this.#leaving.splice(index, 1);
    if (free !== undefined) return free;
    if (this.#used >= MAX_SLOTS) throw new BugError("too_many_instances", `more than ${MAX_SLOTS} versions and instances`);
    return this.#used++;
  }
}
