import {
  LoadRecord,
  policyOf,
  RevisionScaler,
  revisionScaling,
  wakesByItself,
  type Decision,
  type Policy,
  type RevisionScaling,
  type ScalerInputs,
  type Usage,
} from "@ebb/autoscaler";
import { Signal, type Clock, type Timer } from "@ebb/base";
import type { RevisionStats } from "@ebb/gateway";
import type { PodAutoscaler } from "@ebb/kube";
import type { InstanceManager } from "@ebb/runtime";
import { isDeepStrictEqual } from "node:util";
import type { Settings } from "../config/settings.ts";
import { keyOf } from "../engine/keys.ts";
import type { GatewayPort } from "../ports.ts";
import type { InstanceQuotas } from "../quota/instance-quotas.ts";
import type { DataPlane } from "../revision/data-plane.ts";
import { deadlineOf } from "../revision/reconcile.ts";
import type { DecisionLog } from "./decision-log.ts";
import type { LagPoller } from "./lag-poller.ts";
import { isInitialized } from "./reconcile.ts";
import { isResourceClass } from "./resource-usage.ts";
import { UsageSampler } from "./usage-sampler.ts";
import type { Replayable } from "./what-if.ts";

/** Upstream's tick. */
const TICK = 2000;
/** The horizontal pod autoscaler's. */
const TELL = 15_000;
/** Upstream gives an activation this much longer than a deployment. */
const ACTIVATION_BUFFER = 30_000;

/**
 * For so long an initial scale of several stays when it was reached. Upstream's next tick takes them away, too, but there Pods that leave are listed
 * for half a minute more: who looks once a second, as Knative's tests do, sees them all beside a Revision that is ready.
 */
const INITIAL_HOLD = 3000;

interface Entry {
  autoscaler: PodAutoscaler;
  scaling: RevisionScaling;
  scaler: RevisionScaler;
  /** What came, second by second, to be played against another policy. */
  load: LoadRecord;
  initialized: boolean;
  /** Monotonic: until then the initial scale stays a minimum, although it was reached. */
  heldUntil?: number;
  activationTimeout: number;
  usage?: Usage;
  /** Of one of the class hpa: what was last told of it in its status, and when. */
  told?: { at: number; usage: Usage };
  /** Why nothing of it is to run. */
  failed?: string;
  mode: ServingMode;
}

/**
 * Whether requests would go through the activator upstream: they do while nothing runs, and while a burst would not fit into what runs (knative,
 * pkg/reconciler/autoscaling/kpa/kpa.go).
 */
export type ServingMode = "Serve" | "Proxy";

export interface ScaleState {
  desired: number;
  ready: number;
  /** As many must be ready once before it counts as deployed. */
  initialScale: number;
  /** As many must be ready for it to count as active, later. */
  minScale: number;
  timedOut: boolean;
  mode: ServingMode;
  /** What its instances use on average, where it is scaled by that as by Kubernetes; some seconds old. */
  usage?: Usage;
}

export interface ScalingLoopOptions {
  instances: InstanceManager;
  gateway: GatewayPort;
  dataPlane: DataPlane;
  settings: Settings;
  clock: Clock;
  /** Annotations of whatever the revision belongs to, which count at once and before its own. */
  live?: (autoscaler: PodAutoscaler) => Readonly<Record<string, string>> | undefined;
  /** Told once of a policy in annotations that is not followed, and why. */
  refused?: (autoscaler: PodAutoscaler, problem: string) => void;
  lags?: LagPoller;
  /** May allow fewer instances than are wanted. */
  quotas?: InstanceQuotas;
  /** Keeps decisions over restarts. */
  decisionLog?: DecisionLog;
}

/**
 * Scales: statistics in, counts out. One timer for all; a revision that sleeps is not looked at, unless something else than a request may
 * wake it (a cron window, waiting events).
 *
 * Invariants: a wake is acted on in the same turn, without the API; a revision seen for the first time keeps the instances it has; counts
 * are not lowered while the gateway cannot be heard.
 */
export class ScalingLoop {
  /** The PodAutoscaler's status may have changed. */
  readonly moved = new Signal<string>();
  readonly #options: ScalingLoopOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #awake = new Set<string>();
  readonly #usage: UsageSampler;
  /** Policies that are not followed. */
  readonly #problems = new Map<string, string>();
  readonly #unsubscribe: (() => void)[] = [];
  /** Most revisions are scaled alike: they share it. */
  #lastScaling: RevisionScaling | undefined;
  #timer: Timer | undefined;

