/**
 * Something that runs. Constructing it has no effect; `start` resolves when it is ready to serve; `stop` drains it, ends every loop it
 * owns and resolves when nothing of it runs any more. `stop` may be called at any time after construction, more than once.
 */
export interface Runnable {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts its parts in order and stops them in reverse. When one fails to start, those already started are stopped again. */
export class Group implements Runnable {
  readonly name: string;
  readonly #parts: readonly Runnable[];
  #started: Runnable[] = [];

  constructor(name: string, parts: readonly Runnable[]) {
    this.name = name;
    this.#parts = parts;
  }

  async start(): Promise<void> {
    for (const part of this.#parts) {
      this.#started.push(part);
      try {
        await part.start();
      } catch (error) {
        await this.stop();
        throw error;
      }
    }
  }

  async stop(): Promise<void> {
    const failures: unknown[] = [];
    for (const part of this.#started.reverse()) {
      try {
        await part.stop();
      } catch (error) {
        failures.push(error);
      }
    }
    this.#started = [];
    if (failures.length > 0) throw new AggregateError(failures, `${this.name}: could not stop cleanly`);
  }
}
