import type { Condition, Configuration, KnativeService, KubeObject, PodAutoscaler, Revision, Route } from "@ebb/kube";
import type { InstanceStatus } from "@ebb/runtime";

/** Makers of objects for the table tests of this package: a whole object from what matters in a row. */
export const NOW = Date.UTC(2026, 0, 1);

type Marks = Readonly<Record<string, "True" | "False" | "Unknown">>;

export function marks(statuses: Marks, cause: { reason?: string; message?: string } = {}): Condition[] {
  return Object.entries(statuses).map(([type, status]) => ({
    type,
    status,
    lastTransitionTime: "2026-01-01T00:00:00Z",
    ...(status === "True" ? {} : cause),
  }));
}

/** `Type Status Reason` of each condition, which is what a row asserts. */
export function summary(object: Pick<KubeObject, "status"> | undefined): string[] {
  const { conditions = [] } = (object?.status ?? {}) as { conditions?: Condition[] };
  return conditions.map(({ type, status, reason }) => [type, status, reason].filter(Boolean).join(" "));
}

export function service(spec: Partial<KnativeService["spec"]> = {}, more: Partial<KnativeService> = {}): KnativeService {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name: "shop", namespace: "team", uid: "service-uid", generation: 1 },
    spec: { template: { spec: { containers: [{ image: "app" }] } }, traffic: [{ latestRevision: true, percent: 100 }], ...spec },
    ...more,
  };
}

export function configuration(
  generation = 1,
  status?: Configuration["status"],
  template: Configuration["spec"]["template"]["metadata"] = {},
): Configuration {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Configuration",
    metadata: { name: "shop", namespace: "team", uid: "configuration-uid", generation },
    spec: { template: { metadata: template, spec: { containers: [{ image: "app" }] } } },
    ...(status ? { status } : {}),
  };
}

export function revision(
  generation = 1,
  status?: Revision["status"],
  more: { name?: string; labels?: Record<string, string>; annotations?: Record<string, string>; spec?: Partial<Revision["spec"]> } = {},
): Revision {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Revision",
    metadata: {
      name: more.name ?? `shop-0000${generation}`,
      namespace: "team",
      uid: `revision-${generation}`,
      generation: 1,
      creationTimestamp: "2026-01-01T00:00:00Z",
      labels: {
        "serving.knative.dev/configuration": "shop",
        "serving.knative.dev/configurationGeneration": String(generation),
        "serving.knative.dev/service": "shop",
        ...more.labels,
      },
      annotations: { ...more.annotations },
      ownerReferences: [
        { apiVersion: "serving.knative.dev/v1", kind: "Configuration", name: "shop", uid: "configuration-uid", controller: true },
      ],
    },
    spec: { containers: [{ name: "user-container", image: "app" }], ...more.spec },
    ...(status ? { status } : {}),
  };
}

export function route(
  traffic: Route["spec"]["traffic"] = [{ configurationName: "shop", latestRevision: true, percent: 100 }],
  more: { status?: Route["status"]; labels?: Record<string, string>; name?: string } = {},
): Route {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Route",
    metadata: { name: more.name ?? "shop", namespace: "team", uid: "route-uid", generation: 1, labels: { ...more.labels } },
    spec: traffic ? { traffic } : {},
    ...(more.status ? { status: more.status } : {}),
  };
}

export function autoscaler(status?: PodAutoscaler["status"], annotations: Record<string, string> = {}): PodAutoscaler {
  return {
    apiVersion: "autoscaling.internal.knative.dev/v1alpha1",
    kind: "PodAutoscaler",
    metadata: { name: "shop-00001", namespace: "team", uid: "pa", generation: 1, annotations },
    spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "shop-00001-deployment" }, reachability: "Reachable" },
    ...(status ? { status } : {}),
  };
}

export function instance(more: Partial<InstanceStatus> = {}): InstanceStatus {
  return { id: "i1", workload: "team/shop-00001", labels: {}, phase: "starting", startedAt: NOW, restarts: 0, ...more };
}
