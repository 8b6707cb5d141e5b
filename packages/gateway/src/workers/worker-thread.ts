import { Worker } from "node:worker_threads";
import { assertNever, Signal } from "@ebb/base";
import type { AccessLogEntry } from "../core/access-log.ts";
import type { TransportKind } from "../io/transport.ts";
import type { FromWorker, ToWorker, WorkerAnswer, WorkerSetup } from "./worker-messages.ts";

type Question = {
  [T in ToWorker["type"]]: Extract<ToWorker, { type: T }> extends { id: number } ? Omit<Extract<ToWorker, { type: T }>, "id"> : never;
}[ToWorker["type"]];

/** Three times what `--max-semi-space-size` gives the process of a gateway (apps/server/src/main.ts, which says why). */
const YOUNG_GENERATION_MIB = 24;

/** One worker as the pool sees it. Whatever was asked of a worker that ends is answered with undefined. */
export class WorkerThread {
  readonly onWake = new Signal<string>();
  readonly onAccess = new Signal<AccessLogEntry[]>();
  readonly onLog = new Signal<Extract<FromWorker, { type: "log" }>>();
  /** Resolves when its ports are open; rejects when they cannot be, or it ended before. */
  readonly listening: Promise<void>;
  /** Why it ended. */
  readonly ended: Promise<unknown>;
  addresses: { host: string; port: number }[] = [];
  transport: TransportKind = "documented";
  readonly #worker: Worker;
  readonly #asked = new Map<number, (answer: WorkerAnswer) => void>();
  readonly #opened = Promise.withResolvers<void>();
  #hasEnded = false;
  #next = 0;

  constructor(setup: WorkerSetup) {
    this.listening = this.#opened.promise;
    this.#worker = new Worker(new URL("worker-main.ts", import.meta.url), {
      workerData: setup,
      name: `gateway ${setup.worker}`,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
    });
    const ended = Promise.withResolvers<unknown>();
    this.ended = ended.promise;
    let cause: unknown;
    this.#worker.on("error", (error) => (cause = error));
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("exit", (code) => {
      const reason = cause ?? new Error(`the worker ended with code ${code}`);
      this.#hasEnded = true;
      for (const answer of this.#asked.values()) answer(undefined);
      this.#asked.clear();
      this.#opened.reject(reason);
      ended.resolve(reason);
    });
  }

  ask(question: Question): Promise<WorkerAnswer> {
    if (this.#hasEnded) return Promise.resolve(undefined);
    const id = this.#next++;
    const answer = new Promise<WorkerAnswer>((resolve) => this.#asked.set(id, resolve));
    this.send({ ...question, id });
    return answer;
  }

  send(message: ToWorker): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
    this.#worker.postMessage(message);
  }

  /** Resolves when it has finished its requests and ended. */
  async stop(): Promise<void> {
    this.send({ type: "stop" });
    await this.ended;
  }

  /** Ends it at once, with its connections. */
  async kill(): Promise<void> {
    await this.#worker.terminate();
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "listening":
        this.addresses = message.addresses;
        this.transport = message.transport;
        return this.#opened.resolve();
      case "failed":
        this.#opened.reject(message.error);
        return void this.kill();
      case "done":
        this.#asked.get(message.id)?.(message.value);
        return void this.#asked.delete(message.id);
      case "wake":
        return this.onWake.emit(message.revision);
      case "access":
        return this.onAccess.emit(message.entries);
      case "log":
        return this.onLog.emit(message);
      default:
        assertNever(message);
    }
  }
}
