import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Signal, UserError } from "@ebb/base";
import type { Driver, EndedInstance, ExecResult, InstanceExit, InstanceSpec, LogLine, RunningInstance, Session } from "@ebb/runtime";

/** Nothing listens there: discard's port, which no test machine serves. */
const DEAF = { host: "127.0.0.1", port: 9 };

/**
 * A fake of the driver's port whose instances are HTTP servers in this process, so that they outlive a control plane of the same test.
 * The image's tag says how one behaves: `crash`, `missing` (no such image), `never` (does not listen); any other serves and tells who it is.
 */
export class FakeDriver implements Driver {
  readonly name = "container";
  readonly running = new Map<string, RunningInstance>();
  readonly #servers = new Map<string, Server>();
  readonly #ended = new Map<string, EndedInstance>();
  readonly #exits = new Signal<InstanceExit>();

  async start(spec: InstanceSpec): Promise<RunningInstance> {
    const reference = spec.artifact.kind === "image" ? spec.artifact.reference : "";
    if (reference.endsWith(":missing")) throw new UserError("ImageNotFound", "no such image");
    this.#ended.delete(spec.id);
    const begin = (address: RunningInstance["address"]) => {
      const instance = { spec, address, startedAt: Date.now() };
      this.running.set(spec.id, instance);
      return instance;
    };
    if (reference.endsWith(":never")) return begin(DEAF);
    if (reference.endsWith(":crash")) {
      setImmediate(() => this.#crash(spec));
      return begin(DEAF);
    }
    const server = createServer((request, response) => {
      response.end(JSON.stringify({ id: spec.id, revision: spec.env["K_REVISION"], env: spec.env, path: request.url }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.#servers.set(spec.id, server);
    return begin({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
  }

  renewFiles(): Promise<void> {
    return Promise.resolve();
  }

  async stop(id: string): Promise<void> {
    const instance = this.running.get(id);
    if (!instance) return;
    const server = this.#servers.get(id);
    this.#servers.delete(id);
    if (server) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await closed;
    }
    this.running.delete(id);
    const { spec, startedAt } = instance;
    this.#ended.set(id, { spec, startedAt, exit: { id, exitCode: 0, reason: "Completed", finishedAt: Date.now() } });
  }

  async list(): Promise<RunningInstance[]> {
    return [...this.running.values()];
  }

  async ended(): Promise<EndedInstance[]> {
    return [...this.#ended.values()];
  }

  async *logs(): AsyncIterable<LogLine> {
    yield { time: Date.now(), stream: "stderr", text: "boom: no database" };
  }

  async exec(): Promise<ExecResult> {
    return { exitCode: 0, output: "" };
  }

  openSession(): Promise<Session> {
    return Promise.reject(new UserError("CannotExec", "an instance of this driver runs no commands"));
  }

  async reach(id: string): Promise<RunningInstance["address"]> {
    return this.running.get(id)?.address ?? DEAF;
  }

  async freeze(): Promise<void> {}
  async thaw(): Promise<void> {}
  usage(): undefined {}
  async diagnose(): Promise<string | undefined> {
    return undefined;
  }

  async forget(id: string): Promise<void> {
    this.#ended.delete(id);
  }

  onExit(listener: (exit: InstanceExit) => void): () => void {
    return this.#exits.on(listener);
  }

  async close(): Promise<void> {
    await Promise.all([...this.running.keys()].map((id) => this.stop(id)));
  }

  #crash(spec: InstanceSpec): void {
    if (!this.running.delete(spec.id)) return;
    const exit: InstanceExit = { id: spec.id, exitCode: 3, reason: "Error", finishedAt: Date.now() };
    this.#ended.set(spec.id, { spec, startedAt: exit.finishedAt, exit });
    this.#exits.emit(exit);
  }
}
