import type { ChangeEvent } from "@ebb/api";
import { Signal, type Clock } from "@ebb/base";
import type { Clusters } from "../cluster/port.ts";
import type { OperationEngine } from "../operations/engine.ts";

/** Longer than a page takes to come, and than most people look at another one. */
const KEPT = 600_000;

/**
 * What changes, as it does, and what has changed in the last ten minutes: whoever has read something shortly before it began to listen is told
 * what has changed since, and need not read all of it again. Bounded by the number of apps.
 */
export class RecentChanges {
  readonly changed = new Signal<ChangeEvent>();
  readonly #clock: Clock;
  readonly #begun: number;
  /** The latest of each sort of each app, oldest first. */
  readonly #latest = new Map<string, { event: ChangeEvent; at: number }>();

  constructor({ engine, clusters, clock }: { engine: OperationEngine; clusters: Clusters; clock: Clock }) {
    this.#clock = clock;
    this.#begun = clock.now();
    // Without an app: anything may have changed.
    engine.changed.on(({ id, app }) => this.#add({ type: id === "" ? "app" : "operation", app }));
    clusters.onChange(({ kind, app }) => this.#add({ type: kind === "pod" ? "instances" : "app", app }));
  }

  /** Undefined where not all of it is known: this process has not run for so long, or it is too long ago. `ago` in milliseconds. */
  since(ago: number): ChangeEvent[] | undefined {
    const from = this.#clock.now() - ago;
    if (from < this.#begun || ago > KEPT) return undefined;
    return [...this.#latest.values()].filter(({ at }) => at >= from).map(({ event }) => event);
  }

  #add(event: ChangeEvent): void {
    const now = this.#clock.now();
    const key = `${event.type} ${event.app}`;
    this.#latest.delete(key);
    this.#latest.set(key, { event, at: now });
    for (const [old, { at }] of this.#latest) {
      if (now - at <= KEPT) break;
      this.#latest.delete(old);
    }
    this.changed.emit(event);
  }
}
