import { Session } from "node:inspector/promises";

const PARSERS = /\/gateway\/src\/http[12]\//;

/** The engine's own coverage of branches: which blocks of the parser have run since the last look. */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();
  readonly #all = new Set<string>();
  readonly #run = new Set<string>();
  readonly #glanced = new Set<string>();

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /**
   * Whether a block has run since the last look that no glance had seen run. Kept apart from `news`: the engine leaves out blocks that ran as
   * often as what is around them, so that many inputs together show others than each alone.
   */
  async glance(): Promise<boolean> {
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    const before = this.#glanced.size;
    for (const { url, functions } of result) {
      if (!PARSERS.test(url)) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) if (count > 0) this.#glanced.add(`${url} ${startOffset} ${endOffset}`);
      }
    }
    return this.#glanced.size > before;
  }

  /** How many blocks ran for the first time, in so coarse a count of times: a loop that ran more often is news, too. */
  async news(): Promise<number> {
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    const before = this.#seen.size;
    for (const { url, functions } of result) {
      if (!PARSERS.test(url)) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          const block = `${url} ${startOffset} ${endOffset}`;
          this.#all.add(block);
          if (count === 0) continue;
          this.#run.add(block);
          this.#seen.add(`${block} ${Math.floor(Math.log2(count))}`);
        }
      }
    }
    return this.#seen.size - before;
  }

  /** Blocks that have run, and those that are known. */
  get blocks(): { run: number; known: number } {
    return { run: this.#run.size, known: this.#all.size };
  }

  stop(): void {
    this.#session.disconnect();
  }
}
