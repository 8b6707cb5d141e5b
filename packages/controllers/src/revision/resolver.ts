import type { Cause, PodSpec } from "@ebb/kube";
import type { HostAlias, ResolverSpec } from "@ebb/runtime";

/** Upstream's, of which the second means what the first does where Pods have no host network. */
const CLUSTER_FIRST: ReadonlySet<string> = new Set(["ClusterFirst", "ClusterFirstWithHostNet"]);
const POLICIES: ReadonlySet<string> = new Set([...CLUSTER_FIRST, "Default", "None"]);

/** What `/etc/resolv.conf` says beside the cluster's own way of finding names; undefined: nothing. Or why no Pod could be made with that, in the API server's words. */
export function resolverOf({ dnsPolicy = "ClusterFirst", dnsConfig = {} }: PodSpec): { resolver?: ResolverSpec } | { problem: Cause } {
  const policy = dnsPolicy === "" ? "ClusterFirst" : dnsPolicy;
  const { nameservers = [], searches = [], options = [] } = dnsConfig;
  if (!POLICIES.has(policy)) {
    const known = [...POLICIES].map((name) => JSON.stringify(name)).toSorted();
    return invalid(`spec.dnsPolicy: Unsupported value: ${JSON.stringify(policy)}: supported values: ${known.join(", ")}`);
  }
  if (policy === "None" && nameservers.length === 0)
    return invalid("spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None");
  const base = CLUSTER_FIRST.has(policy) ? "cluster" : policy === "Default" ? "machine" : "none";
  if (base === "cluster" && nameservers.length + searches.length + options.length === 0) return {};
  const written = options.flatMap(({ name = "", value }) => (name === "" ? [] : [value === undefined ? name : `${name}:${value}`]));
  return { resolver: { base, nameservers, searches, options: written } };
}

export function hostAliasesOf({ hostAliases = [] }: PodSpec): HostAlias[] {
  return hostAliases.flatMap(({ ip, hostnames = [] }) => hostnames.map((name) => ({ name, address: ip })));
}

function invalid(why: string): { problem: Cause } {
  return { problem: { reason: "FailedCreate", message: `Pod is invalid: ${why}` } };
}
