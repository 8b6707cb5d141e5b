import { BlockList, isIP, isIPv4 } from "node:net";
import type { Clock } from "@ebb/base";
import type { RequestHead } from "../http1/heads.ts";
import type { AccessEntry, RateLimit, TrafficPolicy } from "../route-table.ts";
import { fieldValue, RequestView } from "../rules/request-view.ts";
import { compileText } from "../rules/text-match.ts";
import type { Peer } from "./ports.ts";
import type { Bucket, RateTable } from "./rate-table.ts";

export interface Refusal {
  status: 403 | 429;
  message: string;
  /** Further header lines. */
  fields: string;
}

interface CompiledEntry {
  holds(view: RequestView): boolean;
  /** Milliseconds since 1970. */
  until: number;
}

interface CompiledLimit extends Bucket {
  /** Names the bucket, with what `of` says. */
  key: string;
  of(view: RequestView): string;
}

export interface GuardServices {
  clock: Pick<Clock, "now">;
  rates: RateTable;
}

export const DENIED = "you may not use this";

/** What an affinity cookie says: which version, and which of its instances. */
export interface Preference {
  revision: string;
  endpoint: string;
}

/** The traffic policy of a host, ready for requests. It has no state of its own: what is counted outlives a change of the policy. */
export class HostGuard {
  readonly policy: TrafficPolicy;
  readonly #deny: CompiledEntry[];
  readonly #allow: CompiledEntry[];
  readonly #limits: CompiledLimit[];

  /** `owner` is the entry that has the policy: all its hosts draw from the same buckets. */
  constructor(policy: TrafficPolicy, owner: string) {
    this.policy = policy;
    this.#deny = (policy.deny ?? []).map(compileEntry);
    this.#allow = (policy.allow ?? []).map(compileEntry);
    this.#limits = (policy.rateLimits ?? []).map((limit, i) => compileLimit(limit, `${owner} ${i}`));
  }

  /** Why the request is not let in, if it is not. One that is takes its share of what the limits allow. */
  refuse(request: RequestHead, client: Peer, { clock, rates }: GuardServices): Refusal | undefined {
    const now = clock.now();
    const view = new RequestView(request, client);
    if (this.denies(view, now)) return { status: 403, message: DENIED, fields: "" };
    for (const limit of this.#limits) {
      const wait = rates.take(`${limit.key} ${limit.of(view)}`, limit, now);
      if (wait > 0) {
        return { status: 429, message: "too many requests, try again later", fields: `Retry-After: ${Math.ceil(wait / 1000)}\r\n` };
      }
    }
    return undefined;
  }

  /** By its lists; `now` in milliseconds since 1970. */
  denies(view: RequestView, now: number): boolean {
    const holds = (entry: CompiledEntry) => now < entry.until && entry.holds(view);
    const allowed = this.#allow.filter(({ until }) => now < until);
    return this.#deny.some(holds) || (allowed.length > 0 && !allowed.some(holds));
  }

  preference({ fields }: RequestHead): Preference | undefined {
    const { affinity } = this.policy;
    const cookies = affinity && fieldValue(fields, "cookie");
    if (cookies === undefined) return undefined;
    for (const pair of cookies.split(/[;,]/)) {
      const [name, value = ""] = pair.trim().split("=", 2);
      const [revision, endpoint] = value.split(".");
      if (name === affinity?.cookie && revision && endpoint) return { revision, endpoint };
    }
    return undefined;
  }

  /** The header line that brings a client back to where it was; empty when it needs none. */
  cookieFor(served: Preference, had: Preference | undefined, client: Peer): string {
    const { affinity } = this.policy;
    if (!affinity || (had?.revision === served.revision && had.endpoint === served.endpoint)) return "";
    const { cookie, seconds } = affinity;
    const secure = client.secure ? "; Secure" : "";
    return `Set-Cookie: ${cookie}=${served.revision}.${served.endpoint}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}\r\n`;
  }
}

function compileEntry(entry: AccessEntry): CompiledEntry {
  const until = entry.until === undefined ? Infinity : Date.parse(entry.until);
  if (entry.address !== undefined) {
    const block = blockOf(entry.address);
    return { until, holds: ({ client }) => block(client.remoteAddress) };
  }
  const { header = "", match = { present: true } } = entry;
  const test = compileText(match);
  return { until, holds: (view) => test(view.header(header)) };
}

/** An address that is none holds for nobody: admission has refused it, and a gateway must serve on. */
function blockOf(text: string): (address: string) => boolean {
  const [base = "", length] = text.split("/");
  const family = isIP(base);
  if (family === 0) return () => false;
  const most = family === 4 ? 32 : 128;
  const bits = length === undefined ? most : Number(length);
  if (!Number.isInteger(bits) || bits < 0 || bits > most) return () => false;
  const list = new BlockList();
  list.addSubnet(base, bits, family === 4 ? "ipv4" : "ipv6");
  return (address) => {
    const plain = plainAddress(address);
    return list.check(plain, isIPv4(plain) ? "ipv4" : "ipv6");
  };
}

/** A socket for both families tells of IPv4 clients as `::ffff:192.0.2.1`. */
function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

function compileLimit({ requests, perSeconds, burst = requests, by }: RateLimit, key: string): CompiledLimit {
  const bucket = { key, interval: (perSeconds * 1_000_000) / requests, burst };
  if (by === "app") return { ...bucket, of: () => "" };
  if (by === "client") return { ...bucket, of: ({ client }) => plainAddress(client.remoteAddress) };
  return { ...bucket, of: (view) => view.header(by.header) ?? "" };
}
