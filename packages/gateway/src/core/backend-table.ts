import type { Backend, RevisionKey } from "../route-table.ts";
import type { BackendSlots, SharedCounts } from "../workers/shared-counts.ts";
import { BackendState, type BackendServices } from "./backend-state.ts";
import type { EndpointState } from "./endpoint-state.ts";

/** As text, one that nobody has asked for takes a fifth of the memory. */
type Packed = string;

interface Unpacked {
  config: Backend;
  slots: BackendSlots | undefined;
}

/**
 * The revisions that there are. What one needs to serve is made when the first request asks for it, and then stays: most revisions sleep.
 *
 * Invariant: nothing can be told from outside of whether one has been made.
 */
export class BackendTable {
  readonly #services: BackendServices;
  readonly #counts: SharedCounts | undefined;
  readonly #known = new Map<RevisionKey, BackendState | Packed>();
  readonly #made = new Set<BackendState>();
  /** When counts were last told of, monotonic: those of one that is made later are the mean since then, too. */
  #toldAt: number;

  constructor(services: BackendServices, counts: SharedCounts | undefined) {
    this.#services = services;
    this.#counts = counts;
    this.#toldAt = services.clock.monotonic();
  }

  has(key: RevisionKey): boolean {
    return this.#known.has(key);
  }

  get(key: RevisionKey): BackendState | undefined {
    const known = this.#known.get(key);
    return typeof known === "string" ? this.#make(key, known) : known;
  }

  /** Those that a request has asked for. */
  get made(): Iterable<BackendState> {
    return this.#made;
  }

  get keys(): Iterable<RevisionKey> {
    return this.#known.keys();
  }

  get configs(): Backend[] {
    return Array.from(this.#known.values(), (known) => (typeof known === "string" ? unpack(known).config : known.config));
  }

  /** Returns the endpoints that were removed. */
  put(config: Backend, slots: BackendSlots | undefined): EndpointState[] {
    const known = this.#known.get(config.key);
    if (typeof known === "object") return known.update(config, this.#sharesOf(slots));
    this.#known.set(config.key, JSON.stringify({ config, slots } satisfies Unpacked));
    return [];
  }

  /** Returns the endpoints that were removed. */
  remove(key: RevisionKey): EndpointState[] {
    const known = this.#known.get(key);
    this.#known.delete(key);
    if (typeof known !== "object") return [];
    this.#made.delete(known);
    return known.close();
  }

  /** Counts are told of now. */
  told(now: number): void {
    this.#toldAt = now;
  }

  #make(key: RevisionKey, packed: Packed): BackendState {
    const { config, slots } = unpack(packed);
    const state = new BackendState(config, this.#services, { shares: this.#sharesOf(slots), since: this.#toldAt });
    this.#known.set(key, state);
    this.#made.add(state);
    return state;
  }

  #sharesOf(slots: BackendSlots | undefined) {
    return slots && this.#counts?.shares(slots);
  }
}

function unpack(packed: Packed): Unpacked {
  return JSON.parse(packed) as Unpacked;
}
