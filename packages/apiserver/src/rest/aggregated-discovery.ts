import type { Kind } from "@ebb/kube";
import { groupVersions, resourceList, type ResourceInfo } from "./discovery.ts";

export const AGGREGATED_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** Whether the client would rather have everything at once; those that do not know of it get the lists. */
export function wantsAggregated(accept: string | undefined): boolean {
  for (const choice of (accept ?? "").slice(0, 4096).split(",")) {
    const [type = "", ...parameters] = choice.split(";").map((part) => part.trim());
    if (type !== "application/json") continue;
    const given = new Set(parameters);
    if (["g=apidiscovery.k8s.io", "v=v2", "as=APIGroupDiscoveryList"].every((one) => given.has(one))) return true;
    if (![...given].some((one) => one.startsWith("as="))) return false;
  }
  return false;
}

/** `/api` (the core group) or `/apis` (all others) with every resource: apidiscovery.k8s.io/v2. */
export function aggregatedDiscovery(kinds: readonly Kind[], root: "api" | "apis"): unknown {
  const versions = root === "api" ? [{ group: "", version: "v1" }] : groupVersions(kinds);
  const groups = Map.groupBy(versions, ({ group }) => group);
  const items = [...groups].map(([name, entries]) => ({
    metadata: { ...(name === "" ? {} : { name }), creationTimestamp: null },
    versions: entries.map(({ group, version }) => ({
      version,
      resources: resourcesOf(kinds, group, version),
      freshness: "Current",
    })),
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
}

function resourcesOf(kinds: readonly Kind[], group: string, version: string): unknown[] {
  const infos = resourceList(kinds, group, version)?.resources ?? [];
  const kindOf = (info: ResourceInfo) => ({ group: info.group ?? group, version: info.version ?? version, kind: info.kind });
  const main = infos.filter(({ name }) => !name.includes("/"));
  return main.map((info) => ({
    resource: info.name,
    responseKind: kindOf(info),
    scope: info.namespaced ? "Namespaced" : "Cluster",
    singularResource: info.singularName,
    verbs: info.verbs,
    ...(info.shortNames ? { shortNames: info.shortNames } : {}),
    ...(info.categories ? { categories: info.categories } : {}),
    ...subresources(infos, info.name, kindOf),
  }));
}

function subresources(infos: readonly ResourceInfo[], resource: string, kindOf: (info: ResourceInfo) => unknown) {
  const own = infos.filter(({ name }) => name.startsWith(`${resource}/`));
  if (own.length === 0) return {};
  return {
    subresources: own.map((info) => ({
      subresource: info.name.slice(resource.length + 1),
      responseKind: kindOf(info),
      verbs: info.verbs,
    })),
  };
}