  constructor(options: ScalingLoopOptions) {
    this.#options = options;
    this.#usage = new UsageSampler(options.instances, options.clock);
    options.settings.changed.on((name) => {
      if (name === "autoscaler") for (const { autoscaler } of this.#entries.values()) this.upsert(autoscaler);
    });
  }

  start(): void {
    const { clock, gateway } = this.#options;
    this.#timer = clock.every(TICK, () => this.tick());
    this.#unsubscribe.push(
      gateway.onWake.on((key) => this.wake(key)),
      gateway.onStats.on(({ revisions }) => this.#record(revisions)),
    );
  }

  stop(): void {
    this.#timer?.cancel();
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
  }

  upsert(autoscaler: PodAutoscaler): void {
    const { clock, settings } = this.#options;
    const key = keyOf(autoscaler);
    const now = clock.monotonic();
    const before = this.#entries.get(key);
    const scaling = known(before?.scaling, this.#scalingOf(autoscaler));
    const changed =
      !before ||
      before.scaling !== scaling ||
      before.autoscaler.metadata.uid !== autoscaler.metadata.uid ||
      before.autoscaler.spec.reachability !== autoscaler.spec.reachability;
    const entry = before ?? this.#newEntry(key, autoscaler, scaling);
    if (before && before.scaling !== scaling) entry.scaler.configure(scaling, now);
    entry.autoscaler = autoscaler;
    entry.scaling = scaling;
    if (isInitialized(autoscaler)) this.#initialize(entry);
    entry.activationTimeout = deadlineOf(autoscaler, settings.current.deployment.progressDeadline) + ACTIVATION_BUFFER;
    this.#entries.set(key, entry);
    if (changed) this.#decide(key, entry, before ? "tick" : "start");
  }

  remove(key: string): void {
    if (this.#entries.delete(key)) this.#options.decisionLog?.remove(key);
    this.#awake.delete(key);
    this.#problems.delete(key);
  }

  /** The revision can, or cannot, run. */
  setFailed(key: string, reason: string | undefined): void {
    const entry = this.#entries.get(key);
    if (!entry || entry.failed === reason) return;
    if (reason === undefined) delete entry.failed;
    else entry.failed = reason;
    this.#decide(key, entry);
  }

  /** It was described to the runtime only now. */
  available(key: string): void {
    const entry = this.#entries.get(key);
    if (entry && this.#options.instances.desired(key) !== entry.scaler.desired) this.#decide(key, entry);
  }

  setInitialized(key: string): void {
    const entry = this.#entries.get(key);
    if (entry) this.#initialize(entry);
  }

  /** It has just reached its initial scale, unless that is known of it already. */
  #initialize(entry: Entry): void {
    if (entry.initialized) return;
    entry.initialized = true;
    if (entry.scaling.initialScale > 1) entry.heldUntil = this.#options.clock.monotonic() + INITIAL_HOLD;
  }

  state(key: string): ScaleState | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const { scaler, scaling } = entry;
    const last = scaler.decisions.at(-1);
    const minScale = entry.autoscaler.spec.reachability === "Unreachable" ? 0 : scaling.min;
    return {
      desired: scaler.desired,
      ready: this.#options.dataPlane.ready(key),
      initialScale: Math.max(scaling.initialScale, minScale),
      minScale,
      timedOut: scaler.desired === 0 && last?.cause === "activation-timeout",
      mode: entry.mode,
      ...(entry.told ? { usage: entry.told.usage } : {}),
    };
  }

  decisions(key: string): readonly Decision[] {
    return this.#entries.get(key)?.scaler.decisions ?? [];
  }

  /** What a replay of its load starts from. */
  replayable(key: string): Replayable | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const { load, autoscaler } = entry;
    return { load, ...this.#policyOf(autoscaler), config: this.#options.settings.current.autoscaler };
  }

  wake(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry || entry.failed !== undefined) return;
    this.#options.instances.awaited(key);
    // The gateway asks again each second; once something starts, the ticks decide.
    if (entry.scaler.desired > 0 && entry.scaler.activity.phase !== "inactive") return void this.#awake.add(key);
    this.#scale(key, entry, entry.scaler.wake(this.#inputs(key, entry)));
  }

  tick(): void {
    const { gateway, clock } = this.#options;
    this.#observe();
    for (const key of this.#awake) {
      const entry = this.#entries.get(key);
      if (!entry) this.#awake.delete(key);
      else if (!gateway.connected && entry.initialized) entry.scaler.blind(clock.monotonic());
      else this.#decide(key, entry);
    }
  }

  #scalingOf(autoscaler: PodAutoscaler): RevisionScaling {
    const { refused, settings } = this.#options;
    const { annotations, containerConcurrency, policy: found } = this.#policyOf(autoscaler);
    const { problem, ...policy } = found;
    const key = keyOf(autoscaler);
    if (problem !== undefined && this.#problems.get(key) !== problem) refused?.(autoscaler, problem);
    if (problem === undefined) this.#problems.delete(key);
    else this.#problems.set(key, problem);
    const scaling = revisionScaling(settings.current.autoscaler, { annotations, containerConcurrency, policy });
    this.#lastScaling = known(this.#lastScaling, scaling);
    return this.#lastScaling;
  }

  #policyOf(autoscaler: PodAutoscaler): { annotations: Record<string, string>; containerConcurrency: number; policy: Policy } {
    const { annotations = {} } = autoscaler.metadata;
    const policy = policyOf(annotations, this.#options.live?.(autoscaler), autoscaler.metadata.name);
    return { annotations, containerConcurrency: autoscaler.spec.containerConcurrency ?? 0, policy };
  }

  /** Looks at what requests do not tell of, for those that are scaled by it. */
  #observe(): void {
    const { dataPlane, lags } = this.#options;
    const urls = new Set<string>();
    const seen = new Set<string>();
    for (const key of this.#awake) {
      const entry = this.#entries.get(key);
      for (const strategy of entry?.scaling.strategies ?? []) if (strategy.type === "lag" && "url" in strategy) urls.add(strategy.url);
      if (!entry?.scaling.strategies.some(({ type }) => type === "cpu" || type === "memory")) continue;
      const instances = dataPlane.instances(key);
      for (const { id } of instances) seen.add(id);
      const usage = this.#usage.sample(instances);
      if (usage) entry.usage = usage;
      else delete entry.usage;
      if (usage && isResourceClass(entry.autoscaler)) this.#tell(key, entry, usage);
    }
    this.#usage.keep(seen);
    lags?.refresh(urls);
  }

