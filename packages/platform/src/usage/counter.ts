import { causeChain, type Clock, type Logger, type Runnable, type Timer } from "@ebb/base";
import type { Pod } from "@ebb/kube";
import type { Cluster, Clusters } from "../cluster/port.ts";
import { isRunning } from "../cluster/pods.ts";
import { appOf } from "../cluster/kube-cluster.ts";
import type { Database } from "../database/database.ts";
import type { EnvironmentRow } from "../environments/policies.ts";
import { listEnvironments } from "../environments/store.ts";
import { KEPT, type Running } from "./count.ts";
import { readPrices } from "./prices.ts";
import { sizeOf, type Size } from "./size.ts";
import { recordCount } from "./store.ts";

const PERIOD = 30_000;
/** A scaling step changes many Pods at once. */
const SETTLE = 200;

export interface UsageCounterOptions {
  db: Database;
  clusters: Clusters;
  clock: Clock;
  log: Logger;
}

/**
 * Counts what instances use, from the Pods that the clusters tell of: every half minute into the database, and each change of a Pod as it comes, so
 * that an instance which lives between two counts is counted for as long as it lived.
 */
export class UsageCounter implements Runnable {
  readonly name = "usage counter";
  readonly #options: UsageCounterOptions;
  /** Cluster → what was seen since the last count; with an end when it is not there any more. */
  readonly #seen = new Map<string, Map<string, Running>>();
  #environments: readonly EnvironmentRow[] = [];
  #since = 0;
  #assumed: Size = { cpu: 0, memory: 0 };
  #timer: Timer | undefined;
  #look: Timer | undefined;
  #unsubscribe: (() => void) | undefined;
  #counting: Promise<void> | undefined;
  #failing = false;

  constructor(options: UsageCounterOptions) {
    this.#options = options;
  }

  start(): Promise<void> {
    const { clock, clusters } = this.#options;
    this.#since = clock.now();
    this.#timer = clock.every(PERIOD, () => void this.count());
    this.#unsubscribe = clusters.onChange(({ kind }) => {
      if (kind === "pod") this.#look ??= clock.after(SETTLE, () => this.#lookAtAll());
    });
    // Not waited for: it knows the environments from then on.
    void this.count();
    return Promise.resolve();
  }

  /** What was used until now is counted: the next one goes on from here. */
  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#timer?.cancel();
    this.#look?.cancel();
    if (this.#timer) await this.count();
  }

  /** Resolves when what is there now has been counted; a cluster that does not answer is counted later. */
  count(): Promise<void> {
    this.#counting ??= this.#countAll()
      .then(() => void (this.#failing = false))
      .catch((error: unknown) => {
        if (!this.#failing) this.#options.log.warn({ causes: causeChain(error) }, "usage cannot be counted; it is tried again");
        this.#failing = true;
      })
      .finally(() => (this.#counting = undefined));
    return this.#counting;
  }

  async #countAll(): Promise<void> {
    const { db, clock, clusters } = this.#options;
    this.#environments = await listEnvironments(db);
    const { assumedCpu, assumedMemory } = await readPrices(db);
    this.#assumed = { cpu: assumedCpu, memory: assumedMemory };
    this.#lookAtAll();
    for (const [cluster, places] of Map.groupBy(this.#environments, (row) => row.cluster)) {
      if (places[0] === undefined || !clusters.of(places[0]).health().ready) continue;
      const seen = this.#seen.get(cluster) ?? new Map<string, Running>();
      const counted = [...seen.values()];
      await recordCount(db, cluster, counted, { now: clock.now(), since: this.#since });
      for (const { id, ended } of counted) if (ended !== undefined && seen.get(id)?.ended !== undefined) seen.delete(id);
    }
  }

  #lookAtAll(): void {
    this.#look = undefined;
    const { clock, clusters } = this.#options;
    const now = clock.now();
    for (const [name, places] of Map.groupBy(this.#environments, (row) => row.cluster)) {
      const seen = this.#seen.get(name) ?? new Map<string, Running>();
      this.#seen.set(name, seen);
      if (places[0] === undefined || !clusters.of(places[0]).health().ready) continue;
      const there = new Map(places.flatMap((row) => runningIn(clusters.of(row), row, this.#assumed, now)).map((each) => [each.id, each]));
      for (const [id, each] of seen) if (!there.has(id) && each.ended === undefined) seen.set(id, { ...each, ended: now });
      // What has no start of its own has begun when it was seen first.
      for (const [id, each] of there) seen.set(id, each.kept ? { ...each, from: seen.get(id)?.from ?? each.from } : each);
    }
  }
}

function runningIn(cluster: Cluster, { team, name: env, namespace }: EnvironmentRow, assumed: Size, now: number): Running[] {
  const instances = cluster
    .pods()
    .filter(isRunning)
    .map((pod): Running => ({
      id: pod.metadata.uid ?? pod.metadata.name,
      kept: false,
      team,
      app: appOf(pod),
      env,
      ...sizeOf(pod.spec.containers, assumed),
      from: startOf(pod, now),
    }));
  const kept = cluster
    .services()
    .filter(({ status }) => status?.traffic?.some(({ percent = 0 }) => percent > 0))
    .map((service): Running => ({
      id: `${KEPT}${namespace}/${service.metadata.name}`,
      kept: true,
      team,
      app: service.metadata.name,
      env,
      ...sizeOf(service.spec.template.spec.containers, assumed),
      from: now,
    }));
  return [...instances, ...kept];
}

function startOf(pod: Pod, now: number): number {
  const start = Date.parse(pod.status?.startTime ?? pod.metadata.creationTimestamp ?? "");
  return Number.isNaN(start) ? now : start;
}
