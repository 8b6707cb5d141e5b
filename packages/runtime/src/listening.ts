import { readFileSync } from "node:fs";
import { listensElsewhere, listensNowhere } from "@ebb/base";

export interface Listener {
  /** As people write it: `127.0.0.1`, `0.0.0.0`, `::1`, `::`. */
  host: string;
  port: number;
  inode: string;
}

const LISTEN = "0A";

/** The listening sockets in proc(5)'s `net/tcp` or `net/tcp6`. */
export function parseListeners(table: string): Listener[] {
  const listeners: Listener[] = [];
  for (const line of table.split("\n").slice(1)) {
    // Of a busy machine's thousands of connections each line is of one that does not listen.
    if (!line.includes(` ${LISTEN} `)) continue;
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    const [address, port] = (local ?? "").split(":");
    if (state !== LISTEN || address === undefined || port === undefined || inode === undefined) continue;
    listeners.push({ host: hostOf(address), port: Number.parseInt(port, 16), inode });
  }
  return listeners;
}

/** All listening TCP sockets of the network namespace of a process (its own when none is given). */
export function readListeners(pid: number | "self" = "self"): Listener[] {
  return ["tcp", "tcp6"].flatMap((name) => {
    try {
      return parseListeners(readFileSync(`/proc/${pid}/net/${name}`, "utf8"));
    } catch {
      return [];
    }
  });
}

/** The kernel prints 32-bit words in the byte order of the machine: little endian wherever Node 24 runs. */
function hostOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, "hex")].reverse());
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.every((byte) => byte === 0)) return "::";
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return "::1";
  if (bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff) return bytes.slice(12).join(".");
  return Array.from({ length: 8 }, (_, at) => (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16)).join(":");
}

/** Where requests will come to. */
export interface Expected {
  port: number;
  /** The addresses of which one must be listened on. */
  hosts: readonly string[];
  /** How the application can know the port, for the advice. */
  advice: string;
}

/** What is wrong with what an instance listens on, in one sentence with the remedy; undefined when nothing is. */
export function explainListeners(listeners: readonly Listener[], expected: Expected): string | undefined {
  const { port, hosts, advice } = expected;
  const onPort = listeners.filter((listener) => listener.port === port);
  if (onPort.some((listener) => hosts.includes(listener.host))) return undefined;
  const [first] = onPort;
  if (first) return listensElsewhere(`${first.host}:${port} only`, `${hosts[0]}:${port}`, `listen on ${hosts.slice(0, 2).join(" or ")}`);
  if (listeners.length === 0) return listensNowhere(port, advice);
  const ports = [...new Set(listeners.map((listener) => listener.port))].sort((a, b) => a - b);
  return listensElsewhere(ports.join(", "), `$PORT (${port})`, advice);
}
