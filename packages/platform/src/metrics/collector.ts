import { causeChain, type Clock, type Logger, type Runnable, type Timer } from "@ebb/base";
import type { Clusters } from "../cluster/port.ts";
import { revisionNumber } from "../compile/names.ts";
import type { Database } from "../database/database.ts";
import { listEnvironments } from "../environments/store.ts";
import { readCounters } from "./read-counters.ts";
import { recordCounters, type VersionCounters } from "./store.ts";

const PERIOD = 5000;
/** A reading younger than this is new enough for whoever asks. */
const FRESH = 1000;

export interface CollectorOptions {
  db: Database;
  clusters: Clusters;
  clock: Clock;
  log: Logger;
}

/** Reads the clusters' counters every five seconds, and whenever somebody wants to see them, into the database. */
export class MetricsCollector implements Runnable {
  readonly name = "metrics collector";
  readonly #options: CollectorOptions;
  #timer: Timer | undefined;
  #reading: Promise<void> | undefined;
  #readAt = -Infinity;
  #recorded = false;
  #failing = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  start(): Promise<void> {
    this.#timer = this.#options.clock.every(PERIOD, () => void this.collect());
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#reading;
  }

  /** Whether any cluster counts: Ebb's own does, a Knative of others does so elsewhere (in its own Prometheus). */
  get recorded(): boolean {
    return this.#recorded;
  }

  /** Resolves once the database knows what the clusters counted until a second ago; one that does not answer is logged and tried again. */
  collect(): Promise<void> {
    if (this.#options.clock.monotonic() - this.#readAt < FRESH) return Promise.resolve();
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #read(): Promise<void> {
    const { db, clusters, clock, log } = this.#options;
    try {
      const environments = await listEnvironments(db);
      const readings: VersionCounters[] = [];
      let recorded = false;
      for (const [cluster, places] of Map.groupBy(environments, (row) => row.cluster)) {
        // One that is down is not waited for: the others' load goes on.
        if (places[0] && !clusters.of(places[0]).health().ready) {
          recorded ||= this.#recorded;
          continue;
        }
        const text = await clusters.metrics(cluster);
        const counted = text === undefined ? undefined : readCounters(text);
        recorded ||= counted !== undefined;
        const byNamespace = new Map(places.map((row) => [row.namespace, row]));
        for (const { namespace, service, revision, counters } of counted ?? []) {
          const environment = byNamespace.get(namespace);
          const version = revisionNumber(service, revision);
          // The copy holds only what is Ebb's.
          if (environment && version !== undefined && clusters.of(environment).revision(revision)) {
            readings.push({ app: service, env: environment.name, version, counters });
          }
        }
      }
      this.#recorded = recorded;
      if (readings.length > 0) await recordCounters(db, readings, clock.now());
      this.#readAt = clock.monotonic();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) log.warn({ causes: causeChain(error) }, "a cluster's metrics cannot be read; it is tried again");
      this.#failing = true;
    }
  }
}