  /** As often as Kubernetes looks. */
  #tell(key: string, entry: Entry, usage: Usage): void {
    const now = this.#options.clock.monotonic();
    if (entry.told && now - entry.told.at < TELL) return;
    entry.told = { at: now, usage };
    this.moved.emit(key);
  }

  #newEntry(key: string, autoscaler: PodAutoscaler, scaling: RevisionScaling): Entry {
    const { clock, dataPlane, decisionLog } = this.#options;
    const past = decisionLog?.take(key) ?? [];
    const running = { instances: dataPlane.instances(key).length, ready: dataPlane.ready(key), past };
    const scaler = new RevisionScaler(scaling, clock.monotonic(), running);
    return {
      autoscaler,
      scaling,
      scaler,
      load: new LoadRecord(),
      initialized: isInitialized(autoscaler),
      activationTimeout: 0,
      mode: "Proxy",
    };
  }

  #record(stats: readonly RevisionStats[]): void {
    const { clock } = this.#options;
    const now = clock.monotonic();
    // The report is of the second before it.
    const second = Math.floor(clock.now() / 1000) - 1;
    for (const { revision, concurrency, requests, queued } of stats) {
      const entry = this.#entries.get(revision);
      if (!entry) continue;
      entry.scaler.record(now, { concurrency, requests });
      entry.load.add({ second, requests, work: Math.max(0, concurrency - queued) });
      this.#awake.add(revision);
    }
  }

  #decide(key: string, entry: Entry, trigger: "start" | "tick" = "tick"): void {
    const inputs = this.#inputs(key, entry);
    const { scaler, failed } = entry;
    this.#scale(key, entry, failed === undefined ? scaler.decide(inputs, trigger) : scaler.fail(inputs, failed));
  }

  #inputs(key: string, entry: Entry): ScalerInputs {
    const { clock, dataPlane, lags, instances } = this.#options;
    const now = clock.monotonic();
    return {
      now,
      wallTime: clock.now(),
      ready: dataPlane.ready(key),
      reachable: entry.autoscaler.spec.reachability !== "Unreachable",
      initialized: entry.initialized && now >= (entry.heldUntil ?? 0),
      activationTimeout: entry.activationTimeout,
      ...(instances.attended(key) ? { attended: true } : {}),
      ...(entry.usage ? { usage: entry.usage } : {}),
      ...(lags ? { lags: lags.values() } : {}),
    };
  }

  #scale(key: string, entry: Entry, decision: Decision): void {
    const { instances, dataPlane, decisionLog, quotas } = this.#options;
    const { desired, previous } = decision;
    // One that repeats the last is not in the journal itself.
    if (entry.scaler.decisions.at(-1) === decision) decisionLog?.add(key, decision);
    // Nothing is kept of what no route leads to.
    const idle = entry.autoscaler.spec.reachability === "Unreachable" ? "cold" : entry.scaling.idle;
    if (dataPlane.has(key)) instances.setIdle(key, idle);
    if (dataPlane.has(key)) {
      const running = instances.desired(key);
      const granted = quotas?.grant(key, { wanted: desired, running }) ?? desired;
      if (running !== granted) instances.scale(key, granted);
    }
    const asleep = desired === 0 && entry.scaler.activity.phase === "inactive";
    if (asleep && !entry.scaling.strategies.some(wakesByItself)) this.#awake.delete(key);
    else this.#awake.add(key);
    const mode = desired === 0 || decision.excessBurstCapacity < 0 ? "Proxy" : "Serve";
    const turned = mode !== entry.mode;
    entry.mode = mode;
    if (desired !== previous || turned) this.moved.emit(key);
  }
}

/** The one that is known already if it is the same. */
function known(before: RevisionScaling | undefined, scaling: RevisionScaling): RevisionScaling {
  return before && isDeepStrictEqual(before, scaling) ? before : scaling;
}
