import { UserError, type Clock, type Logger } from "@ebb/base";
import type {
  Address,
  Driver,
  EndedInstance,
  InstanceExit,
  InstanceFiles,
  InstancePhase,
  InstanceSpec,
  InstanceStatus,
  RunningInstance,
} from "../port.ts";
import type { ProbePace } from "../probes/pace.ts";
import type { ProbeReport } from "../probes/prober.ts";
import { CpuPlace } from "./cpu-place.ts";
import { drained, free } from "./drained.ts";
import { Diagnosis } from "./diagnosis.ts";
import { endOf, lastWords, stopForSure } from "./endings.ts";
import { explainExit, explainStartError } from "./explain.ts";
import { InstanceProbes } from "./instance-probes.ts";
import { Restarts } from "./restarts.ts";
import { Provisioner, type Provide } from "./provisioner.ts";
import { phasesOf, type StartMarks } from "./start-marks.ts";
import type { StartSlots } from "./start-slots.ts";
import { acceptsWhenReady } from "./trial.ts";

/** What the manager gives to each of its instances. */
export interface InstanceDeps {
  driver: Driver;
  clock: Clock;
  log: Logger;
  slots: StartSlots;
  spareSlots: StartSlots;
  pace: ProbePace;
  triedElsewhere: () => boolean;
  probed?: (id: string, succeeded: boolean) => void;
  drain(instance: InstanceStatus): Promise<number>;
  provide?: Provide;
  /** Milliseconds after which an instance is stopped though it is not drained. */
  drainPatience: number;
  changed(): void;
  /** It could not be prepared, and is to be retired unless it is wanted by now: then it is started as any other. */
  unprepared(id: string): void;
  /** Retires it, and starts another if it is wanted. */
  replace(id: string): void;
}

const PREPARED = ["Prepared", "prepared: its program starts on demand"] as const;

/**
 * One instance that is to be kept running: started, probed, restarted with back-off, drained and stopped.
 *
 * Invariants: `phase` is `ready` only while the last probes say so and the program runs; after `retire` nothing is started any more;
 * the driver has at most one act on it under way.
 */
export class ManagedInstance {
  readonly spec: InstanceSpec;
  readonly #deps: InstanceDeps;
  readonly #abort = new AbortController();
  readonly #letGo = new AbortController();
  #phase: InstancePhase = "starting";
  #reason: string | undefined = "ContainerCreating";
  #message: string | undefined;
  #running: RunningInstance | undefined;
  #startedAt: number;
  #readyAt: number | undefined;
  /** Of the start under way. */
  #marks: StartMarks | undefined;
  #start: InstanceStatus["start"];
  readonly #restarts: Restarts;
  #lastExit: InstanceExit | undefined;
  /** How it ended for good. */
  #end: InstanceExit | undefined;
  /** What the readiness probe says of its own program. */
  #healthy = false;
  #launching: Promise<void> | undefined;
  #earlyExit: InstanceExit | undefined;
  readonly #files: Provisioner;
  /** It could not start for want of files: told that they changed, it is tried at once. */
  #lacksFiles = false;
  readonly #probes: InstanceProbes;
  readonly #diagnosis: Diagnosis;
  readonly #cpu: CpuPlace;
  /** Counts changes of mind: a drain that is over may be one that nobody wants any more. */
  #round = 0;
  /** The driver has all of it but its program. */
  #made = false;
  /** Where its program waits to be let go, and where it will then be reached. */
  #gate: InstanceStatus["trial"];
  /** Prepared, and its program was never started: nothing to tell of when it has ended. */
  unused = false;
  #retiring: Promise<void> | undefined;
  #firstReport: (() => void) | undefined;

