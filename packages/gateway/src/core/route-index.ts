import type { Random } from "@ebb/base";
import type { HostRule, RouteEntry } from "../route-table.ts";

/** What a host leads to. */
export interface RouteMatch {
  routeKey: string;
  hash: string;
  rule: HostRule;
}

/**
 * Hosts and what they lead to. A lookup is one map access, whatever the number of routes. When two routes claim one host, the one that
 * claimed it first keeps it, and the other gets it when the first lets go.
 */
export class RouteIndex {
  readonly #routes = new Map<string, RouteEntry>();
  readonly #hosts = new Map<string, RouteMatch[]>();

  get entries(): RouteEntry[] {
    return [...this.#routes.values()];
  }

  put(entry: RouteEntry): void {
    const before = this.#routes.get(entry.key);
    this.#routes.set(entry.key, entry);
    const kept = new Set(entry.hosts.map((rule) => rule.host));
    for (const rule of before?.hosts ?? []) if (!kept.has(rule.host)) this.#drop(rule.host, entry.key);
    for (const rule of entry.hosts) this.#claim(rule.host, { routeKey: entry.key, hash: entry.hash, rule });
  }

  remove(key: string): void {
    for (const rule of this.#routes.get(key)?.hosts ?? []) this.#drop(rule.host, key);
    this.#routes.delete(key);
  }

  replaceAll(entries: readonly RouteEntry[]): void {
    this.#routes.clear();
    this.#hosts.clear();
    for (const entry of entries) this.put(entry);
  }

  find(host: string): RouteMatch | undefined {
    return this.#hosts.get(host)?.[0];
  }

  #claim(host: string, match: RouteMatch): void {
    const claims = this.#hosts.get(host);
    if (!claims) return void this.#hosts.set(host, [match]);
    const own = claims.findIndex((claim) => claim.routeKey === match.routeKey);
    if (own >= 0) claims[own] = match;
    else claims.push(match);
  }

  #drop(host: string, routeKey: string): void {
    const left = (this.#hosts.get(host) ?? []).filter((claim) => claim.routeKey !== routeKey);
    if (left.length === 0) this.#hosts.delete(host);
    else this.#hosts.set(host, left);
  }
}

/** Draws the revision for one request by the rule's percentages. Undefined when no revision has a share. */
export function drawRevision(rule: HostRule, random: Random): string | undefined {
  const { splits } = rule;
  if (splits.length === 1 && splits[0] && splits[0].percent > 0) return splits[0].revision;
  let total = 0;
  for (const split of splits) total += split.percent;
  let point = random.float() * total;
  for (const split of splits) {
    point -= split.percent;
    if (point < 0) return split.revision;
  }
  return undefined;
}
