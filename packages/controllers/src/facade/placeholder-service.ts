import { CoreServices, LABELS, Routes, type CoreService, type ObjectView, type Route } from "@ebb/kube";
import { controllerRef, omit } from "../engine/keys.ts";
import { suffixed } from "./parts.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
/** What cluster-local names lead to upstream; `cluster-landmarks` in apps/server makes it. */
const LOCAL_GATEWAY = "knative-local-gateway.istio-system.svc.cluster.local";

/** The Service that holds a Route's name inside the cluster; after knative's pkg/reconciler/route/resources/service.go. */
export const placeholderServiceView: ObjectView<Route> = { kind: CoreServices, source: Routes, ...suffixed(""), make: makePlaceholder };

function makePlaceholder(route: Route): CoreService {
  const { name, labels, annotations } = route.metadata;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name,
      labels: { ...labels, [LABELS.route]: name },
      annotations: omit(annotations, [LAST_APPLIED]),
      ownerReferences: [controllerRef(Routes, route)],
    },
    spec: {
      type: "ExternalName",
      externalName: LOCAL_GATEWAY,
      sessionAffinity: "None",
      ports: [{ name: "http2", protocol: "TCP", port: 80, targetPort: 80 }],
    },
    status: { loadBalancer: {} },
  };
}
