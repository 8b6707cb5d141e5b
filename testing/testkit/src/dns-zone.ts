import { createSocket } from "node:dgram";
import { decode, encode, type Answer } from "dns-packet";

/** A DNS server on loopback whose records a test writes. */
export interface DnsZone {
  /** `127.0.0.1:PORT` */
  address: string;
  /** `A example.com` → `127.0.0.1`, `TXT _x.example.com` → any text; what is not there does not exist. */
  records: Map<string, string>;
  /** Names that were asked for, with their type in front. */
  asked: string[];
  close(): Promise<void>;
}

const NXDOMAIN = 3;

export async function startDnsZone(): Promise<DnsZone> {
  const socket = createSocket("udp4");
  const records = new Map<string, string>();
  const asked: string[] = [];
  socket.on("message", (bytes, peer) => {
    const query = decode(bytes);
    const question = query.questions?.[0];
    if (!question) return;
    const name = question.name.toLowerCase();
    const key = `${question.type} ${name}`;
    asked.push(key);
    const data = records.get(key);
    const known = [...records.keys()].some((each) => each.endsWith(` ${name}`));
    const answers = data === undefined ? [] : [{ type: question.type, name: question.name, ttl: 1, data } as Answer];
    socket.send(
      encode({ type: "response", id: query.id, flags: known ? 0 : NXDOMAIN, questions: [question], answers }),
      peer.port,
      peer.address,
    );
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    records,
    asked,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
