import { ConfigMaps, isStatus, Namespaces, type KubeClient } from "@ebb/kube";
import type { ServerConfig } from "./config.ts";

const SYSTEM_NAMESPACE = "knative-serving";

/**
 * What a fresh cluster has before its first application: the namespaces, and Knative's ConfigMaps where Ebb differs from upstream's defaults.
 * What is there already is left alone: it is the operator's.
 */
export async function bootstrapCluster(client: KubeClient, config: ServerConfig): Promise<void> {
  for (const name of ["default", "kube-system", SYSTEM_NAMESPACE]) {
    await ensure(client.create(Namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } }));
  }
  const maps: Record<string, Record<string, string>> = {
    // `{name}.sls-{cluster}.{base}`: names are unique in a cluster, whatever their namespace.
    "config-domain": { [`sls-${config.clusterName}.${config.baseDomain}`]: "" },
    "config-network": { "domain-template": "{{.Name}}.{{.Domain}}", "tag-template": "{{.Tag}}-{{.Name}}" },
    "config-autoscaler": {},
    "config-defaults": {},
    "config-gc": {},
  };
  for (const [name, data] of Object.entries(maps)) {
    await ensure(client.create(ConfigMaps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: SYSTEM_NAMESPACE }, data }));
  }
}

async function ensure(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
  }
}
