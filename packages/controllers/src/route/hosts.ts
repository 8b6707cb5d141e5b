import { flat } from "@ebb/base";
import { LABELS, type Route } from "@ebb/kube";
import { CLUSTER_DOMAIN, domainFor } from "../config/network.ts";
import type { Values } from "../config/settings.ts";
import { placeholderName } from "./placeholders.ts";

/** The names under which a Route, or one of its tags, is reached. */
export interface Hosts {
  /** Absent when it is reached inside the cluster only. */
  external?: string;
  local: string[];
}

export type HostSettings = Pick<Values, "network" | "domain"> & {
  /** Names, of the Route or of tags, that are visible inside the cluster only, whatever the Route is. */
  local?: ReadonlySet<string>;
  /** Hosts that have a certificate. */
  secure?: ReadonlySet<string>;
};

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const LONGEST_HOST = 253;

/** Hosts of the Route itself (no tag) or of a tag; local ones in all the lengths that a cluster's DNS search gives. */
export function hostsOf(route: Route, settings: HostSettings, tag?: string): Hosts {
  const { labels = {}, annotations = {}, namespace = "" } = route.metadata;
  const Name = placeholderName(route, settings.network, tag);
  const local = [flat(Name, ".", namespace, ".", CLUSTER_DOMAIN), flat(Name, ".", namespace, ".svc"), flat(Name, ".", namespace)];
  const domain = domainFor(settings.domain, labels);
  if (labels[LABELS.visibility] === "cluster-local" || domain === CLUSTER_DOMAIN || settings.local?.has(Name)) return { local };
  const external = settings.network.domainTemplate({
    Name,
    Namespace: namespace,
    Domain: domain,
    Annotations: annotations,
    Labels: labels,
  });
  return { external: external.toLowerCase(), local };
}

export function urlOf({ external, local }: Hosts, secure?: ReadonlySet<string>): string {
  return schemed(external ?? local[0] ?? "", secure);
}

export function schemed(host: string, secure?: ReadonlySet<string>): string {
  return `${secure?.has(host) ? "https" : "http"}://${host}`;
}

/** What keeps a text from being a host name, if anything does. */
export function hostProblem(host: string): string | undefined {
  if (host.length > LONGEST_HOST) return `the host ${host.slice(0, 80)}… is longer than ${LONGEST_HOST} characters`;
  const bad = host.split(".").find((label) => !LABEL.test(label));
  if (bad === undefined) return undefined;
  return bad.length > 63
    ? `${JSON.stringify(bad)} in the host has more than 63 characters: shorten the name or the tag`
    : `${JSON.stringify(host)} is not a host name`;
}
