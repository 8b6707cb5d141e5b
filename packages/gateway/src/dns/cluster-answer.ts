import { AUTHORITATIVE_ANSWER, decode, encode, RECURSION_AVAILABLE, type DecodedPacket, type Question } from "dns-packet";

/** Seconds; short, as the address is the gateway's and may change with its configuration. */
const TTL = 5;
const SERVFAIL = 2;

export interface ClusterZone {
  /** `cluster.local` */
  domain: string;
  /** The IPv4 address every service of the cluster has: the gateway's. */
  address: string;
}

/** A query with exactly one question, or undefined for anything else. */
export function parseQuery(bytes: Buffer): (DecodedPacket & { question: Question }) | undefined {
  try {
    const packet = decode(bytes);
    const [question, ...more] = packet.questions ?? [];
    if (packet.type !== "query" || !question || more.length > 0) return undefined;
    return { ...packet, question };
  } catch {
    return undefined;
  }
}

/** Whether the name is one that only the cluster can answer: `*.svc.DOMAIN`. */
export function isClusterName(name: string, zone: ClusterZone): boolean {
  return name.toLowerCase().replace(/\.$/, "").endsWith(`.svc.${zone.domain}`);
}

/** The answer for a cluster name: its address for A, nothing (but no error) for other types, so that no resolver gives up on the name. */
export function clusterAnswer(
  query: { id?: number | undefined; flags?: number | undefined; question: Question },
  zone: ClusterZone,
): Buffer {
  const { question } = query;
  return encode({
    type: "response",
    id: query.id,
    flags: (query.flags ?? 0) | AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE,
    questions: [question],
    answers: question.type === "A" ? [{ type: "A", name: question.name, ttl: TTL, data: zone.address }] : [],
  });
}

export function serverFailure(query: { id?: number | undefined; flags?: number | undefined; question: Question }): Buffer {
  return encode({
    type: "response",
    id: query.id,
    flags: (query.flags ?? 0) | RECURSION_AVAILABLE | SERVFAIL,
    questions: [query.question],
  });
}
