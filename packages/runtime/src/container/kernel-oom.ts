import { closeSync, constants, openSync, readSync } from "node:fs";
import { systemCode } from "@ebb/base";

/** The kernel gives one record a read; the longest is 8 KiB. */
const LARGEST_RECORD = 8192;
/** More records than a kernel log of the usual size holds. */
const MOST_RECORDS = 50_000;

/** Whether a line of the kernel's log tells of a process killed because the control group of that container was full. */
export function isOomRecord(record: string, containerId: string): boolean {
  return record.includes("oom-kill:constraint=") && record.includes("oom_memcg=") && record.includes(containerId);
}

/**
 * Asks the kernel's log (/dev/kmsg) whether a container was killed for want of memory. Podman on cgroup v1 often misses it: the container
 * ends before its monitor is told. False where the log may not be read.
 */
export function wasOomKilled(containerId: string): boolean {
  let log: number;
  try {
    log = openSync("/dev/kmsg", constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return false;
  }
  const buffer = Buffer.allocUnsafe(LARGEST_RECORD);
  try {
    for (let count = 0; count < MOST_RECORDS; count++) {
      const record = readRecord(log, buffer);
      if (record === undefined) return false;
      if (isOomRecord(record, containerId)) return true;
    }
    return false;
  } finally {
    closeSync(log);
  }
}

function readRecord(log: number, buffer: Buffer): string | undefined {
  try {
    return buffer.toString("latin1", 0, readSync(log, buffer));
  } catch (error) {
    // EPIPE: the record was overwritten meanwhile; the next read goes on behind it. EAGAIN: that was all.
    return systemCode(error) === "EPIPE" ? "" : undefined;
  }
}
