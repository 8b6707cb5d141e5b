import { availableParallelism } from "node:os";
import type { Duplex } from "node:stream";
import { isDeepStrictEqual } from "node:util";
import { Signal, UserError, type Clock, type Logger, type Random, type Timer } from "@ebb/base";
import type {
  Artifact,
  Driver,
  Idle,
  InstanceManager,
  InstanceStatus,
  LogLine,
  LogOptions,
  ResourceUsage,
  Session,
  SessionRequest,
  Workload,
} from "../port.ts";
import { frozenMemory } from "../instance-memory.ts";
import { asksForAddress, specOf } from "../instance-values.ts";
import { splitPartId } from "../pods/parts.ts";
import { ProbePace } from "../probes/pace.ts";
import { AwaitedWorkloads } from "./awaited-workloads.ts";
import { Foreseen } from "./foreseen.ts";
import { KeptFrozen } from "./kept-frozen.ts";
import { ManagedInstance, type InstanceDeps } from "./managed-instance.ts";
import { missingDriver } from "./missing-driver.ts";
import type { Provide } from "./provisioner.ts";
import { planScale, wantsSpare } from "./scale-plan.ts";
import { StartSlots } from "./start-slots.ts";
import { acceptsWhenReady } from "./trial.ts";
import { Visits } from "./visits.ts";

/** Ended instances of a workload that are kept for their logs: an application asleep can still be asked what it printed. */
const KEPT_ENDED = 2;
/** A driver that cannot say what runs (its engine is down) is asked again. */
const LIST_RETRY = 5000;
/** Starting is CPU-bound; twice the cores keeps them busy while some wait for the disk. */
const STARTS_PER_CORE = 2;
const START_LEASE = 2000;
/** What a prepared one takes at the least: the runtime that waits in it, and an engine's monitor beside it. */
const PREPARED_BYTES = 32 * 1024 * 1024;
/** Making the next one waits so long: the machine is the first request's before. */
const SPARE_DELAY = 1000;
/** One that could not be prepared is tried again. */
const SPARE_RETRY = 30_000;
/** The longest a request may take on Knative (600 s), and a bit. */
const DEFAULT_DRAIN_PATIENCE = 630_000;
const LONGEST_NAME = 63;
const SUFFIX = 5;

export interface InstanceManagerOptions {
  drivers: { process: Driver; container?: Driver };
  clock: Clock;
  random: Random;
  log: Logger;
  /** Resolves when no request is under way at that instance any more, with the connections that stay open; it gets no new ones since its phase is `draining`. */
  drain(instance: InstanceStatus): Promise<number>;
  /** What an instance is handed beside its spec: its credentials, its `files` volumes. Throws when it may not start without. */
  provide?: Provide;
  /** Told after each look at whether the program that serves is ready. */
  probed?: (id: string, succeeded: boolean) => void;
  /** Milliseconds; default 630 000. */
  drainPatience?: number;
  /** Instances being started at once per driver; default twice the cores. */
  parallelStarts?: number;
  /** What frozen and prepared instances may use of the memory altogether, as they did when they were frozen; default a quarter of the machine's. */
  frozenMemoryBytes?: number;
}

interface WorkloadState {
  key: string;
  /** Absent while only adopted instances tell of it. */
  workload?: Workload;
  desired: number;
  /** Absent until it is said: what was adopted frozen is kept so long. */
  idle?: Idle;
  /** Nothing is prepared for it before something changes: there was no room, or it failed just now. */
  noSpare: boolean;
  /** Until somebody says how many there should be, what was adopted stays. */
  scaled: boolean;
  removed: boolean;
  instances: Map<string, ManagedInstance>;
}

/** The instance manager over the given drivers. They stay the caller's: `stop` does not close them. */
export function createInstanceManager(options: InstanceManagerOptions): InstanceManager {
  return new Manager(options);
}

