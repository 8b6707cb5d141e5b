import type { Random } from "@ebb/base";
import type { HostRule, RecordedFields, RouteEntry, Split } from "../route-table.ts";
import { packHost, rulesOf, type PackedHost } from "./packed-route.ts";
import { nickname } from "./hash.ts";
import { HostGuard } from "./host-guard.ts";
import { compileRule, compileTraffic, type CompiledRoute } from "../rules/compile-rule.ts";
import { Shelf, Shelved } from "./shelf.ts";

/** The listener that a request came in by; cluster-local hosts exist on the internal one only. */
export type Visibility = "external" | "internal";

/** Where a host is looked for: on a listener, or in the cluster-local gateway alone, where a rule may send a request. */
export type Scope = Visibility | "local";

/** What a host leads to on one listener. */
export interface RouteMatch {
  /** The hashes of the entries that it was made of, separated by commas: what a probe is answered with. */
  hash: string;
  /** Tried in order. Empty for a host without rules, which goes the short way. */
  routes: readonly CompiledRoute[];
  /** What is left, after the rules: who is asked, and what is set. */
  splits: readonly Split[];
  setHeaders: Readonly<Record<string, string>>;
  /** What comes in cleartext from outside is sent to the TLS port. */
  redirectToTls: boolean;
  guard: HostGuard | undefined;
  recorded: RecordedFields | undefined;
  /** The entries, in order. */
  entries: readonly string[];
}

type CompiledShelf = Shelf<readonly CompiledRoute[]>;

/** Hosts whose rules are compiled at once. */
const MOST_COMPILED = 1000;

interface Claim {
  entry: Omit<RouteEntry, "hosts">;
  rule: PackedHost;
}

type Matches = Readonly<Record<Scope, RouteMatch | undefined>>;

/** What all hosts of an index share. */
interface Entries {
  /** As it was put. */
  entry(key: string): RouteEntry | undefined;
  compiled: CompiledShelf;
}

/** The entries that name a host, and what that leads to: found out when a request asks for it first, as most hosts sleep. */
class HostState {
  readonly #host: string;
  readonly keys: readonly string[];
  readonly #entries: Entries;
  #matches: Matches | undefined;

  constructor(host: string, keys: readonly string[], entries: Entries) {
    this.#host = host;
    this.keys = keys;
    this.#entries = entries;
  }

  get matches(): Matches {
    return (this.#matches ??= this.#merge());
  }

  #merge(): Matches {
    const { compiled } = this.#entries;
    const claims = this.keys.flatMap((key) => {
      const { hosts = [], ...entry } = this.#entries.entry(key) ?? { key, hash: "" };
      return hosts.filter(({ host }) => host === this.#host).map((rule) => ({ entry, rule: packHost(rule) }));
    });
    const external = merge(only(claims, "external"), compiled);
    const local = merge(only(claims, "cluster-local"), compiled);
    return { external, internal: local ?? external, local };
  }
}

/**
 * Hosts and what they lead to. A lookup is one map access, whatever the number of routes; a host that is not named itself is looked for
 * under `*.suffix`, longest first, and `*`.
 *
 * Entries that name one host are merged as Istio merges VirtualServices: by age, catch-all rules last (pilot's SortVHostRoutes). On the
 * internal listener what is cluster-local hides what is external.
 */
export class RouteIndex {
  /** As text, which takes a fifth of the memory that objects do. */
  readonly #routes = new Map<string, string>();
  readonly #hosts = new Map<string, HostState>();
  readonly #entries: Entries = { entry: (key) => this.#entry(key), compiled: new Shelf(MOST_COMPILED) };
  /** How many hosts begin with `*`: with none, a miss is a miss. */
  #wildcards = 0;

  get entries(): RouteEntry[] {
    return Array.from(this.#routes.values(), (packed) => JSON.parse(packed) as RouteEntry);
  }

  #entry(key: string): RouteEntry | undefined {
    const packed = this.#routes.get(key);
    return packed === undefined ? undefined : (JSON.parse(packed) as RouteEntry);
  }

  put(entry: RouteEntry): void {
    // What is wrong with a policy is told to who sets it, and changes nothing: found out later, it would fail each request.
    for (const { policy } of entry.hosts) if (policy) void new HostGuard(policy, entry.key);
    const before = this.#entry(entry.key);
    this.#routes.set(entry.key, JSON.stringify(entry));
    const kept = new Set(entry.hosts.map((rule) => rule.host));
    for (const { host } of before?.hosts ?? []) if (!kept.has(host)) this.#claim(host, entry.key, false);
    for (const host of kept) this.#claim(host, entry.key, true);
  }

  remove(key: string): void {
    const entry = this.#entry(key);
    this.#routes.delete(key);
    for (const { host } of entry?.hosts ?? []) this.#claim(host, key, false);
  }

  replaceAll(entries: readonly RouteEntry[]): void {
    this.#routes.clear();
    this.#hosts.clear();
    this.#wildcards = 0;
    for (const entry of entries) this.put(entry);
  }

