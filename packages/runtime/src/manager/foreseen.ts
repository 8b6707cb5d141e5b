import { isDeepStrictEqual } from "node:util";
import type { Clock, Logger, Timer } from "@ebb/base";
import { specOf } from "../instance-values.ts";
import type { Driver, InstanceSpec, Workload } from "../port.ts";
import type { StartSlots } from "./start-slots.ts";

/** What an engine keeps of one is a record and some folders; but it goes through all of them each time that it is asked for a list. */
const MOST = 50;
/** The machine is the first request's before. */
const DELAY = 1000;

interface ForeseenDeps {
  clock: Clock;
  log: Logger;
  /** One after the other, and never in the turn of those that somebody waits for. */
  slots: StartSlots;
  most?: number;
}

interface Next {
  spec: InstanceSpec;
  driver: Driver;
  /** Its driver knows of it. */
  begun: boolean;
}

/**
 * The next instance of a workload, before anybody asks for it: its name is chosen, so that its driver may make of it what costs nothing while it waits. Those of the workloads that were busy
 * last are kept.
 */
export class Foreseen {
  readonly #deps: ForeseenDeps;
  /** By workload, in the order in which they were made. */
  readonly #next = new Map<string, Next>();
  readonly #timers = new Map<string, Timer>();
  #closed = false;

  constructor(deps: ForeseenDeps) {
    this.#deps = deps;
  }

  /** A moment later one is made for it, of what `make` gives then, unless there is one. */
  want(key: string, make: () => Omit<Next, "begun"> | undefined): void {
    if (this.#closed || this.#next.has(key) || this.#timers.has(key)) return;
    const act = () => {
      this.#timers.delete(key);
      const made = make();
      if (made) this.#add(key, { ...made, begun: false });
    };
    this.#timers.set(key, this.#deps.clock.after(DELAY, act));
  }

  /** The id of the one that is to be started now; undefined when none is foreseen of it as it is. */
  take(workload: Workload): string | undefined {
    this.keep(workload);
    const next = this.#next.get(workload.key);
    this.#forget(workload.key);
    return next?.spec.id;
  }

  /** One that is made of something else goes. */
  keep(workload: Workload): void {
    const next = this.#next.get(workload.key);
    if (next && !isDeepStrictEqual(next.spec, specOf(workload, next.spec.id))) void this.drop(workload.key);
  }

  has(id: string): boolean {
    return [...this.#next.values()].some(({ spec }) => spec.id === id);
  }

  /** Resolves when nothing is left of it. */
  async drop(key: string): Promise<void> {
    const next = this.#next.get(key);
    this.#forget(key);
    if (!next?.begun) return;
    await next.driver
      .forget(next.spec.id)
      .catch((error: unknown) =>
        this.#deps.log.warn({ id: next.spec.id, error }, "what was made ahead of an instance could not be deleted"),
      );
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#timers.keys(), ...this.#next.keys()].map((key) => this.drop(key)));
  }

  #forget(key: string): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
    this.#next.delete(key);
  }

  #add(key: string, next: Next): void {
    const { slots, log, most = MOST } = this.#deps;
    this.#next.set(key, next);
    const [oldest] = this.#next.keys();
    if (this.#next.size > most && oldest !== undefined) void this.drop(oldest);
    const make = async () => {
      // It may have been started meanwhile, or is not wanted any more.
      if (this.#next.get(key) !== next) return;
      next.begun = true;
      await next.driver.foresee?.(next.spec);
    };
    slots.run(key, make).catch((error: unknown) => {
      log.info({ id: next.spec.id, error }, "nothing of an instance could be made ahead: it will start as any other");
      if (this.#next.get(key) === next) this.#forget(key);
    });
  }
}