class Manager implements InstanceManager {
  readonly #options: InstanceManagerOptions;
  readonly #drivers: Record<Artifact["kind"], Driver>;
  readonly #slots: Map<Driver, StartSlots>;
  /** Those that nobody waits for are made one after the other, and take no turn of those that somebody does. */
  readonly #spareSlots: StartSlots;
  readonly #foreseen: Foreseen;
  readonly #kept: KeptFrozen;
  readonly #pace = new ProbePace();
  readonly #awaited: AwaitedWorkloads;
  readonly #visits: Visits;
  readonly #states = new Map<string, WorkloadState>();
  readonly #changes = new Signal<string>();
  readonly #unsubscribe: (() => void)[] = [];
  readonly #retries = new Set<Timer>();
  #declared = false;
  #stopped = false;

  constructor(options: InstanceManagerOptions) {
    this.#options = options;
    const { drivers, clock, log, frozenMemoryBytes = frozenMemory() } = options;
    this.#visits = new Visits({
      clock,
      find: (id) => this.#find(id),
      driverOf: ({ spec }) => this.#drivers[spec.artifact.kind],
      whyFewer: (key) => this.#whyFewer(key),
    });
    this.#kept = new KeptFrozen(frozenMemoryBytes, (id) => isKept(this.#find(id)));
    this.#awaited = new AwaitedWorkloads(clock);
    this.#drivers = { bundle: drivers.process, image: drivers.container ?? missingDriver };
    const limit = options.parallelStarts ?? STARTS_PER_CORE * availableParallelism();
    this.#spareSlots = new StartSlots({ clock, limit: 1, lease: START_LEASE });
    this.#foreseen = new Foreseen({ clock, log, slots: this.#spareSlots });
    this.#slots = new Map(Object.values(this.#drivers).map((driver) => [driver, new StartSlots({ clock, limit, lease: START_LEASE })]));
  }

  async start(): Promise<void> {
    const drivers = Object.values(this.#drivers);
    for (const driver of drivers) {
      this.#unsubscribe.push(driver.onExit((exit) => this.#find(exit.id)?.exited(exit)));
      const unsubscribe = driver.onPartChange?.((id) => this.#find(id)?.partsChanged());
      if (unsubscribe) this.#unsubscribe.push(unsubscribe);
    }
    await Promise.all(drivers.map((driver) => this.#adopt(driver)));
  }

  setWorkloads(workloads: readonly Workload[]): void {
    this.#declared = true;
    const keys = new Set(workloads.map(({ key }) => key));
    for (const workload of workloads) this.putWorkload(workload);
    for (const key of this.#states.keys()) if (!keys.has(key)) this.removeWorkload(key);
    this.#retain();
  }

  putWorkload(workload: Workload): void {
    const state = this.#state(workload.key);
    // What is frozen or prepared would come back as it was started.
    const changed = state.workload !== undefined && !isDeepStrictEqual(state.workload.template, workload.template);
    for (const [id, { phase, spec }] of state.instances) {
      const other = phase === "prepared" && !isDeepStrictEqual(spec, specOf(workload, id));
      if (other || (changed && phase === "frozen")) this.#retire(state, id);
    }
    state.workload = workload;
    state.removed = false;
    this.#foreseen.keep(workload);
    this.#reconcile(state);
  }

  removeWorkload(key: string): void {
    const state = this.#states.get(key);
    if (!state || state.removed) return;
    state.removed = true;
    state.desired = 0;
    delete state.workload;
    this.#remove(state).catch((error: unknown) => this.#options.log.error({ workload: key, error }, "a workload could not be removed"));
  }

  scale(key: string, count: number): void {
    const state = this.#states.get(key);
    if (!state?.workload || state.removed) throw new UserError("WorkloadNotFound", `there is no workload ${key}`);
    state.desired = Math.max(0, Math.floor(count));
    if (state.desired > 0) state.noSpare = false;
    state.scaled = true;
    this.#reconcile(state);
  }

  setIdle(key: string, idle: Idle): void {
    const state = this.#states.get(key);
    if (!state || state.idle === idle) return;
    state.idle = idle;
    state.noSpare = false;
    if (idle !== "frozen") this.#reconcile(state);
  }

  renewFiles(key: string): void {
    const state = this.#states.get(key);
    for (const [id, instance] of state?.instances ?? []) {
      // What is mounted of them in a prepared one is that of when it was made.
      if (state && instance.phase === "prepared") this.#retire(state, id);
      else instance.filesChanged();
    }
  }

  awaited(key: string): void {
    this.#awaited.add(key);
  }

  inRush(): boolean {
    return this.#pace.starting > 0 && this.#awaited.any;
  }

  desired(key: string): number {
    return this.#states.get(key)?.desired ?? 0;
  }

  instances(key: string): readonly InstanceStatus[] {
    return [...(this.#states.get(key)?.instances.values() ?? [])].map((instance) => instance.status());
  }

  remove(id: string): void {
    const instance = this.#find(id);
    const state = instance && this.#states.get(instance.spec.workload);
    if (!state) return;
    this.#retire(state, id);
    this.#reconcile(state);
  }

  all(): readonly InstanceStatus[] {
    return [...this.#states.keys()].flatMap((key) => this.instances(key));
  }

  usage(id: string): ResourceUsage | undefined {
    const instance = this.#find(id);
    return instance && this.#drivers[instance.spec.artifact.kind].usage(id);
  }

  logs(id: string, options: LogOptions): AsyncIterable<LogLine> {
    const instance = this.#find(id);
    if (!instance) throw new UserError("InstanceNotFound", `there is no instance ${id}`);
    return this.#drivers[instance.spec.artifact.kind].logs(id, options);
  }

  openSession(id: string, request: SessionRequest): Promise<Session> {
    return this.#visits.openSession(id, request);
  }

  connect(id: string, port?: number): Promise<Duplex> {
    return this.#visits.connect(id, port);
  }

  attended(key: string): boolean {
    return this.#visits.attended(key);
  }

  onChange(listener: (workload: string) => void): () => void {
    return this.#changes.on(listener);
  }

  async stop({ stopInstances }: { stopInstances: boolean }): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#retries) timer.cancel();
    const instances = [...this.#states.values()].flatMap((state) => [...state.instances.values()]);
    if (stopInstances) await Promise.all(instances.map((instance) => instance.retire()));
    else for (const instance of instances) instance.letGo();
    await this.#foreseen.close();
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
  }

  async #adopt(driver: Driver): Promise<void> {
    const { log } = this.#options;
    try {
      const running = await driver.list();
      for (const ended of await driver.ended()) this.#recall(driver, ended);
      const probed = running
        .filter(({ spec }) => !this.#find(spec.id))
        .map((instance) => {
          const state = this.#state(instance.spec.workload);
          const managed = new ManagedInstance(instance.spec, this.#deps(driver, state));
          state.instances.set(instance.spec.id, managed);
          if (instance.frozen || instance.prepared) this.#kept.add(instance.spec.id, this.#sizeOf(managed));
          else if (!state.scaled) state.desired++;
          return managed.adopt(instance);
        });
      if (probed.length > 0) log.info({ driver: driver.name, instances: probed.length }, "instances were adopted");
      await Promise.all(probed);
    } catch (error) {
      log.warn({ driver: driver.name, error }, "could not find out which instances run; will be tried again");
      this.#later(LIST_RETRY, () => void this.#adopt(driver));
      return;
    }
    // Adopted after the workloads were declared: those that nobody declared are orphans.
    if (this.#declared) for (const state of this.#states.values()) if (!state.workload) this.removeWorkload(state.key);
    for (const state of this.#states.values()) this.#changes.emit(state.key);
  }

  #recall(driver: Driver, ended: Awaited<ReturnType<Driver["ended"]>>[number]): void {
    if (this.#find(ended.spec.id)) return;
    const state = this.#state(ended.spec.workload);
    const managed = new ManagedInstance(ended.spec, this.#deps(driver, state));
    managed.recall(ended);
    state.instances.set(ended.spec.id, managed);
    this.#trim(state);
  }

  #reconcile(state: WorkloadState): void {
    const { workload } = state;
    if (!workload || this.#stopped) return;
    const plan = planScale(
      [...state.instances.values()].map((instance) => instance.status()),
      state.desired,
      state.idle,
    );
    for (const id of plan.thaw) state.instances.get(id)?.thaw();
    for (const id of plan.launch) state.instances.get(id)?.launch();
    for (const id of plan.freeze) this.#freeze(state, id);
    for (const id of plan.stop) this.#retire(state, id);
    for (let count = 0; count < plan.start; count++) this.#start(state, workload);
    if (plan.start > 0) this.#changes.emit(state.key);
    this.#spare(state);
  }

  /** Makes one more ready but for its program's start, where that is wanted and none is. */
  #spare(state: WorkloadState): void {
    const { workload } = state;
    if (!workload || this.#stopped || state.noSpare || !wantsSpare([...state.instances.values()], state.idle)) return;
    const { template } = workload;
    const driver = this.#drivers[template.artifact.kind];
    // Those that a driver makes in a group of containers wait for what comes before them.
    if (!driver.initialise || template.parts || (template.artifact.kind === "image" && asksForAddress(template))) return;
    const spec = specOf(workload, this.#newId(state.key));
    const instance = new ManagedInstance(spec, this.#deps(driver, state));
    state.instances.set(spec.id, instance);
    instance.prepare();
    this.#keep(spec.id, PREPARED_BYTES);
  }

  #start(state: WorkloadState, workload: Workload): void {
    const spec = specOf(workload, this.#foreseen.take(workload) ?? this.#newId(state.key));
    const instance = new ManagedInstance(spec, this.#deps(this.#drivers[spec.artifact.kind], state));
    state.instances.set(spec.id, instance);
    instance.start();
  }

  /** The next one of a workload that something happens to, unless it is one that is made so that all but its program is there. */
  #foresee(state: WorkloadState): void {
    const driver = state.workload && this.#drivers[state.workload.template.artifact.kind];
    if (!driver?.foresee || state.idle === "prepared") return;
    this.#foreseen.want(state.key, () => {
      const { workload, removed } = state;
      return workload && !removed ? { spec: specOf(workload, this.#newId(state.key)), driver } : undefined;
    });
  }

  #freeze(state: WorkloadState, id: string): void {
    const memoryBytes = this.usage(id)?.memoryBytes ?? 0;
    state.instances.get(id)?.freeze();
    this.#keep(id, memoryBytes);
  }

  /** Within what may be kept: those that were kept first are stopped for the newest. */
  #keep(id: string, memoryBytes: number): void {
    for (const evicted of this.#kept.add(id, memoryBytes)) {
      const owner = [...this.#states.values()].find(({ instances }) => instances.has(evicted));
      if (!owner || !isKept(owner.instances.get(evicted))) continue;
      owner.noSpare = true;
      this.#retire(owner, evicted);
    }
  }

  #sizeOf({ spec, phase }: ManagedInstance): number {
    const used = this.#drivers[spec.artifact.kind].usage(spec.id)?.memoryBytes ?? 0;
    return phase === "prepared" ? Math.max(used, PREPARED_BYTES) : used;
  }

  #retire(state: WorkloadState, id: string): void {
    const { log } = this.#options;
    state.instances
      .get(id)
      ?.retire()
      .then(() => this.#trim(state))
      .catch((error: unknown) => log.error({ id, error }, "an instance could not be retired"));
  }

  #retain(): void {
    if (this.#declared) for (const driver of Object.values(this.#drivers)) driver.retain?.(this.#states);
  }

  async #remove(state: WorkloadState): Promise<void> {
    void this.#foreseen.drop(state.key);
    const instances = [...state.instances.values()];
    await Promise.all(instances.map((instance) => instance.retire()));
    for (const instance of instances) await this.#forget(state, instance);
    if (state.removed && state.instances.size === 0 && this.#states.delete(state.key)) this.#retain();
    this.#changes.emit(state.key);
  }

  /** Forgets the oldest of those that have ended. */
  #trim(state: WorkloadState): void {
    const ended = [...state.instances.values()]
      .filter(({ phase }) => phase === "ended")
      .sort((a, b) => a.status().startedAt - b.status().startedAt);
    const unused = ended.filter((instance) => instance.unused);
    const used = ended.filter((instance) => !instance.unused);
    for (const instance of [...unused, ...used.slice(0, Math.max(0, used.length - KEPT_ENDED))]) void this.#forget(state, instance);
    if (unused.length > 0) this.#changes.emit(state.key);
  }

  /** An instance of it has changed: one that serves now may have been the spare. */
  #changed(state: WorkloadState): void {
    this.#changes.emit(state.key);
    this.#foresee(state);
    if (state.idle === "prepared") this.#later(SPARE_DELAY, () => this.#spare(state));
  }

  #unprepared(state: WorkloadState, id: string): void {
    if (state.instances.get(id)?.phase === "prepared") this.#retire(state, id);
    state.noSpare = true;
    this.#later(SPARE_RETRY, () => {
      state.noSpare = false;
      this.#spare(state);
    });
  }

  #later(delay: number, act: () => void): void {
    if (this.#stopped) return;
    const timer = this.#options.clock.after(delay, () => {
      this.#retries.delete(timer);
      act();
    });
    this.#retries.add(timer);
  }

  async #forget(state: WorkloadState, { spec }: ManagedInstance): Promise<void> {
    state.instances.delete(spec.id);
    try {
      await this.#drivers[spec.artifact.kind].forget(spec.id);
    } catch (error) {
      this.#options.log.warn({ id: spec.id, error }, "what is left of an instance could not be deleted");
    }
  }

  #deps(driver: Driver, state: WorkloadState): InstanceDeps {
    const { clock, log, drain, provide, probed, drainPatience = DEFAULT_DRAIN_PATIENCE } = this.#options;
    const slots = this.#slots.get(driver) ?? new StartSlots({ clock, limit: 1, lease: START_LEASE });
    return {
      driver,
      clock,
      log,
      slots,
      spareSlots: this.#spareSlots,
      pace: this.#pace,
      triedElsewhere: () => this.#isTriedElsewhere(state),
      drain,
      ...(provide ? { provide } : {}),
      ...(probed ? { probed } : {}),
      drainPatience,
      changed: () => this.#changed(state),
      unprepared: (id) => this.#unprepared(state, id),
      replace: (id) => this.remove(id),
    };
  }

  /** The gateway tries what starts only until it knows of one that is ready. */
  #isTriedElsewhere({ key, workload, instances }: WorkloadState): boolean {
    if (!workload || !this.#awaited.has(key) || !acceptsWhenReady(workload.template)) return false;
    return [...instances.values()].filter(({ phase }) => phase === "starting" || phase === "ready" || phase === "unready").length === 1;
  }

  #whyFewer(key: string): string {
    const state = this.#states.get(key);
    if (!state || state.removed) return "its version is no more";
    return state.desired === 0 ? "no requests came, and it sleeps" : "fewer are wanted";
  }

  #state(key: string): WorkloadState {
    let state = this.#states.get(key);
    if (!state) {
      state = { key, desired: 0, scaled: false, removed: false, noSpare: false, instances: new Map() };
      this.#states.set(key, state);
    }
    return state;
  }

  /** The instance, or that which a part belongs to. */
  #find(id: string): ManagedInstance | undefined {
    const { main } = splitPartId(id);
    for (const { instances } of this.#states.values()) {
      const instance = instances.get(main);
      if (instance) return instance;
    }
    return undefined;
  }

  /** `REVISION-deployment-xxxxx`, as the Pods of a Knative Revision are named, in 63 characters. */
  #newId(key: string): string {
    const revision = key.slice(key.indexOf("/") + 1);
    const head = `${revision}-deployment`.slice(0, LONGEST_NAME - SUFFIX - 1).replace(/-+$/, "");
    for (;;) {
      const id = `${head}-${this.#options.random.suffix(SUFFIX)}`;
      if (!this.#find(id) && !this.#foreseen.has(id)) return id;
    }
  }
}

function isKept(instance: ManagedInstance | undefined): boolean {
  return instance?.phase === "frozen" || instance?.phase === "prepared";
}
