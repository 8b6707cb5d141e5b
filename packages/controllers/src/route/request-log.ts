import { appendFile, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { causeChain, readIfThere, sizeOf, type Clock, type Logger, type Timer } from "@ebb/base";
import { ANSWER_KINDS, answerKind, type AnswerKind, type SeenRequest } from "@ebb/gateway";
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
/** Of an app and a kind of answers: two files of so many bytes, some 2000 requests each. */
const FILE_BYTES = 512 * 1024;
const LONGEST = 48 * 3_600_000;
/** The newest that are told of a kind. */
const MOST_TOLD = 2000;
/** Of an app and a kind, waiting for the disk. */
const MOST_WAITING = 500;

/**
 * The last requests of each Knative Service, as the gateway samples them: a JSON object a line, two files a Service and a kind of answers, read only
 * when somebody asks. For people; nothing is decided by it, so what cannot be written is reported and left out.
 */
export class RequestLog {
  readonly #options: RequestLogOptions;
  /** By file. */
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
    const oldest = clock.now() - LONGEST;
    const found = await Promise.all(
      filesOf(service).map(async (file) => {
        const requests = folder === undefined ? (this.#waiting.get(file) ?? []) : await readAll(join(folder, file));
        return requests.filter(({ time }) => time >= oldest).slice(-MOST_TOLD);
      }),
    );
    // Written when they were over, one kind beside the other.
    return found.flat().toSorted((a, b) => a.time - b.time);
  }

  /** Another Service of that name begins without a past. */
  remove(service: string): void {
    const files = filesOf(service);
    for (const file of files) this.#waiting.delete(file);
    const { folder } = this.#options;
    if (folder === undefined) return;
    const paths = files.flatMap((file) => [join(folder, file), join(folder, `${file}.1`)]);
    this.#writing = this.#writing.then(async () => {
      await Promise.all(paths.map((path) => rm(path, { force: true })));
    });
  }

  #add(key: string, seen: readonly SeenRequest[]): void {
    const { namespace, name: revision } = splitKey(key);
    const name = this.#options.serviceOf(key);
    if (name === undefined) return;
    for (const request of seen) {
      const file = fileOf(`${namespace}/${name}`, answerKind(request));
      const waiting = this.#waiting.get(file) ?? [];
      this.#waiting.set(file, waiting);
      waiting.push({ ...request, revision });
      if (waiting.length > MOST_WAITING) waiting.shift();
    }
  }

  #flush(): Promise<void> {
    const { folder } = this.#options;
    if (folder === undefined) return Promise.resolve();
    this.#writing = this.#writing.then(async () => {
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      for (const [file, requests] of waiting) await this.#write(join(folder, file), requests);
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

/** A namespace's and a Service's name have no underscore, and no dot. */
function fileOf(service: string, kind: AnswerKind): string {
  return `${service.replace("/", "_")}${kind === "answered" ? "" : `.${kind}`}.jsonl`;
}

function filesOf(service: string): string[] {
  return ANSWER_KINDS.map((kind) => fileOf(service, kind));
}

async function readAll(path: string): Promise<RecordedRequest[]> {
  const texts = await Promise.all([`${path}.1`, path].map(readIfThere));
  return texts.flatMap((text) => (text ?? "").split("\n").flatMap(parse));
}

/** Whole lines; a kill may have cut the last one. Without a status it is from a version that kept none. */
function parse(line: string): RecordedRequest[] {
  try {
    const value = JSON.parse(line) as RecordedRequest | null;
    return typeof value?.time === "number" && typeof value.status === "number" ? [value] : [];
  } catch {
    return [];
  }
}
