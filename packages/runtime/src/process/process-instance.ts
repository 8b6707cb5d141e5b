import type { ChildProcess } from "node:child_process";
import { TransientError, type Clock, type Logger, type Timer } from "@ebb/base";
import { LogFile } from "../logs/log-file.ts";
import type { EndedInstance, InstanceExit, InstanceSpec, RunningInstance } from "../port.ts";
import type { Cgroups } from "./cgroup.ts";
import type { EndRecord, InstanceFolder, RunRecord } from "./instance-folder.ts";
import { OutputPump } from "./output-pump.ts";
import { INSTANCE_VARIABLE } from "./command.ts";
import { killAll, signal } from "./kill.ts";
import { bootId, environmentMembers, isAlive, readStat, sessionMembers, userMembers } from "./proc.ts";
import type { Spawned } from "./spawn.ts";

/** What all instances of a driver share. */
export interface InstanceContext {
  clock: Clock;
  log: Logger;
  cgroups: Cgroups;
  maxLogBytes: number;
  /** Nothing of it runs any more; `exit` is there when somebody must be told. */
  ended(instance: ProcessInstance, exit: InstanceExit | undefined): void;
  /** Its files are gone too, and its user may be given to another. */
  cleaned(uid: number): void;
}

/** By SIGSTOP, as proc(5) shows it. */
const STOPPED = "T";

interface MainExit {
  code?: number;
  signal?: string;
}

/** How long the end of the main process may be reported late by the kernel after SIGKILL. */
const STOP_PATIENCE = 30_000;

/** One instance of the process driver: from its spawn, or its adoption, to the removal of what it leaves. */
export class ProcessInstance {
  readonly spec: InstanceSpec;
  readonly folder: InstanceFolder;
  readonly #context: InstanceContext;
  readonly #undo: (() => void)[] = [];
  readonly #done = Promise.withResolvers<void>();
  #file: LogFile | undefined;
  #pump: OutputPump | undefined;
  #child: ChildProcess | undefined;
  #run: RunRecord | undefined;
  #end: EndRecord | undefined;
  #startedAt = 0;
  #stopping = false;
  #ending: Promise<void> | undefined;
  #released = false;
  #overMemory = false;

  constructor(spec: InstanceSpec, folder: InstanceFolder, context: InstanceContext) {
    this.spec = spec;
    this.folder = folder;
    this.#context = context;
  }

  get run(): RunRecord | undefined {
    return this.#run;
  }
  /** The log while it may grow. */
  get file(): LogFile | undefined {
    return this.#file;
  }
  get hasEnded(): boolean {
    return this.#end !== undefined;
  }
  /** Somebody else's child: it has to be looked after. */
  get isAdopted(): boolean {
    return this.#run !== undefined && this.#child === undefined && this.#ending === undefined && this.#end === undefined;
  }

