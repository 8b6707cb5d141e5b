import type { ClusterHostsChange } from "@ebb/api";
import { HOST_ANNOTATIONS, HOST_TEMPLATE, OWN_HOST_TEMPLATE } from "@ebb/kube";
import { parse } from "yaml";
import { MANAGED_BY, PLATFORM_LABELS } from "../cluster/port.ts";
import { refuse } from "../errors.ts";

/** The data of a cluster's config-domain and config-network. */
export interface HostConfig {
  readonly domains: Readonly<Record<string, string>>;
  readonly network: Readonly<Record<string, string>>;
}

/** Knative's own `domain-template`, where config-network has none. */
const DEFAULT_TEMPLATE = "{{.Name}}.{{.Namespace}}.{{.Domain}}";
const TEMPLATE = "domain-template";
/** What it was called once, which Knative still reads. */
const OLD_NAME = "domainTemplate";
/** Around the template that was there: whoever is not Ebb's keeps the host that it had. */
const HEAD = `{{if index .Annotations "${HOST_ANNOTATIONS.host}"}}${HOST_TEMPLATE}{{else}}`;
const TAIL = "{{end}}";
/** For the Routes of Ebb's Services alone, which have their labels. */
const SELECTOR = `selector:\n  ${PLATFORM_LABELS.managedBy}: ${MANAGED_BY}\n`;

/** The domain that the cluster gives to Ebb's apps alone; null when there is none. */
export function hostsDomain({ domains }: HostConfig): string | null {
  return Object.keys(domains).find((name) => isOurs(domains[name])) ?? null;
}

export function hostsTemplate({ network }: HostConfig): string {
  return network[TEMPLATE] ?? network[OLD_NAME] ?? DEFAULT_TEMPLATE;
}

/**
 * What the two ConfigMaps become so that Ebb's apps are at `{host}.{domain}` and all else stays where it is; null gives them back. Pure.
 * Throws `invalid_request` for a domain that the cluster has given to others.
 */
export function withHosts(now: HostConfig, domain: string | null): HostConfig {
  const others = Object.fromEntries(Object.entries(now.domains).filter(([, value]) => !isOurs(value)));
  return { domains: domain === null ? others : { ...others, ...entryOf(others, domain) }, network: networkWith(now, domain !== null) };
}

export function hostsChanges(before: HostConfig, after: HostConfig): ClusterHostsChange[] {
  const between = (configMap: string, [from, to]: [HostConfig["domains"], HostConfig["domains"]]) =>
    [...new Set([...Object.keys(from), ...Object.keys(to)])]
      .filter((key) => from[key] !== to[key])
      .map((key) => ({ configMap, key, before: from[key] ?? null, after: to[key] ?? null }));
  return [...between("config-domain", [before.domains, after.domains]), ...between("config-network", [before.network, after.network])];
}

function entryOf(others: HostConfig["domains"], domain: string): HostConfig["domains"] {
  const present = others[domain];
  if (present === undefined) return { [domain]: SELECTOR };
  // The domain of all Services is that of Ebb's, too.
  if (present.trim() === "") return {};
  throw refuse("invalid_request", `config-domain gives ${domain} to other Services already`, { hint: "Choose another domain for Ebb's." });
}

function networkWith(now: HostConfig, ours: boolean): HostConfig["network"] {
  const template = hostsTemplate(now);
  const wrapped = template.startsWith(HEAD) && template.endsWith(TAIL);
  if (ours) {
    if (wrapped || template === HOST_TEMPLATE || template === OWN_HOST_TEMPLATE) return now.network;
    return { ...now.network, [TEMPLATE]: HEAD + template + TAIL };
  }
  return wrapped ? { ...now.network, [TEMPLATE]: template.slice(HEAD.length, -TAIL.length) } : now.network;
}

function isOurs(value: string | undefined): boolean {
  let parsed: unknown;
  try {
    parsed = parse(value ?? "");
  } catch {
    return false;
  }
  const selector = (parsed as { selector?: unknown } | null)?.selector;
  if (typeof selector !== "object" || selector === null) return false;
  const entries = Object.entries(selector);
  return entries.length === 1 && entries[0]?.[0] === PLATFORM_LABELS.managedBy && entries[0][1] === MANAGED_BY;
}
