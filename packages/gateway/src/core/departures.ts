import type { Clock, Timer } from "@ebb/base";
import type { EndpointState } from "./endpoint-state.ts";

/** Endpoints that were taken out of their backend and have requests to finish. */
export class Departures {
  readonly #clock: Clock;
  readonly #leaving = new Map<string, Set<EndpointState>>();
  readonly #timers = new Set<Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(endpoints: readonly EndpointState[]): void {
    for (const state of endpoints) {
      if (state.inFlight === 0) continue;
      const { id } = state.endpoint;
      const group = this.#leaving.get(id) ?? new Set();
      group.add(state);
      this.#leaving.set(id, group);
      state.whenIdle(() => {
        group.delete(state);
        if (group.size === 0 && this.#leaving.get(id) === group) this.#leaving.delete(id);
      });
    }
  }

  /** Calls back once: with 0 when nothing is in flight there, else with what is left after `timeout` milliseconds. */
  drain(id: string, timeout: number, done: (inFlight: number) => void): void {
    const group = this.#leaving.get(id);
    if (!group) return done(0);
    let waiting = group.size;
    const finish = (inFlight: number) => {
      timer.cancel();
      if (this.#timers.delete(timer)) done(inFlight);
    };
    const timer = this.#clock.after(timeout, () => finish([...group].reduce((sum, state) => sum + state.inFlight, 0)));
    this.#timers.add(timer);
    for (const state of group) {
      state.whenIdle(() => {
        if (--waiting === 0) finish(0);
      });
    }
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
