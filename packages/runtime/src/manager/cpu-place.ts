import type { Driver } from "../port.ts";

interface CpuPlaceDeps {
  driver: Pick<Driver, "freeze" | "thaw" | "thawFile">;
  /** Whether nobody wants it on the CPU, but those who hold it. */
  idle(): boolean;
  /** It was taken off. */
  off(): void;
  /** It could not be taken off. */
  failed(error: unknown): void;
}

/** Where one instance is: on the CPU or off it. Invariant: the driver has one act under way at a time, in the order in which they were asked for. */
export class CpuPlace {
  readonly #id: string;
  readonly #deps: CpuPlaceDeps;
  #moving: Promise<void> = Promise.resolve();
  #isOff = false;
  #holds = 0;
  #thawFile: string | undefined;

  constructor(id: string, deps: CpuPlaceDeps) {
    this.#id = id;
    this.#deps = deps;
  }

  get isOff(): boolean {
    return this.#isOff;
  }

  /** By which it can be put back by others, too, once it was taken off. */
  get thawFile(): string | undefined {
    return this.#thawFile;
  }

  /** Resolves when nothing is under way. */
  get settled(): Promise<void> {
    return this.#moving;
  }

  /** It is off already. */
  adopt(): void {
    this.#isOff = true;
    this.#thawFile = this.#deps.driver.thawFile?.(this.#id);
  }

  /** Takes it off when that resolves, unless somebody wants it by then; when it rejects it cannot be. */
  leaveAfter(moment: Promise<boolean>): void {
    this.#moving = moment.then(
      (still) => (still ? this.#takeOff() : undefined),
      (error: unknown) => this.#deps.failed(error),
    );
  }

  /** Puts it on; the answer is called once it is. */
  comeBack(then: () => void, failed: (error: unknown) => void): void {
    this.#thawFile = undefined;
    if (!this.#isOff) return then();
    this.#moving = this.#moving.then(() => this.#putOn()).then(then, failed);
  }

  /** Puts it on for one who calls the answer when it may go. */
  async hold(): Promise<() => void> {
    this.#holds++;
    const release = () => {
      this.#holds--;
      this.#moving = this.#moving.then(() => this.#takeOff());
    };
    // A freeze that has not happened yet does not, as it is held.
    if (!this.#isOff) return release;
    const thawed = this.#moving.then(() => this.#putOn());
    this.#moving = thawed.catch(() => undefined);
    try {
      await thawed;
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  async #putOn(): Promise<void> {
    if (!this.#isOff) return;
    await this.#deps.driver.thaw(this.#id);
    this.#isOff = false;
  }

  async #takeOff(): Promise<void> {
    const { driver, idle, off, failed } = this.#deps;
    if (!idle() || this.#holds > 0 || this.#isOff) return;
    this.#isOff = true;
    try {
      await driver.freeze(this.#id);
      if (!idle()) return;
      this.#thawFile = driver.thawFile?.(this.#id);
      off();
    } catch (error) {
      failed(error);
    }
  }
}
