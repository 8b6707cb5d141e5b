import type { Usage } from "@ebb/autoscaler";
import type { Clock } from "@ebb/base";
import type { InstanceManager, InstanceStatus } from "@ebb/runtime";
import { CpuRates } from "./cpu-rates.ts";

const MIB = 1024 * 1024;
const CORE = 1000;

/** What the instances of revisions use, by readings some seconds apart. */
export class UsageSampler {
  readonly #instances: Pick<InstanceManager, "usage">;
  readonly #clock: Clock;
  readonly #rates = new CpuRates();

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
      const rate = this.#rates.note(id, { at: now, cpuMs: usage.cpuMs });
      if (!rate) continue;
      measured++;
      cpuPercent += (rate.cores * 100 * CORE) / cpuMillis;
      memory += usage.memoryBytes;
    }
    return measured === 0 ? undefined : { cpuPercent: cpuPercent / measured, memoryMiB: memory / MIB / measured };
  }

  /** Forgets all instances but these. */
  keep(ids: ReadonlySet<string>): void {
    this.#rates.keep(ids);
  }
}
