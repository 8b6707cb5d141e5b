import { sleep, type Clock, type Logger } from "@ebb/base";
import { allMounts } from "../pods/parts.ts";
import type { InstanceSpec } from "../port.ts";
import type { InstanceVolumes } from "./instance-volumes.ts";

/** As often as the kubelet looks. */
const PERIOD = 10_000;

interface GuardDeps {
  clock: Clock;
  log: Logger;
  /** Whether the instance is to be looked at any longer. */
  runs(): boolean;
  closed: AbortSignal;
  /** Ends it, for that reason. */
  evict(message: string): Promise<unknown>;
}

/** Whether an instance has volumes to be looked at; those of a group are, with the one that serves. */
export function isLimited({ memberOf, volumes = [] }: InstanceSpec): boolean {
  return !memberOf && volumes.some(({ sizeBytes }) => sizeBytes !== undefined);
}

/** Ends an instance that puts more into its empty volumes than it may. */
export async function guardVolumes(spec: InstanceSpec, volumes: InstanceVolumes, deps: GuardDeps): Promise<void> {
  const { clock, log, runs, closed, evict } = deps;
  while (runs()) {
    try {
      const message = await volumes.overfull(spec.volumes ?? [], allMounts(spec));
      if (message !== undefined && runs()) return void (await evict(message));
    } catch (error) {
      log.warn({ instance: spec.id, error }, "could not look at the volumes of a container");
    }
    await sleep(clock, PERIOD, closed).catch(() => undefined);
  }
}
