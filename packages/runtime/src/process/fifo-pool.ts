import { execFile } from "node:child_process";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Two are needed for an instance; a batch is one run of mkfifo(1) (Node.js has no call for it), off the path of a cold start. */
const BATCH = 32;
const LOW = 8;

/** FIFOs made in advance. */
export class FifoPool {
  readonly #folder: string;
  #free: string[] = [];
  #count = 0;
  #filling: Promise<void> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Forgets what an earlier process made. */
  reset(): void {
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** Moves new FIFOs to `paths`, which must be on the same file system. */
  async take(paths: readonly string[]): Promise<void> {
    while (this.#free.length < paths.length) await this.#fill();
    for (const path of paths) {
      const fifo = this.#free.pop();
      if (fifo !== undefined) renameSync(fifo, path);
    }
    // A failure shows when the pool has run dry.
    if (this.#free.length < LOW) this.#fill().catch(() => undefined);
  }

  /** Makes the first batch. */
  async warm(): Promise<void> {
    if (this.#free.length < LOW) await this.#fill();
  }

  #fill(): Promise<void> {
    this.#filling ??= this.#make().finally(() => (this.#filling = undefined));
    return this.#filling;
  }

  async #make(): Promise<void> {
    const paths = Array.from({ length: BATCH }, () => join(this.#folder, `${this.#count++}`));
    await run("mkfifo", ["-m", "600", "--", ...paths]);
    this.#free.push(...paths);
  }
}
