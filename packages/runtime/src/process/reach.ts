import { UserError } from "@ebb/base";
import { readListeners, type Listener } from "../listening.ts";
import type { Address } from "../port.ts";
import { socketInodes } from "./proc.ts";

interface Wanted {
  port: number;
  /** That of the spec: what the instance would listen on in a network of its own. */
  declared: number;
  /** That which it was given instead. */
  own: number;
}

/**
 * Where some processes listen on a port. They share the machine's network: a port on which others listen is not theirs, and leads nowhere, or a
 * person who may only reach an application could reach everything on this machine. Throws UserError `PortNotReachable`.
 */
export function reachProcess(pids: readonly number[], { port, declared, own }: Wanted): Address {
  const wanted = port === declared ? own : port;
  const inodes = new Set<string>();
  for (const pid of pids) for (const inode of socketInodes(pid)) inodes.add(inode);
  const listeners = readListeners().filter((listener) => listener.port === wanted && inodes.has(listener.inode));
  const [first] = listeners;
  if (first) return { host: hostOf(listeners, first), port: wanted };
  const shown = port === wanted ? "" : ` (${wanted} on this machine)`;
  throw new UserError("PortNotReachable", `no process of the instance listens on port ${port}${shown}`);
}

function hostOf(listeners: readonly Listener[], first: Listener): string {
  const ANY = ["0.0.0.0", "::", "127.0.0.1"];
  return listeners.some(({ host }) => ANY.includes(host)) ? "127.0.0.1" : first.host;
}
