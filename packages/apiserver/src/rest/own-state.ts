import { APIServices, apiVersionOf, derivedUid, Namespaces, type Kind, type KubeObject } from "@ebb/kube";
import type { Registry } from "../registry/registry.ts";
import { groupVersions } from "./discovery.ts";

/** What kube-apiserver gives its core group, and one step further down for each that follows: the order of discovery. */
const FIRST_PRIORITY = 18_000;
const STEP = 100;
/** The parts of a control plane that `kubectl get cs` names. Here they are this process: who can ask finds them well. */
const COMPONENTS = ["controller-manager", "scheduler", "etcd-0"];

/** What `kubectl get apiservices` shows: the groups and versions that are served, all of them by this server. */
export function apiServices(kinds: readonly Kind[], registry: Pick<Registry, "get">): KubeObject[] {
  const { uid = "", creationTimestamp = "" } = registry.get({ kind: Namespaces, name: "default" }).metadata;
  const versions = [{ group: "", version: "v1" }, ...groupVersions(kinds)];
  const groups = [...new Set(versions.map(({ group }) => group))];
  return versions
    .map(({ group, version }) => {
      const name = `${version}.${group}`;
      const others = versions.filter((each) => each.group === group).map((each) => each.version);
      return {
        apiVersion: apiVersionOf(APIServices),
        kind: APIServices.kind,
        metadata: {
          name,
          uid: derivedUid(APIServices, uid, name),
          creationTimestamp,
          labels: { "kube-aggregator.kubernetes.io/automanaged": "onstart" },
        },
        spec: {
          ...(group === "" ? {} : { group }),
          version,
          groupPriorityMinimum: Math.max(STEP, FIRST_PRIORITY - groups.indexOf(group) * STEP),
          versionPriority: others.length - others.indexOf(version),
        },
        status: {
          conditions: [
            {
              type: "Available",
              status: "True",
              lastTransitionTime: creationTimestamp,
              reason: "Local",
              message: "Local APIServices are always available",
            },
          ],
        },
      };
    })
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

export function componentStatuses(): KubeObject[] {
  const conditions = [{ type: "Healthy", status: "True", message: "ok" }];
  return COMPONENTS.map((name) => ({ apiVersion: "v1", kind: "ComponentStatus", metadata: { name }, conditions }));
}
