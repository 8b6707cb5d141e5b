import type { Clock, Timer } from "@ebb/base";
import type { EndpointState } from "./endpoint-state.ts";

/**
 * For so long a tunnel keeps an instance from being told to end. Then it is told, and may take leave of its clients itself, for as long as its grace
 * lasts: as upstream's queue-proxy lets it be told so long after its last request, whatever is still open (DefaultDrainTimeout in knative.dev/pkg/network).
 */
const TUNNEL_PATIENCE = 30_000;

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

  /** Calls back once, with what is left in flight there: nothing, or after a while nothing but tunnels, or after `timeout` milliseconds whatever it is. */
  drain(id: string, timeout: number, done: (inFlight: number) => void): void {
    const group = this.#leaving.get(id);
    if (!group) return done(0);
    const finish = () => {
      for (const timer of timers) timer.cancel();
      // Each of the three may come to its end in the same moment.
      if (timers.filter((timer) => this.#timers.delete(timer)).length > 0) done([...group].reduce((sum, state) => sum + state.inFlight, 0));
    };
    const timers = [
      this.#clock.after(timeout, finish),
      this.#clock.after(TUNNEL_PATIENCE, () => whenAll(group, (state, then) => state.whenIdle(then, "tunnels"), finish)),
    ];
    for (const timer of timers) this.#timers.add(timer);
    whenAll(group, (state, then) => state.whenIdle(then), finish);
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}

function whenAll(group: ReadonlySet<EndpointState>, wait: (state: EndpointState, then: () => void) => void, then: () => void): void {
  let waiting = group.size;
  for (const state of group) wait(state, () => void (--waiting === 0 && then()));
}
