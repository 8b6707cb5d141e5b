import { systemClock } from "@ebb/base";
import { ClusterRoles, IstioGateways, isStatus, Namespaces, SERVING_NAMESPACE, type KubeClient } from "@ebb/kube";
import { ensureLandmarks, thisMachine } from "./cluster-landmarks.ts";
import type { ServerConfig } from "./config.ts";
import { KNATIVE_ROLES } from "./knative-roles.ts";
import { ensureServingConfigs } from "./serving-configs.ts";

/**
 * What a cluster has before its first application: the namespaces, the roles and ConfigMaps that Knative installs, the gateway's Services and
 * the Node.
 * What is there already is left alone: it is the operator's.
 */
export async function bootstrapCluster(client: KubeClient, config: ServerConfig): Promise<void> {
  for (const name of ["default", "kube-system", "kube-public", "kube-node-lease", SERVING_NAMESPACE, "istio-system"]) {
    await ensure(client.create(Namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } }));
  }
  for (const role of KNATIVE_ROLES) await ensure(client.create(ClusterRoles, role));
  await ensureServingConfigs(client, config);
  await ensureLandmarks(client, config, { machine: thisMachine(), now: systemClock.now() });
  for (const gateway of GATEWAYS) await ensure(client.create(IstioGateways, gateway));
}

/** net-istio's (config/202-gateway.yaml, 203-local-gateway.yaml), which VirtualServices name. */
const GATEWAYS = [
  { name: "knative-ingress-gateway", number: 80 },
  { name: "knative-local-gateway", number: 8081 },
].map(({ name, number }) => ({
  apiVersion: "networking.istio.io/v1",
  kind: "Gateway",
  metadata: { name, namespace: SERVING_NAMESPACE, labels: { "networking.knative.dev/ingress-provider": "istio" } },
  spec: { selector: { istio: "ingressgateway" }, servers: [{ port: { number, name: "http", protocol: "HTTP" }, hosts: ["*"] }] },
}));

async function ensure(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
  }
}
