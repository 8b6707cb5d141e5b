import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { basename, dirname, isAbsolute, join, normalize } from "node:path";
import type { Clock } from "@ebb/base";

/** Whether it may be the place where a program waits to be started; that it is a FIFO is seen when it is opened. */
export function isGateFile(path: string): boolean {
  return isAbsolute(path) && normalize(path) === path && basename(path) === "gate";
}

/** What takes longer to listen is tried seldom enough that a millisecond does not matter. */
const HEARS_FOR = 2000;

/**
 * Calls `heard` once, when what was let go says by the FIFO beside its gate that it listens; never where there is none or it says nothing. What it says is left unread, and whoever can write there can
 * have one connection tried, no more.
 */
export function hearListening(gate: string, heard: () => void, clock: Clock): void {
  const descriptor = openFifo(join(dirname(gate), "listens"), constants.O_RDWR);
  if (descriptor === undefined) return;
  const ear = new Socket({ fd: descriptor, readable: true, writable: false });
  const timer = clock.after(HEARS_FOR, () => ear.destroy());
  ear.unref();
  ear.once("data", () => {
    ear.destroy();
    heard();
  });
  ear.once("error", () => ear.destroy());
  ear.once("close", () => timer.cancel());
}

/** Lets go what waits there for a line; false when nothing does any more. Never waits, and writes to nothing but a FIFO. */
export function openGate(path: string): boolean {
  const descriptor = openFifo(path, constants.O_WRONLY);
  if (descriptor === undefined) return false;
  try {
    writeSync(descriptor, "go\n");
    return true;
  } catch {
    return false;
  } finally {
    closeSync(descriptor);
  }
}

/** Undefined for what is none, is a link, or has nobody at its other end. */
function openFifo(path: string, flags: number): number | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, flags | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch {
    return undefined;
  }
  if (fstatSync(descriptor).isFIFO()) return descriptor;
  closeSync(descriptor);
  return undefined;
}
