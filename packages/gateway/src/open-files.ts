import { readFileSync } from "node:fs";

/** For what is no connection: the control socket, the table, the log, and the event loop of each thread. At rest two threads hold 58. */
const RESERVE = { process: 48, thread: 16 };

/**
 * How many of `wanted` client connections there are file descriptors for, and how many to instances: each client's may need one, which may be left idle, and one of
 * HTTP/2 a few hundred.
 *
 * Running out must not be left to the kernel: each event loop keeps one descriptor to refuse connections with when there is no other, and threads lose
 * theirs to each other. From then on whoever comes is neither taken nor refused, and all threads spin.
 */
export function affordableConnections(
  wanted: number,
  workers: number,
  openFiles = openFilesAllowed(),
): { connections: number; upstreamConnections: number } {
  const free = Math.max(2 * workers, openFiles - RESERVE.process - workers * RESERVE.thread);
  const connections = Math.min(wanted, Math.floor(free / 2));
  return { connections, upstreamConnections: free - connections };
}

/** Of this process, as raised by Node when it started; no bound where the system does not tell. */
function openFilesAllowed(): number {
  try {
    const said = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return said === undefined ? Infinity : Number(said);
  } catch {
    return Infinity;
  }
}
