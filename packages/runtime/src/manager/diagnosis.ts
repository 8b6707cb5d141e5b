import type { Clock, Logger } from "@ebb/base";
import type { Driver } from "../port.ts";

/** The first look at what an instance does wrong, and the time between further ones. */
const FIRST = 1000;
const NEXT = 5000;

/** Now and then, while an instance is not ready, its driver looks for what the instance does not know itself. */
export class Diagnosis {
  readonly #id: string;
  readonly #deps: { driver: Driver; clock: Clock; log: Logger };
  #next = 0;

  constructor(id: string, deps: { driver: Driver; clock: Clock; log: Logger }) {
    this.#id = id;
    this.#deps = deps;
  }

  /** Its program is given a moment. */
  begin(): void {
    this.#next = this.#deps.clock.monotonic() + FIRST;
  }

  /** Calls with what was found, or with nothing, if it is time to look. */
  look(found: (what: string | undefined) => void): void {
    const { clock, driver, log } = this.#deps;
    if (clock.monotonic() < this.#next) return;
    this.#next = clock.monotonic() + NEXT;
    driver
      .diagnose(this.#id)
      .then(found)
      .catch((error: unknown) => log.debug({ id: this.#id, error }, "could not look into an instance"));
  }
}
