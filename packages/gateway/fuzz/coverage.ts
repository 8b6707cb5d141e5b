import { Session } from "node:inspector/promises";

/** The engine's own coverage of branches: which blocks of the parser have run since the last look. */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();
  readonly #all = new Set<string>();

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** How many blocks ran for the first time, in so coarse a count of times: a loop that ran more often is news, too. */
  async news(): Promise<number> {
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    const before = this.#seen.size;
    for (const { url, functions } of result) {
      if (!url.includes("/gateway/src/http1/")) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          const block = `${url} ${startOffset} ${endOffset}`;
          this.#all.add(block);
          if (count > 0) this.#seen.add(`${block} ${Math.floor(Math.log2(count))}`);
        }
      }
    }
    return this.#seen.size - before;
  }

  /** Blocks that have run, and those that are known. */
  get blocks(): { run: number; known: number } {
    return { run: new Set([...this.#seen].map((each) => each.slice(0, each.lastIndexOf(" ")))).size, known: this.#all.size };
  }

  stop(): void {
    this.#session.disconnect();
  }
}
