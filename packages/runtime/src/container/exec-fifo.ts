import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { sleep, systemCode, type Clock } from "@ebb/base";
import { holdsOpen } from "../holds-open.ts";

/** Where runc(8) keeps what it knows of containers, for an engine that is root's. */
const RUNC = "/run/runc";
/** Between two looks, milliseconds. */
const PERIOD = 1;
const TAKEN_WITHIN = 5000;

/**
 * The pipe at which the first process of an initialised container waits to become its program: runc(8) lets it go by opening the other end, as
 * anybody may who is root. An engine that is asked to do it takes a hundred times as long.
 */
export class ExecFifo {
  readonly path: string;

  /** @param container the engine's full id of it. */
  constructor(container: string, folder = RUNC) {
    this.path = join(folder, container, "exec.fifo");
  }

  /** Whether that process waits at it. False for a program that runs, whatever it calls itself, and where another runtime is used. */
  isAwaitedBy(pid: number): boolean {
    return holdsOpen(pid, this.path);
  }

  /** Lets that process, which waits here, become its program. Resolves when it has gone. */
  async letGo(pid: number, clock: Clock): Promise<void> {
    const end = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
    const until = clock.monotonic() + TAKEN_WITHIN;
    try {
      // It writes a byte: with nobody at this end, that would be the end of it.
      while (!hasByte(end) && clock.monotonic() < until && this.isAwaitedBy(pid)) await sleep(clock, PERIOD);
    } finally {
      closeSync(end);
    }
  }

  /** Gives a byte to a `runc start` that waits for it; false while none does. */
  meet(): boolean {
    let end: number;
    try {
      end = openSync(this.path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      // Nobody has opened the other end, or there is no pipe any more.
      if (systemCode(error) === "ENXIO" || systemCode(error) === "ENOENT") return false;
      throw error;
    }
    try {
      writeSync(end, "0");
    } finally {
      closeSync(end);
    }
    return true;
  }
}

function hasByte(end: number): boolean {
  try {
    return readSync(end, Buffer.alloc(1)) > 0;
  } catch (error) {
    // Nobody has written yet.
    if (systemCode(error) === "EAGAIN") return false;
    throw error;
  }
}
