import type { ChildProcess } from "node:child_process";

/** Whether a child of ours was started and has not ended, as far as we were told. */
export function isAlive({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}
