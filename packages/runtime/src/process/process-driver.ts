import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { BugError, Signal, TransientError, UserError, type Clock, type Logger, type Random, type Timer } from "@ebb/base";
import { readLog } from "../logs/read-log.ts";
import type {
  Address,
  Driver,
  EndedInstance,
  ExecResult,
  InstanceExit,
  InstanceFiles,
  InstanceSpec,
  LogLine,
  LogOptions,
  ResourceUsage,
  RunningInstance,
  Session,
  SessionRequest,
} from "../port.ts";
import { holdsOpen } from "../holds-open.ts";
import { closedFolder } from "./access.ts";
import { detectCgroups, type Cgroups } from "./cgroup.ts";
import { CompileCaches } from "./compile-caches.ts";
import { CompileRun } from "./compile-run.ts";
import { planLaunch, withPort, type Launch } from "./command.ts";
import { diagnoseProcess } from "./diagnose.ts";
import { execInInstance, type Entrance } from "./exec.ts";
import { FifoPool } from "./fifo-pool.ts";
import { InstanceFolder, type RunRecord } from "./instance-folder.ts";
import { ProcessInstance, type InstanceContext } from "./process-instance.ts";
import { DEFAULT_PORT_RANGE, PortAllocator, type PortRange } from "./ports.ts";
import { isAlive } from "./proc.ts";
import { describeIsolation, processLimits, type RuntimeFact } from "./isolation.ts";
import { reachProcess } from "./reach.ts";
import { scanInstances } from "./scan.ts";
import { openProcessSession } from "./session.ts";
import { sessionMemory } from "./memory-watch.ts";
import { findProgram } from "./programs.ts";
import { NodeGate } from "./gate.ts";
import { canBeTold, launchScript } from "./launch-script.ts";
import { spawnWaiting, type Spawned } from "./spawn.ts";
import { prepareToolchain, type Toolchain } from "./toolchain.ts";
import { usageOf } from "./usage.ts";
import { UserAllocator } from "./users.ts";
import { WaitingShells } from "./waiting-shells.ts";

/** Adopted processes are not our children: nobody tells of their end. */
const WATCH_PERIOD = 250;
/** Only where no control group counts: a look at all of /proc. */
const MEMORY_PERIOD = 500;
/** Two segments; what a person scrolls back through, times a few hundred instances on a small disk. */
const DEFAULT_LOG_BYTES = 8 * 1024 * 1024;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

export interface ProcessDriverOptions {
  /** Folder for the instances' records, logs and homes. For root it must be reachable by other users (mode 0711 all the way). */
  root: string;
  toolchain: Toolchain;
  clock: Clock;
  random: Random;
  log: Logger;
  maxLogBytes?: number;
  portRange?: PortRange;
  /** Processes kept waiting for any instance that starts; none unless given. */
  waiting?: number;
  /** What Node.js compiles of each version is made and kept, when nothing has started for so many milliseconds; never unless given, and only where there are users and networks to confine it. */
  compileAfter?: number;
  /** Found on the machine unless given. */
  cgroups?: Cgroups;
}

/** The process driver, with what the preflight wants to know of it. */
export interface ProcessDriver extends Driver {
  readonly name: "process";
  /** What keeps instances apart on this machine, and what does not. */
  facts(): RuntimeFact[];
}

/**
 * Runs bundles as child process groups: a user of their own when Ebb is root, control groups where the machine allows, a scrubbed environment.
 * Constructing it makes its folders and starts nothing. Throws UserError `NotReachable` when instances could not get to `root`.
 */
export function createProcessDriver(options: ProcessDriverOptions): ProcessDriver {
  return new ProcessDriverImplementation(options);
}

