import type { Usage } from "@ebb/autoscaler";
import type { Clock } from "@ebb/base";
import type { InstanceManager, InstanceStatus } from "@ebb/runtime";

/** A rate of CPU is taken over as much of this as there is; what metrics-server uses by default. */
const SPAN = 15_000;
const MIB = 1024 * 1024;
const CORE = 1000;

interface Reading {
  at: number;
  cpuMs: number;
}

/** What the instances of revisions use, by readings some seconds apart. */
export class UsageSampler {
  readonly #instances: Pick<InstanceManager, "usage">;
  readonly #clock: Clock;
  /** By the instance; oldest first. */
  readonly #readings = new Map<string, Reading[]>();

  constructor(instances: Pick<InstanceManager, "usage">, clock: Clock) {
    this.#instances = instances;
    this.#clock = clock;
  }

  /** Reads those instances once more. Means over those that have been read twice; undefined while there are none. */
  sample(instances: readonly InstanceStatus[]): Usage | undefined {
    const now = this.#clock.monotonic();
    let measured = 0;
    let cpuPercent = 0;
    let memory = 0;
    for (const { id, phase, cpuMillis = CORE } of instances) {
      const usage = phase === "ready" ? this.#instances.usage(id) : undefined;
      if (!usage) continue;
      const readings = this.#readings.get(id) ?? [];
      readings.push({ at: now, cpuMs: usage.cpuMs });
      while (readings.length > 2 && (readings[1]?.at ?? now) <= now - SPAN) readings.shift();
      this.#readings.set(id, readings);
      const first = readings[0];
      if (!first || first.at >= now) continue;
      measured++;
      cpuPercent += ((Math.max(0, usage.cpuMs - first.cpuMs) / (now - first.at)) * 100 * CORE) / cpuMillis;
      memory += usage.memoryBytes;
    }
    return measured === 0 ? undefined : { cpuPercent: cpuPercent / measured, memoryMiB: memory / MIB / measured };
  }

  /** Forgets all instances but these. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#readings.keys()) if (!ids.has(id)) this.#readings.delete(id);
  }
}
