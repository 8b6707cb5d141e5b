import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { basename, isAbsolute, normalize } from "node:path";

/** Whether it may be the place where a program waits to be started; that it is a FIFO is seen when it is opened. */
export function isGateFile(path: string): boolean {
  return isAbsolute(path) && normalize(path) === path && basename(path) === "gate";
}

/** Lets go what waits there for a line; false when nothing does any more. Never waits, and writes to nothing but a FIFO. */
export function openGate(path: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch {
    return false;
  }
  try {
    if (!fstatSync(descriptor).isFIFO()) return false;
    writeSync(descriptor, "go\n");
    return true;
  } catch {
    return false;
  } finally {
    closeSync(descriptor);
  }
}