  find(host: string, scope: Scope): RouteMatch | undefined {
    return this.#hosts.get(host)?.matches[scope] ?? (this.#wildcards > 0 ? this.#findWildcard(host, scope) : undefined);
  }

  #findWildcard(host: string, scope: Scope): RouteMatch | undefined {
    for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {
      const found = this.#hosts.get(`*${host.slice(dot)}`)?.matches[scope];
      if (found) return found;
    }
    return this.#hosts.get("*")?.matches[scope];
  }

  /** An entry names a host, or another than before, or it no more; one that was there keeps its place. */
  #claim(host: string, key: string, wanted: boolean): void {
    const before = this.#hosts.get(host)?.keys ?? [];
    const others = wanted && before.includes(key) ? before : before.filter((other) => other !== key);
    const keys = wanted && others !== before ? [...others, key] : others;
    if (host.startsWith("*") && keys.length > 0 !== before.length > 0) this.#wildcards += keys.length > 0 ? 1 : -1;
    if (keys.length === 0) return void this.#hosts.delete(host);
    this.#hosts.set(host, new HostState(host, keys, this.#entries));
  }
}

function merge(claims: readonly Claim[], shelf: CompiledShelf): RouteMatch | undefined {
  const sorted = claims.length > 1 ? claims.toSorted(byOrder) : claims;
  const [first] = sorted;
  return first && new ClaimedMatch(first, sorted, shelf);
}

const NO_ROUTES: readonly CompiledRoute[] = [];
const NO_SPLITS: readonly Split[] = [];
const NO_HEADERS: Readonly<Record<string, string>> = {};

/**
 * What the claims on a host come to. Rules are compiled when a request asks for them: compiled ones take three times the memory, and most
 * hosts sleep.
 */
class ClaimedMatch extends Shelved<readonly CompiledRoute[]> implements RouteMatch {
  readonly redirectToTls: boolean;
  readonly guard: HostGuard | undefined;
  readonly recorded: RecordedFields | undefined;
  readonly #first: Claim;
  readonly #claims: readonly Claim[];
  readonly #isRuled: boolean;

  constructor(first: Claim, claims: readonly Claim[], shelf: CompiledShelf) {
    super(shelf);
    this.#first = first;
    this.#claims = claims;
    this.#isRuled = claims.some(({ rule }) => rule.rules !== undefined);
    this.redirectToTls = claims.some(({ rule }) => rule.redirectToTls === true);
    this.recorded = claims.find(({ rule }) => rule.recorded)?.rule.recorded;
    const guarded = claims.find(({ rule }) => rule.policy);
    this.guard = guarded?.rule.policy && new HostGuard(guarded.rule.policy, guarded.entry.key);
  }

  get hash(): string {
    return this.#claims.length === 1 ? this.#first.entry.hash : this.#claims.map(({ entry }) => entry.hash).join(",");
  }
  get entries(): string[] {
    return this.#claims.map(({ entry }) => entry.key);
  }
  get routes(): readonly CompiledRoute[] {
    return this.#isRuled ? this.get() : NO_ROUTES;
  }
  get splits(): readonly Split[] {
    return this.#isRuled ? NO_SPLITS : this.#first.rule.splits;
  }
  get setHeaders(): Readonly<Record<string, string>> {
    return this.#isRuled ? NO_HEADERS : this.#first.rule.setHeaders;
  }

  protected make(): readonly CompiledRoute[] {
    return compileClaims(this.#claims);
  }
}

function compileClaims(claims: readonly Claim[]): readonly CompiledRoute[] {
  const routes = claims.flatMap(compileClaim);
  return [...routes.filter((route) => !route.isCatchAll), ...routes.filter((route) => route.isCatchAll)];
}

/** The same list where it would be no shorter. */
function only(claims: readonly Claim[], visibility: HostRule["visibility"]): readonly Claim[] {
  return claims.every(({ rule }) => rule.visibility === visibility) ? claims : claims.filter(({ rule }) => rule.visibility === visibility);
}

function byOrder(a: Claim, b: Claim): number {
  const [left, right] = [a.entry.order ?? "", b.entry.order ?? ""];
  return left < right ? -1 : left > right ? 1 : 0;
}

function compileClaim({ entry, rule }: Claim): CompiledRoute[] {
  const lines = rulesOf(rule).flatMap((item) => compileRule(entry.key, item));
  return rule.splits.length === 0 ? lines : [...lines, compileTraffic(entry.key, rule)];
}

/** Draws the revision for one request by the percentages, or the one that it prefers by nickname. Undefined when no revision has a share. */
export function drawRevision(
  { splits }: Pick<RouteMatch, "splits">,
  random: Pick<Random, "float">,
  preferred?: string,
): string | undefined {
  const own = preferred && splits.find(({ revision, percent }) => percent > 0 && nickname(revision) === preferred);
  if (own) return own.revision;
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
