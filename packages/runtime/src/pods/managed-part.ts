import { TransientError, UserError, type Clock, type Logger } from "@ebb/base";
import type { Driver, EndedInstance, InstanceExit, InstanceFiles, InstanceSpec, PartSpec, PartStatus, RunningInstance } from "../port.ts";
import { InstanceProbes } from "../manager/instance-probes.ts";
import type { ProbePace } from "../probes/pace.ts";
import { endOf, lastWords } from "../manager/endings.ts";
import { explainExit, explainStartError } from "../manager/explain.ts";
import { Restarts } from "../manager/restarts.ts";

export interface PartDeps {
  driver: Driver;
  clock: Clock;
  log: Logger;
  pace: ProbePace;
  /** What its instance was handed last. */
  files(): InstanceFiles;
  changed(): void;
}

/**
 * One further program of an instance: a sidecar is kept running until `stop`; one of the role `init` is run once, and again only if its instance is
 * started again before it has succeeded. Invariants: after `stop` nothing is started any more; `ready` only while it runs and its probes say so, or
 * once an init has succeeded.
 */
export class ManagedPart {
  readonly part: PartSpec;
  readonly spec: InstanceSpec;
  readonly #deps: PartDeps;
  #phase: PartStatus["phase"] = "waiting";
  #ready = false;
  #reason: string | undefined;
  #message: string | undefined;
  #startedAt: number | undefined;
  readonly #restarts: Restarts;
  #lastExit: InstanceExit | undefined;
  readonly #probes: InstanceProbes;
  #running: RunningInstance | undefined;
  #launching: Promise<void> | undefined;
  #earlyExit: InstanceExit | undefined;
  #stopping = false;
  #finished: ((end: InstanceExit | undefined) => void) | undefined;

  constructor(part: PartSpec, spec: InstanceSpec, deps: PartDeps) {
    this.part = part;
    this.spec = spec;
    this.#deps = deps;
    this.#restarts = new Restarts(deps.clock);
    this.#probes = new InstanceProbes({ ...spec, readiness: part.readiness }, deps);
  }

  get ready(): boolean {
    return this.#ready;
  }

