import type { Logger } from "@ebb/base";
import { Events } from "@ebb/kube";
import type { SqliteStore } from "../store/sqlite-store.ts";
import { resourceOf } from "./selection.ts";

/** kube-apiserver's `--event-ttl`, milliseconds from the last write. */
export const EVENT_LIFE = 3_600_000;
/** States that are looked at in one step: sized for the Events of a thousand Services that are made at once. */
const STEP = 10_000;

/**
 * Takes Events away that nobody wrote for an hour. It goes through the store's states once, in the order in which they were written: no object is
 * looked at twice, and nothing is kept of it; one that was written again since comes later. A new one begins at the beginning.
 */
export class EventExpiry {
  readonly #store: Pick<SqliteStore, "write" | "writtenBefore">;
  readonly #log: Logger;
  readonly #resource = resourceOf(Events);
  #seen = 0;

  constructor(store: Pick<SqliteStore, "write" | "writtenBefore">, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /** One step; called from time to time. Failures are logged, and tried again at the next call. */
  async sweep(now: number): Promise<void> {
    const states = this.#store.writtenBefore(now - EVENT_LIFE, { after: this.#seen, most: STEP });
    const old = states.filter(({ key }) => key.resource === this.#resource);
    try {
      await Promise.all(
        old.map(({ key, revision }) =>
          this.#store.write(key, (current) => (current?.metadata.resourceVersion === String(revision) ? "removed" : "unchanged")),
        ),
      );
      this.#seen = states.at(-1)?.revision ?? this.#seen;
    } catch (error) {
      this.#log.warn({ error }, "old Events could not be taken away; it will be tried again");
    }
  }
}
