import { PassThrough, Readable } from "node:stream";
import { Signal, type Clock } from "@ebb/base";
import type { Address, Driver, EndedInstance, InstanceExit, InstanceFiles, InstanceSpec, RunningInstance, Session } from "../port.ts";

/** The port in memory: what runs, what was asked, and failures on demand. Readiness is an exec probe, so no real time is in the way. */
export class FakeDriver implements Driver {
  readonly name = "process";
  readonly running = new Map<string, RunningInstance>();
  readonly finished = new Map<string, EndedInstance>();
  readonly calls: string[] = [];
  readonly #exits = new Signal<InstanceExit>();
  readonly #clock: Pick<Clock, "now">;
  /** Instances that answer their probes. */
  healthy: (id: string) => boolean = () => true;
  failStart: (spec: InstanceSpec) => Error | undefined = () => undefined;
  startGate: (spec: InstanceSpec) => Promise<void> = () => Promise.resolve();
  startAddress: Address = { host: "127.0.0.1", port: 1 };
  prepareGate: (spec: InstanceSpec) => Promise<void> = () => Promise.resolve();
  failList: Error | undefined;
  failStop: Error | undefined;
  lastLines: string[] = [];

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }
  prepare(spec: InstanceSpec): Promise<void> {
    return this.prepareGate(spec);
  }
  readonly prepared = new Set<string>();
  failInitialise: Error | undefined;
  async initialise(spec: InstanceSpec): Promise<RunningInstance> {
    this.calls.push(`initialise ${spec.id}`);
    if (this.failInitialise) throw this.failInitialise;
    this.prepared.add(spec.id);
    const made = { spec, address: { host: "127.0.0.1", port: 1 }, startedAt: this.#clock.now(), prepared: true };
    this.running.set(spec.id, made);
    return made;
  }
  async start(spec: InstanceSpec, files?: InstanceFiles): Promise<RunningInstance> {
    this.calls.push(`start ${spec.id}${files?.identity ? ` with ${files.identity["token"]}` : ""}`);
    await this.startGate(spec);
    const error = this.failStart(spec);
    if (error) throw error;
    const running = { spec, address: this.startAddress, startedAt: this.#clock.now() };
    this.prepared.delete(spec.id);
    this.running.set(spec.id, running);
    return running;
  }
  async stop(id: string): Promise<void> {
    this.calls.push(`stop ${id}`);
    if (this.failStop) throw this.failStop;
    this.running.delete(id);
    this.prepared.delete(id);
  }
  async list(): Promise<RunningInstance[]> {
    if (this.failList) throw this.failList;
    return [...this.running.values()];
  }
  ended(): Promise<EndedInstance[]> {
    return Promise.resolve([...this.finished.values()]);
  }
  async *logs(): AsyncGenerator<{ time: number; stream: "stdout"; text: string }> {
    for (const text of this.lastLines) yield { time: 0, stream: "stdout", text };
  }
  async exec(id: string): Promise<{ exitCode: number; output: string }> {
    return { exitCode: this.healthy(id) ? 0 : 1, output: "not yet" };
  }
  /** A command that ends when its input does. */
  openSession(id: string): Promise<Session> {
    this.calls.push(`open ${id}`);
    const stdin = new PassThrough();
    const ended = new Promise<number>((resolve) => stdin.once("close", () => resolve(0)));
    return Promise.resolve({ stdin, stdout: this.output, resize: () => Promise.resolve(), ended, end: () => void stdin.destroy() });
  }
  /** Of the next command. */
  output: Readable = Readable.from([]);
  reach(): Promise<Address> {
    return Promise.resolve(this.reachable);
  }
  reachable: Address = { host: "127.0.0.1", port: 1 };
  readonly frozen = new Set<string>();
  async freeze(id: string): Promise<void> {
    this.frozen.add(id);
  }
  async thaw(id: string): Promise<void> {
    this.frozen.delete(id);
  }
  thawFile(id: string): string | undefined {
    return this.frozen.has(id) ? `/sys/fs/cgroup/freezer/ebb/${id}/freezer.state` : undefined;
  }
  gateFile(id: string): string | undefined {
    return this.prepared.has(id) ? `/data/${id}/gate` : undefined;
  }
  renewFiles(id: string, { identity }: InstanceFiles): Promise<void> {
    this.calls.push(`renew ${id} ${identity?.["token"]}`);
    return Promise.resolve();
  }
  usage(): undefined {}
  diagnose(): Promise<string | undefined> {
    return Promise.resolve("listens on 3000, but requests come to $PORT (1)");
  }
  async forget(id: string): Promise<void> {
    this.calls.push(`forget ${id}`);
  }
  onExit(listener: (exit: InstanceExit) => void): () => void {
    return this.#exits.on(listener);
  }
  async close(): Promise<void> {}
  /** An instance ends by itself. */
  crash(id: string, exit: Partial<InstanceExit> = {}): void {
    this.running.delete(id);
    this.#exits.emit({ id, exitCode: 1, reason: "Error", finishedAt: this.#clock.now(), ...exit });
  }
}
