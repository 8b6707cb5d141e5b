import { appendFile, rename } from "node:fs/promises";
import { causeChain, sizeOf, type Clock, type Logger, type Runnable, type Timer } from "@ebb/base";
import type { AccessLogEntry } from "../core/access-log.ts";

export interface AccessLogOptions {
  path: string;
  /** The share of requests that is written, 0 to 1. Those that failed (5xx, or broken off) are written all. */
  share: number;
  clock: Clock;
  random: { float(): number };
  log: Logger;
  /** Of one file; the one before it is kept as `PATH.1`. */
  maxFileBytes?: number;
  /** What may wait for the disk; what comes beyond is counted and left out. */
  maxQueuedBytes?: number;
}

const FLUSH_PERIOD = 250;
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;

/**
 * One JSON line a request, in a file that only its owner reads.
 *
 * Invariants: a request never waits for the disk; memory is bounded whatever the disk does; what was left out is said in the log itself
 * (`{"dropped": N}`), so that it is not taken for complete.
 */
export class AccessLogWriter implements Runnable {
  readonly name = "access log";
  readonly #options: Required<AccessLogOptions>;
  #lines: string[] = [];
  #queued = 0;
  #dropped = 0;
  #size = 0;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #failing = false;

  constructor(options: AccessLogOptions) {
    this.#options = { maxFileBytes: MAX_FILE_BYTES, maxQueuedBytes: MAX_QUEUED_BYTES, ...options };
  }

  async start(): Promise<void> {
    const { path, clock } = this.#options;
    this.#size = await sizeOf(path);
    this.#timer = clock.every(FLUSH_PERIOD, () => void this.flush());
  }

  /** Writes what is left. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#writing;
    await this.flush();
  }

  write(entry: AccessLogEntry): void {
    const { share, random, maxQueuedBytes } = this.#options;
    if (share < 1 && !failed(entry) && random.float() >= share) return;
    if (this.#queued >= maxQueuedBytes) {
      this.#dropped++;
      return;
    }
    const line = `${JSON.stringify(entry)}\n`;
    this.#queued += line.length;
    this.#lines.push(line);
  }

  /** Resolves when what was written until now is in the file, or lost and counted. */
  flush(): Promise<void> {
    this.#writing ??= this.#flush().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #flush(): Promise<void> {
    const lines = this.#lines;
    const dropped = this.#dropped;
    if (lines.length === 0 && dropped === 0) return;
    this.#lines = [];
    this.#dropped = 0;
    const text = lines.join("") + (dropped > 0 ? `${JSON.stringify({ time: this.#options.clock.now(), dropped })}\n` : "");
    try {
      await this.#rotate();
      await appendFile(this.#options.path, text, { mode: 0o600 });
      this.#size += Buffer.byteLength(text);
      this.#failing = false;
    } catch (error) {
      this.#dropped += lines.length + dropped;
      if (!this.#failing)
        this.#options.log.error({ path: this.#options.path, reason: causeChain(error) }, "the access log cannot be written");
      this.#failing = true;
    } finally {
      // Until here it was in memory.
      this.#queued -= lines.reduce((sum, line) => sum + line.length, 0);
    }
  }

  async #rotate(): Promise<void> {
    const { path, maxFileBytes } = this.#options;
    if (this.#size < maxFileBytes) return;
    await rename(path, `${path}.1`);
    this.#size = 0;
  }
}

function failed({ status, outcome }: AccessLogEntry): boolean {
  return status >= 500 || outcome === "cut";
}