  status(): PartStatus {
    return {
      name: this.part.name,
      role: this.part.role,
      phase: this.#phase,
      ready: this.#ready,
      restarts: this.#restarts.count,
      ...(this.#startedAt === undefined ? {} : { startedAt: this.#startedAt }),
      ...(this.#lastExit ? { lastExit: this.#lastExit } : {}),
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
      ...(this.#message === undefined ? {} : { message: this.#message }),
    };
  }

  /** A sidecar, unless it is under way. */
  start(): void {
    if (this.#stopping || this.#phase === "running" || this.#launching || this.#restarts.waits) return;
    this.#launching = this.#launch().finally(() => (this.#launching = undefined));
  }

  /** Runs one of the role `init` to its end, unless it has succeeded. Throws UserError when it fails, or whatever keeps it from starting. */
  async finish(signal: AbortSignal): Promise<void> {
    if (this.#phase === "ended" && this.#ready) return;
    const end = Promise.withResolvers<InstanceExit | undefined>();
    this.#finished = end.resolve;
    const abort = () => end.resolve(undefined);
    signal.addEventListener("abort", abort, { once: true });
    try {
      this.#began(await this.#deps.driver.start(this.spec, this.#deps.files()));
      const exit = await end.promise;
      if (!exit) throw new TransientError("Aborted", "it was stopped before its init containers had ended");
      if (exit.exitCode === 0) return this.#set("ended", true, "Completed", undefined);
      this.#restarts.count++;
      const words = await lastWords(exit, this.spec, this.#deps);
      this.#lastExit = words.exit;
      const message = explainExit(exit, this.spec, words.lines);
      this.#set("waiting", false, "CrashLoopBackOff", message);
      throw new UserError("Init:CrashLoopBackOff", `init container ${this.part.name}: ${message}`);
    } finally {
      signal.removeEventListener("abort", abort);
      this.#finished = undefined;
    }
  }

  adopt(running: RunningInstance): void {
    this.#began(running);
  }

  /** One that had ended when Ebb came back. */
  recall({ exit, startedAt }: EndedInstance): void {
    this.#startedAt = startedAt;
    this.#lastExit = exit;
    this.#phase = "ended";
    this.#reason = exit.reason;
    this.#ready = this.part.role === "init" && exit.exitCode === 0;
  }

  exited(exit: InstanceExit): void {
    this.#lastExit = exit;
    if (this.part.role === "init") this.#finished?.(exit);
    else if (this.#launching && this.#phase !== "running") this.#earlyExit = exit;
    else if (this.#phase === "running") this.#ended(exit);
  }

  /** Kept off the CPU, or back on it: nothing is asked of it meanwhile. */
  pause(): void {
    this.#probes.stop();
  }
  resume(): void {
    if (this.#phase === "running") this.#watch();
  }

  /** For good; resolves when it has ended. Throws when the driver cannot say so. */
  async stop(graceSeconds: number): Promise<void> {
    this.letGo();
    await this.#launching;
    await this.#deps.driver.stop(this.spec.id, graceSeconds);
    if (this.#phase === "running") this.#lastExit = await endOf(this.spec.id, this.#deps);
    if (this.#startedAt !== undefined) this.#set("ended", this.part.role === "init" && this.#ready, this.#lastExit?.reason, undefined);
  }

  letGo(): void {
    this.#stopping = true;
    this.#probes.stop();
    this.#restarts.cancel();
    this.#finished?.(undefined);
  }

  async #launch(): Promise<void> {
    const { driver, log } = this.#deps;
    try {
      const running = await driver.start(this.spec, this.#deps.files());
      this.#began(running);
      if (this.#earlyExit) this.#ended(this.#earlyExit);
    } catch (error) {
      if (this.#stopping) return;
      const { reason, message } = explainStartError(error);
      log.warn({ id: this.spec.id, error }, "a container of an instance could not be started");
      this.#set("waiting", false, reason, message);
      this.#again();
    } finally {
      this.#earlyExit = undefined;
    }
  }

  #began(running: RunningInstance): void {
    this.#startedAt = running.startedAt;
    this.#running = running;
    if (this.#stopping) return;
    this.#set("running", false, undefined, undefined);
    this.#probes.reset();
    this.#watch();
  }

  #watch(): void {
    if (!this.#running || this.part.role === "init") return;
    this.#probes.start(this.#running.address, {
      readiness: ({ healthy, message }) => {
        if (healthy === true) this.#set("running", true, undefined, undefined);
        else if (healthy === false || !this.#ready) this.#set("running", false, "ProbeFailed", message);
      },
      dead: (which, message) => this.#restart(which, message),
    });
  }

  #restart(which: string, message: string | undefined): void {
    if (this.#stopping) return;
    this.#probes.stop();
    this.#restarts.count++;
    this.#set("waiting", false, "Unhealthy", `the ${which} probe failed, so it is restarted: ${message ?? ""}`);
    const { driver, log } = this.#deps;
    this.#launching = driver
      .stop(this.spec.id, this.spec.terminationGraceSeconds)
      .catch((error: unknown) => log.warn({ id: this.spec.id, error }, "a container that is not healthy could not be stopped"))
      .then(() => this.#again())
      .finally(() => (this.#launching = undefined));
  }

  #ended(exit: InstanceExit): void {
    this.#probes.stop();
    if (this.#stopping) return;
    this.#restarts.ended(exit, this.#startedAt ?? 0);
    this.#set("waiting", false, "CrashLoopBackOff", explainExit(exit, this.spec, []));
    this.#again();
    void this.#lastWords(exit);
  }

  async #lastWords(exit: InstanceExit): Promise<void> {
    const words = await lastWords(exit, this.spec, this.#deps);
    if (this.#lastExit !== exit) return;
    this.#lastExit = words.exit;
    if (this.#phase === "waiting") this.#set("waiting", false, "CrashLoopBackOff", explainExit(exit, this.spec, words.lines));
    else this.#deps.changed();
  }

  #again(): void {
    if (!this.#stopping) this.#restarts.again(() => this.start());
  }

  #set(phase: PartStatus["phase"], ready: boolean, reason: string | undefined, message: string | undefined): void {
    if (this.#phase === phase && this.#ready === ready && this.#reason === reason && this.#message === message) return;
    this.#phase = phase;
    this.#ready = ready;
    this.#reason = reason;
    this.#message = message;
    this.#deps.changed();
  }
}