  openOutput(): void {
    const { clock, log, maxLogBytes } = this.#context;
    this.#file = new LogFile(this.folder.log, maxLogBytes);
    this.#pump = new OutputPump({
      fifos: { stdout: this.folder.fifo("stdout"), stderr: this.folder.fifo("stderr") },
      file: this.#file,
      clock,
      log,
    });
  }

  /** The process is there and waits; from here on its end is noticed. */
  began(spawned: Spawned, place: Pick<RunRecord, "port" | "uid" | "prepared">): void {
    const startTime = readStat(spawned.pid)?.startTime ?? "";
    this.#run = { ...place, pid: spawned.pid, startTime, bootId: bootId(), startedAt: this.#context.clock.now() };
    this.#startedAt = this.#run.startedAt;
    this.#child = spawned.child;
    spawned.child.once("exit", (code, signal) => {
      if (!this.#released) this.mainEnded({ ...(code !== null && { code }), ...(signal !== null && { signal }) });
    });
    this.folder.writeRun(this.#run);
  }

  /** Its program is about to be started, which was prepared until now. */
  launched(): void {
    if (!this.#run) return;
    const { prepared: _, ...run } = this.#run;
    this.#run = { ...run, startedAt: this.#context.clock.now() };
    this.#startedAt = this.#run.startedAt;
    this.folder.writeRun(this.#run);
  }

  adopt(run: RunRecord): void {
    this.#run = run;
    this.#startedAt = run.startedAt;
    if (isAlive(run)) this.openOutput();
    else this.mainEnded({});
  }

  /** It had ended before this Ebb was started. */
  recall(end: EndRecord, startedAt: number): void {
    this.#end = end;
    this.#startedAt = startedAt;
    this.#done.resolve();
  }

  running(): RunningInstance | undefined {
    const run = this.#run;
    if (!run || this.#end || this.#ending) return undefined;
    const frozen = this.#isFrozen(run.pid);
    return {
      spec: this.spec,
      address: { host: "127.0.0.1", port: run.port },
      startedAt: run.startedAt,
      pid: run.pid,
      ...(frozen && { frozen }),
      ...(run.prepared && { prepared: true }),
    };
  }

  /** Keeps it without any CPU; where there is no freezer, by stopping each of its processes. */
  async freeze(): Promise<void> {
    const { cgroups } = this.#context;
    if (!cgroups.freeze(this.spec.id, true)) for (const pid of this.members()) signal(pid, "SIGSTOP");
    await cgroups.reclaim(this.spec.id);
  }

  thaw(): void {
    this.#context.cgroups.freeze(this.spec.id, false);
    const run = this.#run;
    if (run && readStat(run.pid)?.state === STOPPED) for (const pid of this.members()) signal(pid, "SIGCONT");
  }

  #isFrozen(pid: number): boolean {
    return this.#context.cgroups.isFrozen(this.spec.id) || readStat(pid)?.state === STOPPED;
  }

  endedInstance(): EndedInstance | undefined {
    return this.#end && { spec: this.spec, startedAt: this.#startedAt, exit: this.#end.exit };
  }

  /** All of its live processes, whatever sessions they made. */
  members(): number[] {
    const run = this.#run;
    if (!run) return [];
    const grouped = this.#context.cgroups.members(this.spec.id);
    if (run.uid !== undefined) return grouped ?? userMembers(run.uid);
    return [...new Set([...(grouped ?? []), ...sessionMembers(run.pid), ...environmentMembers(`${INSTANCE_VARIABLE}=${this.spec.id}`)])];
  }

  /** Its main process has ended; whatever else it started is killed, and what it printed is read to the end. */
  mainEnded(exit: MainExit): void {
    this.#ending ??= this.#finish(exit).catch((error: unknown) =>
      this.#context.log.error({ id: this.spec.id, error }, "an instance could not be cleaned up"),
    );
  }

  async stop(graceSeconds: number): Promise<void> {
    if (this.#end) return;
    const { clock } = this.#context;
    if (!this.#stopping) {
      this.#stopping = true;
      this.#terminate();
    }
    const timers: Timer[] = [clock.after(graceSeconds * 1000, () => this.#kill())];
    const late = new Promise<never>((_, reject) => {
      const error = new TransientError("StopTimeout", `the instance ${this.spec.id} does not end, even by SIGKILL`);
      timers.push(clock.after(graceSeconds * 1000 + STOP_PATIENCE, () => reject(error)));
    });
    try {
      await Promise.race([this.#done.promise, late]);
    } finally {
      for (const timer of timers) timer.cancel();
    }
  }

  /** It uses more than its limit, and no control group would stop it. */
  killForMemory(): void {
    this.#overMemory = true;
    this.#kill();
  }

  /** Resolves when its files have gone, apart from its log and records. */
  async whenClean(): Promise<void> {
    await this.#ending;
  }

  onAbandon(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Takes back a start that failed half-way. */
  async abandon(): Promise<void> {
    if (this.#run) {
      this.#stopping = true;
      this.#kill();
      await this.#done.promise;
      return this.whenClean();
    }
    this.#pump?.close();
    this.#file?.end();
    this.#context.cgroups.remove(this.spec.id);
    await this.folder.clean();
    for (const undo of this.#undo.reverse()) undo();
  }

  /** Ebb ends, the instance goes on. */
  letGo(): void {
    this.#released = true;
    this.#pump?.close();
    this.#file?.end();
    this.#child?.unref();
  }

  async #finish(exit: MainExit): Promise<void> {
    const { cgroups, clock, log } = this.#context;
    await this.#killRest();
    if (this.#pump) this.#pump.finish();
    const reason = this.#reason(exit, this.#overMemory ? 1 : cgroups.oomKills(this.spec.id));
    if (!cgroups.remove(this.spec.id)) log.warn({ id: this.spec.id }, "a control group could not be removed");
    const record: InstanceExit = {
      id: this.spec.id,
      ...(exit.code !== undefined && { exitCode: exit.code }),
      ...(exit.signal !== undefined && { signal: exit.signal }),
      reason,
      finishedAt: clock.now(),
    };
    this.#end = { exit: record, stopped: this.#stopping };
    const isKept = this.#keepEnd(this.#end);
    this.#done.resolve();
    this.#context.ended(this, this.#stopping ? undefined : record);
    await this.folder.clean();
    // On a full disk there is room now.
    if (!isKept) this.#keepEnd(this.#end);
    if (this.#run?.uid !== undefined) this.#context.cleaned(this.#run.uid);
  }

  /** Without it a later Ebb finds that the instance has ended, but not how. */
  #keepEnd(end: EndRecord): boolean {
    try {
      this.folder.writeEnd(end);
      return true;
    } catch (error) {
      this.#context.log.warn({ id: this.spec.id, error }, "how an instance ended could not be written down");
      return false;
    }
  }

  #reason(exit: MainExit, oomKills: number): InstanceExit["reason"] {
    const unknown = exit.code === undefined && exit.signal === undefined;
    if (oomKills > 0 && (unknown || exit.signal === "SIGKILL" || exit.code === 128 + 9)) return "OOMKilled";
    if (unknown) return "Unknown";
    return exit.code === 0 ? "Completed" : "Error";
  }

  async #killRest(): Promise<void> {
    const { clock, log } = this.#context;
    const left = await killAll(() => this.members(), clock);
    if (left.length > 0) log.warn({ id: this.spec.id, pids: left }, "processes of an ended instance do not end");
  }

  /** SIGTERM once to each process: some programs take a second one for an order to drop everything. */
  #terminate(): void {
    const run = this.#run;
    if (!run || this.#ending || !isAlive(run)) return;
    // What is frozen takes no signal.
    this.thaw();
    const others = this.members().filter((pid) => readStat(pid)?.group !== run.pid);
    signal(-run.pid, "SIGTERM");
    for (const pid of others) signal(pid, "SIGTERM");
  }

  #kill(): void {
    const run = this.#run;
    if (!run || this.#end) return;
    if (isAlive(run)) signal(-run.pid, "SIGKILL");
    this.#context.cgroups.freeze(this.spec.id, false);
    for (const pid of this.members()) signal(pid, "SIGKILL");
  }
}
