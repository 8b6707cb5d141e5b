import type { Clock, Logger } from "@ebb/base";
import type { InstanceStatus } from "../port.ts";

interface DrainDeps {
  clock: Clock;
  log: Logger;
  drain(instance: InstanceStatus): Promise<void>;
  /** Milliseconds after which an instance is stopped though it is not drained. */
  drainPatience: number;
}

/** Resolves when no request is under way at the instance any more, or when that has taken too long. Never throws. */
export async function drained(instance: InstanceStatus, { clock, drain, drainPatience, log }: DrainDeps): Promise<void> {
  const timeout = Promise.withResolvers<void>();
  const timer = clock.after(drainPatience, () => timeout.resolve());
  try {
    await Promise.race([drain(instance), timeout.promise]);
  } catch (error) {
    log.warn({ id: instance.id, error }, "an instance could not be drained and is stopped all the same");
  } finally {
    timer.cancel();
  }
}