  constructor(spec: InstanceSpec, deps: InstanceDeps) {
    this.spec = spec;
    this.#deps = deps;
    this.#startedAt = deps.clock.now();
    this.#probes = new InstanceProbes(spec, deps);
    this.#files = new Provisioner(spec, deps);
    this.#restarts = new Restarts(deps.clock);
    this.#diagnosis = new Diagnosis(spec.id, deps);
    this.#cpu = new CpuPlace(spec.id, {
      driver: deps.driver,
      idle: () => this.#phase === "frozen",
      off: () => deps.changed(),
      failed: (error) => this.#notFrozen(error),
    });
  }

  get phase(): InstancePhase {
    return this.#phase;
  }

  status(): InstanceStatus {
    const address = this.#running?.address;
    const { cpuRequestMillis: cpuMillis = this.spec.resources.cpuMillis } = this.spec.resources;
    const parts = this.#deps.driver.parts?.(this.spec.id);
    const trial = this.#trial();
    const thawFile = this.#phase === "frozen" ? this.#cpu.thawFile : undefined;
    return {
      id: this.spec.id,
      workload: this.spec.workload,
      labels: this.spec.labels,
      phase: this.#phase,
      startedAt: this.#startedAt,
      restarts: this.#restarts.count,
      ...(address && { address }),
      ...(thawFile !== undefined && { thawFile }),
      ...(trial && { trial }),
      ...(cpuMillis !== undefined && { cpuMillis }),
      ...(this.#readyAt !== undefined && { readyAt: this.#readyAt }),
      ...(this.#start && { start: this.#start }),
      ...(this.#lastExit && { lastExit: this.#lastExit }),
      ...(this.#end && { end: this.#end }),
      ...(parts && { parts, mainReady: this.#healthy }),
      ...(this.#message !== undefined && { message: this.#message }),
      ...(this.#reason !== undefined && { reason: this.#reason }),
    };
  }

  #trial(): InstanceStatus["trial"] {
    if (!acceptsWhenReady(this.spec)) return undefined;
    if (this.#phase === "prepared") return this.#gate;
    // Known from when it was prepared, it may be let go already.
    const address = this.#running?.address ?? this.#gate;
    return this.#phase === "starting" && address ? { host: address.host, port: address.port } : undefined;
  }

  start(): void {
    this.#launching = this.#launch().finally(() => (this.#launching = undefined));
  }

  /** Makes all of it but its program's start, which `launch` is for. */
  prepare(): void {
    this.unused = true;
    this.#set("prepared", "Preparing", undefined);
    this.#launching = this.#initialise().finally(() => (this.#launching = undefined));
  }

  /** Starts a prepared one; while that is still being made, right after it. */
  launch(): void {
    if (this.#phase !== "prepared" || this.#retiring) return;
    const made = this.#launching ?? Promise.resolve();
    // Not as one that runs already, which is told again when it does: the gateway tries it from then on.
    this.#set("starting", "ContainerCreating", undefined);
    this.#launching = made.then(() => this.#launch()).finally(() => (this.#launching = undefined));
  }

  /** Takes over one that runs already; resolves after its first probe, so that one that is ready is never shown as not ready. */
  adopt(running: RunningInstance): Promise<void> {
    if (running.prepared === true) {
      this.#startedAt = running.startedAt;
      this.#made = this.unused = true;
      this.#set("prepared", ...PREPARED);
      return Promise.resolve();
    }
    this.#files.began(true);
    if (running.frozen === true) {
      this.#running = running;
      this.#startedAt = this.#readyAt = running.startedAt;
      this.#cpu.adopt();
      this.#set("frozen", undefined, undefined);
      return Promise.resolve();
    }
    this.#began(running);
    return new Promise((resolve) => (this.#firstReport = resolve));
  }

  /** One that has ended: there for its log. */
  recall(ended: EndedInstance): void {
    this.#startedAt = ended.startedAt;
    this.#end = ended.exit;
    this.#phase = "ended";
    this.#reason = ended.exit.reason;
    this.#retiring = Promise.resolve();
  }

  /** The driver says that it has ended by itself. */
  exited(exit: InstanceExit): void {
    if (this.#launching && !this.#running) this.#earlyExit = exit;
    else if (this.#phase === "prepared") this.#deps.unprepared(this.spec.id);
    else if (this.#phase === "frozen") void this.retire();
    else if (this.#running) this.#crashed(exit);
  }

  /** Drains it and keeps it off the CPU, or stops it if connections stay open. Only of a ready one; `thaw` may come at any time. */
  freeze(): void {
    if (this.#phase !== "ready" || this.#retiring) return;
    this.#stopProbes();
    this.#set("frozen", undefined, undefined);
    const round = ++this.#round;
    this.#cpu.leaveAfter(free(this.status(), this.#deps).then(() => round === this.#round));
  }

  /** What it is handed beside its spec may have changed. */
  filesChanged(): void {
    this.#files.changed();
    if (this.#phase !== "backoff" || !this.#lacksFiles || this.#retiring) return;
    this.#restarts.cancel();
    this.start();
  }

  /** Puts a frozen one back to work: it was ready when it was frozen, and counts as ready at once; probes go on. */
  thaw(): void {
    if (this.#phase !== "frozen" || this.#retiring) return;
    const ordered = this.#deps.clock.monotonic();
    this.#round++;
    this.#set("starting", undefined, undefined);
    this.#cpu.comeBack(
      () => this.#resume(ordered),
      (error) => this.#notThawed(error),
    );
  }

  /** Puts it on the CPU for somebody who works in it, and keeps it there until all who do have called what they got. Throws UserError when it does not run. */
  async hold(): Promise<() => void> {
    if (!this.#running || this.#retiring) {
      throw new UserError(
        "InstanceNotRunning",
        `the instance ${this.spec.id} is not running: it is ${this.#phase} ${this.#message ?? ""}`.trim(),
      );
    }
    return this.#cpu.hold();
  }

  /** Drains and stops it for good; resolves when it has ended. */
  retire(): Promise<void> {
    if (this.#retiring) return this.#retiring;
    const retired = Promise.withResolvers<void>();
    // Noted before anybody is told, as a listener may ask for the same.
    this.#retiring = retired.promise;
    this.#retire().then(retired.resolve, retired.reject);
    return retired.promise;
  }

  /** Ebb ends, the instance goes on. */
  letGo(): void {
    this.#stopProbes();
    this.#healthy = false;
    this.#files.ended();
    this.#restarts.cancel();
    this.#abort.abort();
    this.#letGo.abort();
    this.#retiring ??= Promise.resolve();
  }

  #notFrozen(error: unknown): void {
    this.#deps.log.warn({ id: this.spec.id, error }, "an instance could not be frozen");
    if (this.#phase === "frozen") void this.retire();
  }

  #notThawed(error: unknown): void {
    this.#deps.log.warn({ id: this.spec.id, error }, "an instance could not be thawed");
    void this.retire();
  }

  #resume(ordered: number): void {
    if (this.#retiring || !this.#running) return;
    const now = this.#deps.clock.monotonic();
    this.#marks = { from: "frozen", ordered, turn: ordered, sandbox: 0, running: now, unanswered: now };
    this.#started();
    this.#set("ready", undefined, undefined);
    this.#watch();
  }

  async #initialise(): Promise<void> {
    const { driver, spareSlots, log } = this.#deps;
    try {
      await driver.prepare?.(this.spec, this.#abort.signal);
      const files = await this.#fetchFiles();
      await spareSlots.run(this.spec.workload, async () => {
        if (this.#retiring) return;
        const made = await driver.initialise?.(this.spec, files);
        this.#made = true;
        const gateFile = driver.gateFile?.(this.spec.id);
        if (!made || gateFile === undefined) return;
        this.#gate = { ...made.address, gateFile };
        // Whoever lets it go asks nobody for newer ones.
        this.#files.began(false);
      });
      if (this.#phase === "prepared") this.#set("prepared", ...PREPARED);
    } catch (error) {
      log.warn({ id: this.spec.id, error }, "an instance could not be prepared");
      this.#deps.unprepared(this.spec.id);
    }
  }

  async #launch(): Promise<void> {
    const { driver, slots, clock } = this.#deps;
    const from = this.#made ? "prepared" : "cold";
    const ordered = clock.monotonic();
    let turn = ordered;
    this.#made = false;
    try {
      if (from === "cold") await driver.prepare?.(this.spec, this.#abort.signal);
      const files = await this.#fetchFiles();
      const running = await slots.run(this.spec.workload, async () => {
        turn = clock.monotonic();
        return this.#retiring
          ? undefined
          : driver.start(this.spec, files, { signal: this.#abort.signal, placed: (at) => this.#placed(at) });
      });
      if (!running) return;
      const now = clock.monotonic();
      this.#marks = { from, ordered, turn, sandbox: Math.min(now - turn, running.sandboxMs ?? 0), running: now, unanswered: now };
      this.#began(running);
      this.#files.began(false);
      if (this.#earlyExit) this.#crashed(this.#earlyExit);
    } catch (error) {
      if (!this.#retiring) this.#couldNotStart(error);
    } finally {
      this.#earlyExit = this.#gate = undefined;
    }
  }

  /** The gateway may try it from now on. */
  #placed(address: Address | undefined): void {
    this.#gate = address;
    if (acceptsWhenReady(this.spec)) this.#deps.changed();
  }

  async #fetchFiles(): Promise<InstanceFiles | undefined> {
    this.#lacksFiles = true;
    const files = await this.#files.fetch();
    this.#lacksFiles = false;
    return files;
  }

  #began(running: RunningInstance): void {
    this.#running = running;
    this.unused = false;
    this.#probes.reset();
    this.#startedAt = running.startedAt;
    if (this.#retiring) return;
    this.#set("starting", undefined, undefined);
    this.#watch();
  }

  #watch(): void {
    this.#diagnosis.begin();
    if (this.#running) {
      this.#probes.start(this.#running.address, {
        readiness: (report) => this.#readiness(report),
        dead: (which, message) => this.#unhealthy(which, message),
      });
    }
  }

  #stopProbes(): void {
    this.#probes.stop();
    this.#firstReport?.();
  }

  /** Something happened to one of its parts. */
  partsChanged(): void {
    if (this.#healthy && (this.#phase === "starting" || this.#phase === "ready" || this.#phase === "unready"))
      this.#readiness({ healthy: true });
    this.#deps.changed();
  }

  /** Ready is what is ready with all its parts. */
  #readiness(report: ProbeReport): void {
    if (report.healthy !== undefined) this.#healthy = report.healthy;
    const part = report.healthy === true ? this.#deps.driver.parts?.(this.spec.id)?.find(({ ready }) => !ready) : undefined;
    if (!part) return this.#judge(report);
    const { name, reason = "ContainersNotReady", message = "it is not ready yet" } = part;
    this.#set(this.#phase === "starting" ? "starting" : "unready", reason, `container ${name}: ${message}`);
    this.#firstReport?.();
  }

  #judge({ healthy, message }: ProbeReport): void {
    if (healthy === true) {
      this.#readyAt ??= this.#deps.clock.now();
      this.#started();
      this.#set("ready", undefined, undefined);
    } else if (this.#phase === "starting") {
      if (this.#marks) this.#marks.unanswered = this.#deps.clock.monotonic();
      this.#explain(message);
    } else if (healthy === false) {
      this.#set("unready", "ProbeFailed", this.#phase === "unready" ? this.#message : message);
      this.#explain(message);
    }
    this.#firstReport?.();
  }

  /** It serves for the first time since it was started. */
  #started(): void {
    const marks = this.#marks;
    if (!marks) return;
    this.#marks = undefined;
    this.#start = { from: marks.from, phases: phasesOf(marks, this.#deps.clock.monotonic()) };
  }

  /** Shows why it is not ready; now and then the driver looks for what the instance does not know itself, before which one that boots has nothing to explain. */
  #explain(message: string | undefined): void {
    if (this.#message === undefined && this.#phase !== "starting") this.#set(this.#phase, "ProbeFailed", message);
    const running = this.#running;
    this.#diagnosis.look((found) => {
      const current = this.#running === running && (this.#phase === "starting" || this.#phase === "unready");
      if (current) this.#set(this.#phase, "ProbeFailed", found === undefined ? message : `${message ?? "not ready"}; it ${found}`);
    });
  }

  #unhealthy(which: string, message: string | undefined): void {
    if (this.#retiring || !this.#running) return;
    this.#stopProbes();
    this.#healthy = false;
    this.#files.ended();
    this.#running = undefined;
    this.#set("unready", "Unhealthy", `the ${which} probe failed, so it is restarted: ${message ?? ""}`);
    this.#launching = this.#restartUnhealthy(which, message).finally(() => (this.#launching = undefined));
  }

  async #restartUnhealthy(which: string, message: string | undefined): Promise<void> {
    await stopForSure(this.spec, this.#deps, this.#letGo.signal, "program");
    if (this.#retiring) return;
    this.#restarts.count++;
    this.#set("backoff", "CrashLoopBackOff", `it was restarted because its ${which} probe failed: ${message ?? ""}`);
    this.#restarts.again(() => this.start());
  }

  #crashed(exit: InstanceExit): void {
    // Its volumes are those of its parts, too: another takes the place of all of it.
    if (exit.reason === "Evicted" && this.spec.parts && !this.#retiring) return this.#deps.replace(this.spec.id);
    this.#stopProbes();
    this.#healthy = false;
    this.#files.ended();
    this.#running = undefined;
    this.#lastExit = exit;
    if (this.#retiring) return;
    this.#restarts.ended(exit, this.#startedAt);
    this.#set("backoff", "CrashLoopBackOff", explainExit(exit, this.spec, []));
    this.#restarts.again(() => this.start());
    void this.#lastWords(exit);
  }

  async #lastWords(exit: InstanceExit): Promise<void> {
    const words = await lastWords(exit, this.spec, this.#deps);
    if (this.#lastExit !== exit) return;
    this.#lastExit = words.exit;
    if (this.#phase === "backoff") this.#set("backoff", "CrashLoopBackOff", explainExit(exit, this.spec, words.lines));
    else this.#deps.changed();
  }

  #couldNotStart(error: unknown): void {
    const { reason, message } = explainStartError(error);
    this.#deps.log.warn({ id: this.spec.id, error }, "an instance could not be started");
    this.#set("backoff", reason, message);
    this.#restarts.again(() => this.start());
  }

  async #retire(): Promise<void> {
    // The gateway may have thawed a frozen one by itself just now, or found that one which starts is ready.
    const mayServe = this.#trial() !== undefined || (this.#running !== undefined && this.#readyAt !== undefined);
    this.#stopProbes();
    this.#restarts.cancel();
    this.#abort.abort();
    this.#set("draining", undefined, undefined);
    this.#round++;
    await this.#launching;
    await this.#cpu.settled;
    if (mayServe && (this.#running ?? this.#gate)) await drained(this.status(), this.#deps);
    await stopForSure(this.spec, this.#deps, this.#letGo.signal);
    this.#files.ended();
    this.#running = undefined;
    this.#end = await endOf(this.spec.id, this.#deps);
    this.#set("ended", this.#lastExit?.reason, undefined);
  }

  #set(phase: InstancePhase, reason: string | undefined, message: string | undefined): void {
    // Only its own retirement moves it on once it is draining.
    if (this.#phase === "ended" || (this.#phase === "draining" && phase !== "ended")) return;
    if (this.#phase === phase && this.#reason === reason && this.#message === message) return;
    this.#phase = phase;
    this.#reason = reason;
    this.#message = message;
    this.#deps.changed();
  }
}
