import type { Clock, Timer } from "@ebb/base";
import type { ProbeSpec } from "../port.ts";
import type { ProbePace } from "./pace.ts";
import { attemptProbe, type ProbeTarget } from "./attempt.ts";

/** kubelet's default, and what Knative asks of it when the period is 0. */
const DEFAULT_PERIOD_SECONDS = 10;

/** Told after each probe. */
export interface ProbeReport {
  /** Whether the thresholds call it healthy; undefined until one of them is reached the first time. */
  healthy: boolean | undefined;
  /** Why the last probe failed. */
  message?: string;
}

export interface ProberOptions {
  clock: Clock;
  probe: ProbeSpec;
  target: ProbeTarget;
  /** Probes at this pace until the first success, also when the spec has a period: for readiness while an instance starts. */
  pace?: ProbePace;
  /** Whether those who have requests for it try it by themselves: then it is asked only so that it is known here, too. */
  triedElsewhere?: () => boolean;
  report(report: ProbeReport): void;
}

/**
 * Probes one instance until it is stopped. Invariants: probes never overlap; nothing is reported after `stop`; thresholds count consecutive
 * results, as kubelet's do.
 */
export class Prober {
  readonly #options: ProberOptions;
  #timer: Timer | undefined;
  #stopped = false;
  #healthy: boolean | undefined;
  #everHealthy = false;
  #successes = 0;
  #failures = 0;
  #startedAt = 0;
  #leave: (() => void) | undefined;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  start(): void {
    const { pace, clock } = this.#options;
    this.#leave = pace?.enter();
    this.#startedAt = clock.monotonic();
    const { initialDelaySeconds } = this.#options.probe;
    this.#schedule(initialDelaySeconds * 1000 + (this.#seldom() ?? 0));
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#leave?.();
  }

  #schedule(delay: number): void {
    if (!this.#stopped) this.#timer = this.#options.clock.after(delay, () => void this.#probe());
  }

  async #probe(): Promise<void> {
    const { probe, target, clock } = this.#options;
    const message = await attemptProbe(probe, target, clock);
    if (this.#stopped) return;
    this.#count(message === undefined);
    if (this.#everHealthy) this.#leave?.();
    this.#options.report({ healthy: this.#healthy, ...(message !== undefined && { message }) });
    this.#schedule(this.#interval());
  }

  #count(success: boolean): void {
    const { successThreshold, failureThreshold } = this.#options.probe;
    this.#successes = success ? this.#successes + 1 : 0;
    this.#failures = success ? 0 : this.#failures + 1;
    if (success && this.#successes >= Math.max(1, successThreshold)) this.#healthy = this.#everHealthy = true;
    if (!success && this.#failures >= Math.max(1, failureThreshold)) this.#healthy = false;
  }

  #interval(): number {
    const { probe, pace, clock } = this.#options;
    if (pace && !this.#everHealthy)
      return this.#seldom() ?? pace.interval(clock.monotonic() - this.#startedAt - probe.initialDelaySeconds * 1000);
    const period = (probe.periodSeconds > 0 ? probe.periodSeconds : DEFAULT_PERIOD_SECONDS) * 1000;
    return period;
  }

  #seldom(): number | undefined {
    const { pace, triedElsewhere } = this.#options;
    return triedElsewhere?.() === true ? pace?.seldom : undefined;
  }
}
