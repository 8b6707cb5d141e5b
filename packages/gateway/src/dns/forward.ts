import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import type { Clock } from "@ebb/base";
import { readTcpMessages, tcpMessage } from "./tcp-framing.ts";

const TIMEOUT = 2_000;
const PORT = 53;

/** `address` or `address:port`, `[v6]:port`. */
export function parseUpstream(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text);
  if (!match) return { host: text, port: PORT };
  return { host: match[1] ?? match[2] ?? text, port: match[3] === undefined ? PORT : Number(match[3]) };
}

/** Asks one resolver over UDP. Undefined when it does not answer in time. A socket of its own gives each query a random port. */
export function askUdp(query: Buffer, upstream: string, clock: Clock): Promise<Buffer | undefined> {
  const { host, port } = parseUpstream(upstream);
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
    const finish = (answer: Buffer | undefined) => {
      timer.cancel();
      socket.removeAllListeners("message");
      socket.close();
      resolve(answer);
    };
    const timer = clock.after(TIMEOUT, () => finish(undefined));
    socket.once("error", () => finish(undefined));
    // Connected, the kernel drops what comes from elsewhere; the id must match, too.
    socket.connect(port, host, () => socket.send(query));
    socket.on("message", (answer) => {
      if (answer.length >= 12 && answer.readUInt16BE(0) === query.readUInt16BE(0)) finish(answer);
    });
  });
}

/** The same over TCP, for answers that do not fit a datagram. */
export function askTcp(query: Buffer, upstream: string, clock: Clock): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect(parseUpstream(upstream));
    const finish = (answer: Buffer | undefined) => {
      timer.cancel();
      socket.destroy();
      resolve(answer);
    };
    const timer = clock.after(TIMEOUT, () => finish(undefined));
    socket.on("error", () => finish(undefined));
    socket.on("close", () => finish(undefined));
    readTcpMessages(socket, finish);
    socket.write(tcpMessage(query));
  });
}
