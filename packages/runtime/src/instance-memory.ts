import { totalmem } from "node:os";

/** For Ebb itself, builds and the machine's own services. */
const LEAST_RESERVE = 512 * 1024 ** 2;
const SHARE_RESERVED = 0.05;

/**
 * Bytes that all instances may use together, as a kubelet's `allocatable`: one without a limit of its own that takes ever more is ended, and not the
 * machine, which would stand still for minutes before its kernel ended something.
 */
export function instanceMemory(total = machineMemory()): number {
  const reserve = Math.min(total / 2, Math.max(LEAST_RESERVE, total * SHARE_RESERVED));
  return Math.floor(total - reserve);
}

/** Frozen instances: a quarter of the machine. */
const SHARE_FROZEN = 0.25;

/** Bytes that frozen instances may keep together; the oldest are stopped above it. */
export function frozenMemory(): number {
  return Math.floor(machineMemory() * SHARE_FROZEN);
}

/** Bytes that this machine, or the container that Ebb runs in, has. */
export function machineMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