class ProcessDriverImplementation implements ProcessDriver {
  readonly name = "process";
  readonly #options: ProcessDriverOptions;
  readonly #root: string;
  readonly #context: InstanceContext;
  readonly #ports: PortAllocator;
  readonly #users = new UserAllocator();
  readonly #isRoot = process.getuid?.() === 0;
  readonly #setpriv = findProgram("setpriv");
  readonly #fifos: FifoPool;
  readonly #instances = new Map<string, ProcessInstance>();
  readonly #gate: NodeGate;
  readonly #waiting: WaitingShells;
  readonly #compiled: CompileCaches | undefined;
  /** Those that wait at their gates. */
  readonly #prepared = new Map<string, Spawned>();
  readonly #exits = new Signal<InstanceExit>();
  #toolchain: string | undefined;
  #watch: Timer | undefined;
  #memoryWatch: Timer | undefined;

  constructor(options: ProcessDriverOptions) {
    this.#options = options;
    this.#root = options.root;
    mkdirSync(this.#root, { recursive: true });
    // Instances pass through to their own folders and see nothing else.
    chmodSync(this.#root, 0o711);
    if (this.#isRoot)
      requireReachable(join(this.#root, "x"), "Choose another data folder, or let others pass through this one (chmod o+x).");
    this.#fifos = new FifoPool(join(this.#root, ".fifos"));
    this.#fifos.reset();
    this.#gate = new NodeGate(this.#root);
    this.#ports = new PortAllocator(options.portRange ?? DEFAULT_PORT_RANGE, options.random);
    this.#context = {
      clock: options.clock,
      log: options.log,
      cgroups: options.cgroups ?? detectCgroups(),
      maxLogBytes: options.maxLogBytes ?? DEFAULT_LOG_BYTES,
      ended: (instance, exit) => this.#ended(instance, exit),
      cleaned: (uid) => this.#users.release(uid),
    };
    this.#waiting = new WaitingShells({
      ...options,
      size: options.waiting ?? 0,
      cgroups: this.#context.cgroups,
      users: this.#isRoot ? this.#users : undefined,
      setpriv: this.#setpriv,
    });
    this.#compiled = this.#compileCaches();
  }

  facts(): RuntimeFact[] {
    return describeIsolation({ isRoot: this.#isRoot, setpriv: this.#setpriv, cgroups: this.#context.cgroups });
  }

  async start(spec: InstanceSpec, files?: InstanceFiles): Promise<RunningInstance> {
    return this.#startPrepared(spec, files) ?? this.#make(spec, files, false);
  }

  initialise(spec: InstanceSpec, files?: InstanceFiles): Promise<RunningInstance> {
    return this.#make(spec, files, true);
  }

  #startPrepared({ id, ...spec }: InstanceSpec, files: InstanceFiles | undefined): RunningInstance | undefined {
    const instance = this.#instances.get(id);
    const waiting = this.#prepared.get(id);
    this.#prepared.delete(id);
    if (!waiting || !instance?.running()) return undefined;
    if (files?.identity) instance.folder.writeIdentity(files.identity, serverOf({ id, ...spec }), instance.run?.uid);
    instance.launched();
    waiting.release();
    const running = instance.running();
    return running && { ...running, sandboxMs: 0 };
  }

  async #make(spec: InstanceSpec, files: InstanceFiles | undefined, ahead: boolean): Promise<RunningInstance> {
    if (!DNS_LABEL.test(spec.id)) throw new BugError("InstanceIdInvalid", `${JSON.stringify(spec.id)} is not a DNS label`);
    if (spec.mounts?.length)
      throw new UserError("VolumesNotSupported", "a program that runs as a process has no mounts", { hint: "Deploy it as an image." });
    const earlier = this.#instances.get(spec.id);
    if (earlier && !earlier.hasEnded) throw new BugError("InstanceExists", `the instance ${spec.id} is already there`);
    await earlier?.whenClean();
    const instance = new ProcessInstance(spec, new InstanceFolder(this.#root, spec.id), this.#context);
    this.#instances.set(spec.id, instance);
    try {
      return await this.#launch(instance, files?.identity, ahead);
    } catch (error) {
      await instance.abandon();
      if (earlier) this.#instances.set(spec.id, earlier);
      else {
        this.#instances.delete(spec.id);
        await instance.folder.remove();
      }
      throw error;
    }
  }

  async renewFiles(id: string, { identity }: InstanceFiles): Promise<void> {
    const instance = this.#instances.get(id);
    if (identity && instance?.run && !instance.hasEnded) instance.folder.writeIdentity(identity, serverOf(instance.spec), instance.run.uid);
  }

  async stop(id: string, graceSeconds: number): Promise<void> {
    const instance = this.#instances.get(id);
    await instance?.stop(graceSeconds);
    if (instance && this.#prepared.delete(id)) await this.forget(id);
  }

  async list(): Promise<RunningInstance[]> {
    for (const found of scanInstances(this.#root, (id) => this.#instances.has(id))) {
      const folder = new InstanceFolder(this.#root, found.id);
      if (found.kind === "rest") {
        this.#context.cgroups.remove(found.id);
        await folder.remove();
        continue;
      }
      const instance = new ProcessInstance(found.spec, folder, this.#context);
      this.#instances.set(found.id, instance);
      if (found.kind === "ended") instance.recall(found.end, found.startedAt);
      else {
        this.#ports.adopt(found.run.port);
        if (found.run.uid !== undefined) this.#users.adopt(found.run.uid);
        instance.adopt(found.run);
      }
    }
    this.#watchAdopted();
    for (const [id, instance] of this.#instances) {
      if (!instance.run?.prepared || this.#prepared.has(id)) continue;
      if (isPastGate(instance.run, instance.folder.gate)) instance.launched();
      else await this.#undo(instance);
    }
    this.#watchMemory();
    await this.#fifos.warm();
    // Only now is it known which users the adopted ones have.
    await this.#waiting.fill();
    return [...this.#instances.values()].flatMap((instance) => instance.running() ?? []);
  }

  async ended(): Promise<EndedInstance[]> {
    return [...this.#instances.values()].flatMap((instance) => instance.endedInstance() ?? []).sort((a, b) => a.startedAt - b.startedAt);
  }

  logs(id: string, options: LogOptions): AsyncIterable<LogLine> {
    const instance = this.#require(id);
    return readLog(instance.folder.log, instance.file, options);
  }

  async exec(id: string, command: string[], timeoutSeconds: number): Promise<ExecResult> {
    return execInInstance({ ...this.#entrance(id, command), timeoutSeconds });
  }

  async openSession(id: string, { command, ...streams }: SessionRequest): Promise<Session> {
    return openProcessSession({ ...this.#entrance(id, command), ...streams });
  }

  /** How a further process comes into an instance: its place, environment, user and limits. */
  #entrance(id: string, command: readonly string[]): Entrance {
    const instance = this.#require(id);
    const run = instance.run;
    if (run === undefined || instance.hasEnded) throw new UserError("InstanceNotRunning", `the instance ${id} is not running`);
    const { clock, cgroups } = this.#context;
    return {
      launch: { ...this.#plan(instance, run.port, existsSync(instance.folder.identity)), command: withPort(command, run.port) },
      uid: run.uid,
      setpriv: this.#setpriv,
      limits: processLimits({ isRoot: this.#isRoot, cgroups }),
      join: (pid) => cgroups.join(id, pid),
      clock,
    };
  }

  async reach(id: string, port: number): Promise<Address> {
    const instance = this.#requireRunning(id);
    const own = instance.run?.port ?? 0;
    return reachProcess(instance.members(), { port, declared: instance.spec.port, own });
  }

  async freeze(id: string): Promise<void> {
    await this.#requireRunning(id).freeze();
  }

  async thaw(id: string): Promise<void> {
    this.#requireRunning(id).thaw();
  }

  thawFile(id: string): string | undefined {
    return this.#context.cgroups.freezer(id);
  }

  gateFile(id: string): string | undefined {
    return this.#prepared.has(id) ? this.#instances.get(id)?.folder.gate : undefined;
  }

  usage(id: string): ResourceUsage | undefined {
    const instance = this.#instances.get(id);
    return instance?.running() && usageOf(instance.members());
  }

  async diagnose(id: string): Promise<string | undefined> {
    const instance = this.#instances.get(id);
    return instance?.run && !instance.hasEnded ? diagnoseProcess(instance.members(), instance.run.port) : undefined;
  }

  async forget(id: string): Promise<void> {
    const instance = this.#instances.get(id);
    if (!instance) return;
    if (!instance.hasEnded) throw new BugError("InstanceRuns", `the instance ${id} still runs`);
    await instance.whenClean();
    this.#instances.delete(id);
    await instance.folder.remove();
  }

  retain(workloads: { has(workload: string): boolean }): void {
    this.#compiled?.retain(workloads);
  }

  onExit(listener: (exit: InstanceExit) => void): () => void {
    return this.#exits.on(listener);
  }

  async close(): Promise<void> {
    this.#watch?.cancel();
    this.#watch = undefined;
    this.#memoryWatch?.cancel();
    this.#memoryWatch = undefined;
    this.#waiting.close();
    await this.#compiled?.close();
    for (const instance of this.#instances.values()) instance.letGo();
    // Nobody could open their gates any more.
    for (const waiting of this.#prepared.values()) waiting.giveUp();
  }

  async #launch(instance: ProcessInstance, identity: InstanceFiles["identity"], ahead: boolean): Promise<RunningInstance> {
    const { spec, folder } = instance;
    const begun = this.#options.clock.monotonic();
    if (spec.artifact.kind !== "bundle") throw new BugError("ArtifactInvalid", "the process driver runs bundles only");
    if (this.#isRoot) requireReachable(join(spec.artifact.path, "app", "x"), "Move the data folder to where other users can pass through.");
    const port = await this.#ports.take();
    instance.onAbandon(() => this.#ports.release(port));
    const plan = this.#plan(instance, port, identity !== undefined);
    const waiting = !ahead && canBeTold(plan) ? this.#waiting.take() : undefined;
    if (waiting) instance.onAbandon(() => waiting.giveUp());
    const uid = this.#isRoot ? (waiting?.uid ?? this.#users.take(spec.id)) : undefined;
    if (uid !== undefined && !waiting) instance.onAbandon(() => this.#users.release(uid));
    await folder.create(spec);
    await this.#fifos.take([folder.fifo("stdout"), folder.fifo("stderr"), ...(ahead ? [folder.gate, folder.listens] : [])]);
    folder.makeHome(uid);
    const launch = uid === undefined ? plan : this.#withCompiled(plan, instance, uid);
    if (identity) folder.writeIdentity(identity, serverOf(spec), uid);
    const { cgroups } = this.#context;
    const limits = processLimits({ isRoot: this.#isRoot, cgroups });
    const isIn = waiting?.enter(spec.id) === true;
    cgroups.create(spec.id, { ...spec.resources, pids: limits.processes });
    instance.openOutput();
    const gated = ahead ? this.#gate.before(launch, folder.listens) : undefined;
    const sandboxMs = this.#options.clock.monotonic() - begun;
    const place = { limits, fifos: { stdout: folder.fifo("stdout"), stderr: folder.fifo("stderr") } };
    const spawned = waiting
      ? waiting.become(launchScript(launch, place))
      : await spawnWaiting({
          ...place,
          setpriv: this.#setpriv,
          launch: gated ?? launch,
          gated: gated !== undefined,
          uid,
          ...(ahead && { gate: folder.gate }),
        });
    instance.began(spawned, { port, ...(uid !== undefined && { uid }), ...(ahead && { prepared: true }) });
    if (!isIn) await cgroups.join(spec.id, spawned.pid);
    if (!ahead) spawned.release();
    else if (gated) spawned.admit();
    if (ahead) this.#prepared.set(spec.id, spawned);
    this.#watchMemory();
    const running = instance.running();
    if (!running) throw new TransientError("InstanceLost", `the instance ${spec.id} was killed before its program was started`);
    return { ...running, sandboxMs };
  }

  #plan(instance: ProcessInstance, port: number, identified: boolean): Launch {
    const { spec, folder } = instance;
    if (spec.artifact.kind !== "bundle") throw new BugError("ArtifactInvalid", "the process driver runs bundles only");
    return planLaunch(spec, spec.artifact.path, {
      port,
      home: folder.home,
      temporary: folder.temporary,
      toolchain: this.#programs(),
      ...(identified ? { identity: folder.identity } : {}),
    });
  }

  #programs(): string {
    this.#toolchain ??= prepareToolchain(join(this.#root, ".toolchain"), this.#options.toolchain);
    return this.#toolchain;
  }

  #withCompiled(plan: Launch, { spec, folder }: ProcessInstance, uid: number): Launch {
    return this.#compiled?.with(plan, spec, { at: folder.compiled, uid, toolchain: this.#programs() }) ?? plan;
  }

  #compileCaches(): CompileCaches | undefined {
    const { compileAfter: calm, clock, log, random } = this.#options;
    const unshare = findProgram("unshare");
    if (calm === undefined || !this.#isRoot || this.#setpriv === undefined || unshare === undefined) return undefined;
    const { cgroups } = this.#context;
    const place = { root: this.#root, cgroups, limits: processLimits({ isRoot: true, cgroups }), setpriv: this.#setpriv, unshare };
    const run = new CompileRun({ ...place, clock, random, users: this.#users });
    return new CompileCaches({ root: this.#root, clock, random, log, run, calm });
  }

  #ended(instance: ProcessInstance, exit: InstanceExit | undefined): void {
    if (instance.run) this.#ports.release(instance.run.port);
    if (exit) this.#exits.emit(exit);
  }

  /** It waits at a gate that belonged to an Ebb that is gone. */
  async #undo(instance: ProcessInstance): Promise<void> {
    await instance.stop(0);
    await this.forget(instance.spec.id);
  }

  #watchAdopted(): void {
    this.#watch ??= this.#options.clock.every(WATCH_PERIOD, () => {
      for (const instance of this.#instances.values()) {
        if (instance.isAdopted && instance.run && !isAlive(instance.run)) instance.mainEnded({});
      }
    });
  }

  #watchMemory(): void {
    if (this.#context.cgroups.enforced.has("memory")) return;
    this.#memoryWatch ??= this.#options.clock.every(MEMORY_PERIOD, () => {
      const limited = [...this.#instances.values()].flatMap((instance) => {
        const { memoryBytes } = instance.spec.resources;
        return instance.run && memoryBytes !== undefined && instance.running() ? [{ instance, leader: instance.run.pid, memoryBytes }] : [];
      });
      const used = sessionMemory(new Set(limited.map(({ leader }) => leader)));
      for (const { instance, leader, memoryBytes } of limited) if ((used.get(leader) ?? 0) > memoryBytes) instance.killForMemory();
    });
  }

  #requireRunning(id: string): ProcessInstance {
    const instance = this.#require(id);
    if (!instance.running()) throw new UserError("InstanceNotRunning", `the instance ${id} is not running`);
    return instance;
  }

  #require(id: string): ProcessInstance {
    const instance = this.#instances.get(id);
    if (!instance) throw new UserError("InstanceNotFound", `there is no instance ${id}`);
    return instance;
  }
}

/** One that waits dies with the Ebb that held its gate. Whoever had a request for it may have let it go before, and nobody has written that down: it serves. */
function isPastGate(run: RunRecord, gate: string): boolean {
  return isAlive(run) && !holdsOpen(run.pid, gate);
}

/** The API's address, as it is in the environment of everything on Kubernetes. */
function serverOf({ env }: InstanceSpec): string {
  return `https://${env["KUBERNETES_SERVICE_HOST"] ?? ""}:${env["KUBERNETES_SERVICE_PORT"] ?? ""}`;
}

function requireReachable(path: string, hint: string): void {
  const closed = closedFolder(path);
  if (closed === undefined) return;
  throw new UserError("NotReachable", `instances run as users of their own and cannot pass through ${closed}`, { hint });
}
