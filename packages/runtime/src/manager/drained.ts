import { UserError, type Clock, type Logger } from "@ebb/base";
import type { InstanceStatus } from "../port.ts";

interface DrainDeps {
  clock: Clock;
  log: Logger;
  /** Resolves with what is left open there. */
  drain(instance: InstanceStatus): Promise<number>;
  /** Milliseconds after which an instance is stopped though it is not drained. */
  drainPatience: number;
}

/** Resolves when no request is under way at the instance any more, or when that has taken too long, with what is left open, as far as it is known. Never throws. */
export async function drained(instance: InstanceStatus, { clock, drain, drainPatience, log }: DrainDeps): Promise<number> {
  const timeout = Promise.withResolvers<number>();
  const timer = clock.after(drainPatience, () => timeout.resolve(0));
  try {
    return await Promise.race([drain(instance), timeout.promise]);
  } catch (error) {
    log.warn({ id: instance.id, error }, "an instance could not be drained and is stopped all the same");
    return 0;
  } finally {
    timer.cancel();
  }
}

/** As `drained`. Throws UserError when connections are left: off the CPU nobody would close them, or answer in them. */
export async function free(instance: InstanceStatus, deps: DrainDeps): Promise<void> {
  const left = await drained(instance, deps);
  if (left > 0) throw new UserError("ConnectionsOpen", `${left} connections to it stay open, which nobody would answer in`);
}
