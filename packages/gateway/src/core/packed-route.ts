import type { HostRule, RouteEntry, RouteRule } from "../route-table.ts";

/**
 * A host of an entry as it is kept: what a request needs as it is, its rules as text, which takes a quarter of the memory that they take as objects. Most
 * hosts sleep, and those of the others are compiled once.
 */
export interface PackedHost extends Omit<HostRule, "rules"> {
  rules: string | undefined;
}

export interface PackedEntry extends Omit<RouteEntry, "hosts"> {
  hosts: readonly PackedHost[];
}

/** Shared by the many hosts that set nothing. */
const NO_HEADERS: Record<string, string> = {};

export function packEntry(entry: RouteEntry): PackedEntry {
  return {
    key: entry.key,
    hash: entry.hash,
    ...(entry.order === undefined ? {} : { order: entry.order }),
    hosts: entry.hosts.map(packHost),
  };
}

function packHost({ rules, ...rest }: HostRule): PackedHost {
  const setHeaders = Object.keys(rest.setHeaders).length === 0 ? NO_HEADERS : rest.setHeaders;
  return { ...rest, setHeaders, rules: rules && JSON.stringify(rules) };
}

export function unpackEntry(entry: PackedEntry): RouteEntry {
  return { ...entry, hosts: entry.hosts.map(unpackHost) };
}

function unpackHost(host: PackedHost): HostRule {
  const { rules: _rules, ...rest } = host;
  return host.rules === undefined ? rest : { ...rest, rules: rulesOf(host) };
}

export function rulesOf({ rules }: Pick<PackedHost, "rules">): RouteRule[] {
  return rules === undefined ? [] : (JSON.parse(rules) as RouteRule[]);
}
