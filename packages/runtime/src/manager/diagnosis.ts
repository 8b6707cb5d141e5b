import { atWork, type Clock, type Logger } from "@ebb/base";
import type { Driver } from "../port.ts";
import type { ProbePace } from "../probes/pace.ts";

/** The first look at what an instance does wrong, and the time between further ones. */
const FIRST = 1000;
const NEXT = 5000;
/** What starts beside many others takes longer, with nothing wrong, and a look takes a core for milliseconds: so much later for each of them. */
const FOR_EACH_OTHER = 100;

/** Cores that a program which waits for requests uses at most; one that boots uses whatever it gets. */
const AT_REST = 0.05;

interface DiagnosisDeps {
  driver: Driver;
  clock: Clock;
  log: Logger;
  pace: Pick<ProbePace, "starting">;
}

/** Now and then, while an instance is not ready, its driver looks for what the instance does not know itself. */
export class Diagnosis {
  readonly #id: string;
  readonly #deps: DiagnosisDeps;
  #next = 0;
  #used: { cpuMs: number; at: number } | undefined;

  constructor(id: string, deps: DiagnosisDeps) {
    this.#id = id;
    this.#deps = deps;
  }

  /** Its program is given a moment. */
  begin(): void {
    this.#next = this.#deps.clock.monotonic() + FIRST;
    this.#used = undefined;
  }

  /** Calls with what was found, or with nothing, if it is time to look. */
  look(found: (what: string | undefined) => void): void {
    const { clock, driver, log, pace } = this.#deps;
    if (clock.monotonic() < this.#next + Math.max(0, pace.starting - 1) * FOR_EACH_OTHER) return;
    this.#next = clock.monotonic() + NEXT;
    const atRest = this.#isAtRest();
    driver
      .diagnose(this.#id)
      .then((what) => found(what === undefined || atRest ? what : atWork(what)))
      .catch((error: unknown) => {
        log.debug({ id: this.#id, error }, "could not look into an instance");
        found(undefined);
      });
  }

  /** Since the look before; false at the first. */
  #isAtRest(): boolean {
    const { clock, driver } = this.#deps;
    const cpuMs = driver.usage(this.#id)?.cpuMs;
    const at = clock.monotonic();
    const before = this.#used;
    this.#used = cpuMs === undefined ? undefined : { cpuMs, at };
    return before !== undefined && cpuMs !== undefined && cpuMs >= before.cpuMs && cpuMs - before.cpuMs <= AT_REST * (at - before.at);
  }
}
