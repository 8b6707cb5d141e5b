import { AUTHORITATIVE_ANSWER, decode, encode, RECURSION_AVAILABLE, type DecodedPacket, type Question } from "dns-packet";

/** Seconds; short, as the address is the gateway's and may change with its configuration. */
const TTL = 5;
const SERVFAIL = 2;
const NXDOMAIN = 3;

export interface ClusterZone {
  /** `cluster.local` */
  domain: string;
  /** The IPv4 address every service of the cluster has, the gateway's, but for the API's. */
  address: string;
  api: string;
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

/**
 * Whether the name is one that only the cluster can answer: `*.svc.DOMAIN`, and `SERVICE.NAMESPACE.svc`, which some resolvers ask for as it is
 * because it has dots enough.
 */
export function isClusterName(name: string, zone: ClusterZone): boolean {
  const plain = plainOf(name);
  return plain.endsWith(`.svc.${zone.domain}`) || /^[^.]+\.[^.]+\.svc$/.test(plain);
}

const API = "kubernetes.default.svc";

/** A Service has two labels before `svc`. Anything else is a resolver that tried its search list on a name from outside. */
function addressOf(name: string, zone: ClusterZone): string | undefined {
  const plain = plainOf(name);
  const own = plain.endsWith(`.${zone.domain}`) ? plain.slice(0, -zone.domain.length - 1) : plain;
  if (own === API) return zone.api;
  return /^[^.]+\.[^.]+\.svc$/.test(own) ? zone.address : undefined;
}

function plainOf(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

/**
 * The answer for a cluster name: its address for A, nothing (but no error) for other types, so that no resolver gives up on the name; that
 * there is no such name for one that cannot be a Service's.
 */
export function clusterAnswer(
  query: { id?: number | undefined; flags?: number | undefined; question: Question },
  zone: ClusterZone,
): Buffer {
  const { question } = query;
  const address = addressOf(question.name, zone);
  return encode({
    type: "response",
    id: query.id,
    flags: (query.flags ?? 0) | AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | (address === undefined ? NXDOMAIN : 0),
    questions: [question],
    answers: address !== undefined && question.type === "A" ? [{ type: "A", name: question.name, ttl: TTL, data: address }] : [],
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
