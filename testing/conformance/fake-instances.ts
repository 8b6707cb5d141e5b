import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Signal } from "@ebb/base";
import type { InstanceManager, InstanceStatus, LogLine, Workload } from "@ebb/runtime";

interface Running {
  status: InstanceStatus;
  workload: Workload;
  server?: Server;
}

/** What outlives a control plane: the "processes". */
export class FakeMachine {
  readonly running = new Map<string, Running>();
  started = 0;

  async close(): Promise<void> {
    await Promise.all([...this.running.values()].map(({ server }) => end(server)));
  }
}

async function end(server: Server | undefined): Promise<void> {
  if (!server) return;
  server.closeIdleConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/**
 * A fake of the runtime's port whose instances are HTTP servers in this process; the image's tag says how one behaves: `crash`, `missing`
 * (no such image), `never` (does not become ready), anything else serves and tells who it is.
 */
export class FakeInstances implements InstanceManager {
  readonly #machine: FakeMachine;
  readonly #drain: (id: string) => Promise<unknown>;
  readonly #changed = new Signal<string>();
  readonly #workloads = new Map<string, Workload>();
  readonly #desired = new Map<string, number>();
  #stopped = false;

  constructor(machine: FakeMachine, drain: (id: string) => Promise<unknown>) {
    this.#machine = machine;
    this.#drain = drain;
  }

  async start(): Promise<void> {}

  setWorkloads(workloads: readonly Workload[]): void {
    for (const workload of workloads) {
      this.#workloads.set(workload.key, workload);
      this.#desired.set(workload.key, this.instances(workload.key).length);
    }
    for (const { id, workload } of this.all()) if (!this.#workloads.has(workload)) this.#end(id);
  }

  putWorkload(workload: Workload): void {
    this.#workloads.set(workload.key, workload);
  }

  removeWorkload(key: string): void {
    this.#desired.delete(key);
    this.#workloads.delete(key);
    for (const { id } of this.instances(key)) this.#end(id);
  }

  scale(key: string, count: number): void {
    this.#desired.set(key, count);
    this.#fit(key);
  }

  desired(key: string): number {
    return this.#desired.get(key) ?? 0;
  }

  remove(id: string): void {
    const workload = this.#machine.running.get(id)?.workload.key;
    this.#end(id);
    if (workload !== undefined) this.#fit(workload);
  }

  instances(key: string): readonly InstanceStatus[] {
    return this.all().filter(({ workload }) => workload === key);
  }

  all(): readonly InstanceStatus[] {
    return [...this.#machine.running.values()].map(({ status }) => status);
  }

  async *logs(): AsyncIterable<LogLine> {
    yield { time: 0, stream: "stderr", text: "boom: no database" };
  }

  onChange(listener: (workload: string) => void): () => void {
    return this.#changed.on(listener);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
  }

  #fit(key: string): void {
    const workload = this.#workloads.get(key);
    const living = this.instances(key).filter(({ phase }) => phase !== "draining");
    for (const { id } of living.slice(this.desired(key))) this.#end(id);
    if (workload) for (let count = living.length; count < this.desired(key); count++) void this.#begin(workload);
  }

  #set(id: string, change: Partial<InstanceStatus>): void {
    const running = this.#machine.running.get(id);
    if (!running || this.#stopped) return;
    running.status = { ...running.status, ...change };
    this.#changed.emit(running.status.workload);
  }

  async #begin(workload: Workload): Promise<void> {
    const { template, key } = workload;
    const id = `${key.replace("/", "-")}-${++this.#machine.started}`;
    const status: InstanceStatus = { id, workload: key, labels: template.labels, phase: "starting", startedAt: Date.now(), restarts: 0 };
    const running: Running = { status, workload };
    this.#machine.running.set(id, running);
    this.#changed.emit(key);
    const reference = template.artifact.kind === "image" ? template.artifact.reference : "";
    await new Promise((resolve) => setImmediate(resolve));
    if (reference.endsWith(":crash")) {
      const lastExit = { id, exitCode: 3, reason: "Error" as const, finishedAt: Date.now() };
      return this.#set(id, { phase: "backoff", reason: "CrashLoopBackOff", message: "it ended with exit code 3", restarts: 1, lastExit });
    }
    if (reference.endsWith(":missing")) return this.#set(id, { phase: "backoff", reason: "ErrImagePull", message: "no such image" });
    if (reference.endsWith(":never")) return this.#set(id, { reason: "ProbeFailed", message: "nothing listens on port 8080" });
    running.server = createServer((request, response) => {
      const body = JSON.stringify({ id, revision: template.env["K_REVISION"], env: template.env, path: request.url });
      response.end(body);
    });
    await new Promise<void>((resolve) => running.server?.listen(0, "127.0.0.1", resolve));
    const { port } = running.server.address() as AddressInfo;
    this.#set(id, { phase: "ready", address: { host: "127.0.0.1", port }, readyAt: Date.now() });
  }

  #end(id: string): void {
    const running = this.#machine.running.get(id);
    if (!running || running.status.phase === "draining") return;
    this.#set(id, { phase: "draining" });
    void (async () => {
      if (running.server) await this.#drain(id).catch(() => undefined);
      await end(running.server);
      this.#machine.running.delete(id);
      if (!this.#stopped) this.#changed.emit(running.status.workload);
    })();
  }
}
