import { appendFile, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { causeChain, readIfThere, sizeOf, type Clock, type Logger, type Timer } from "@ebb/base";
import type { SeenRequest } from "@ebb/gateway";
import { splitKey } from "../engine/keys.ts";
import type { GatewayPort } from "../ports.ts";

/** With the revision (its name alone) that answered it. */
export type RecordedRequest = SeenRequest & { revision: string };

export interface RequestLogOptions {
  /** A folder; without one they are kept in memory alone. */
  folder: string | undefined;
  gateway: Pick<GatewayPort, "onStats">;
  /** The Knative Service of `namespace/revision`, when it is of one. */
  serviceOf(revision: string): string | undefined;
  clock: Clock;
  log: Logger;
}

const FLUSH_PERIOD = 5000;
/** Of an app: two files of so many bytes, some 2000 requests each. */
const FILE_BYTES = 512 * 1024;
const LONGEST = 48 * 3_600_000;
/** The newest that are told. */
const MOST_TOLD = 2000;
/** Of an app, waiting for the disk. */
const MOST_WAITING = 500;

/**
 * The last requests of each Knative Service, as the gateway samples them: a JSON object a line, two files a Service, read only when somebody
 * asks. For people; nothing is decided by it, so what cannot be written is reported and left out.
 */
export class RequestLog {
  readonly #options: RequestLogOptions;
  readonly #waiting = new Map<string, RecordedRequest[]>();
  #timer: Timer | undefined;
  #unsubscribe: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failing = false;

  constructor(options: RequestLogOptions) {
    this.#options = options;
  }

  start(): void {
    const { gateway, clock, folder } = this.#options;
    this.#unsubscribe = gateway.onStats.on(({ revisions }) => {
      for (const { revision, seen } of revisions) if (seen) this.#add(revision, seen);
    });
    if (folder !== undefined) this.#timer = clock.every(FLUSH_PERIOD, () => void this.#flush());
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#timer?.cancel();
    await this.#flush();
  }

  /** Of a Service (`namespace/name`), oldest first. */
  async list(service: string): Promise<RecordedRequest[]> {
    const { folder, clock } = this.#options;
    await this.#flush();
    const found = folder === undefined ? (this.#waiting.get(service) ?? []) : await readAll(this.#pathOf(service));
    const oldest = clock.now() - LONGEST;
    return found.filter(({ time }) => time >= oldest).slice(-MOST_TOLD);
  }

  /** Another Service of that name begins without a past. */
  remove(service: string): void {
    this.#waiting.delete(service);
    if (this.#options.folder === undefined) return;
    const path = this.#pathOf(service);
    this.#writing = this.#writing.then(async () => {
      await Promise.all([path, `${path}.1`].map((file) => rm(file, { force: true })));
    });
  }

  #add(key: string, seen: readonly SeenRequest[]): void {
    const { namespace, name: revision } = splitKey(key);
    const name = this.#options.serviceOf(key);
    if (name === undefined) return;
    const service = `${namespace}/${name}`;
    const all = [...(this.#waiting.get(service) ?? []), ...seen.map((request) => ({ ...request, revision }))];
    this.#waiting.set(service, all.slice(-MOST_WAITING));
  }

  #pathOf(service: string): string {
    // A namespace's and a Service's name have no underscore.
    return join(this.#options.folder ?? "", `${service.replace("/", "_")}.jsonl`);
  }

  #flush(): Promise<void> {
    if (this.#options.folder === undefined) return Promise.resolve();
    this.#writing = this.#writing.then(async () => {
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      for (const [service, requests] of waiting) await this.#write(this.#pathOf(service), requests);
    });
    return this.#writing;
  }

  async #write(path: string, requests: readonly RecordedRequest[]): Promise<void> {
    const { folder = "", log } = this.#options;
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      if ((await sizeOf(path)) > FILE_BYTES) await rename(path, `${path}.1`);
      await appendFile(path, requests.map((request) => `${JSON.stringify(request)}\n`).join(""), { mode: 0o600 });
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) log.warn({ reason: causeChain(error) }, "recent requests cannot be kept on disk");
      this.#failing = true;
    }
  }
}

async function readAll(path: string): Promise<RecordedRequest[]> {
  const texts = await Promise.all([`${path}.1`, path].map(readIfThere));
  return texts.flatMap((text) => (text ?? "").split("\n").flatMap(parse));
}

/** Whole lines; a kill may have cut the last one. */
function parse(line: string): RecordedRequest[] {
  try {
    const value = JSON.parse(line) as RecordedRequest | null;
    return typeof value?.time === "number" && typeof value.id === "string" ? [value] : [];
  } catch {
    return [];
  }
}
