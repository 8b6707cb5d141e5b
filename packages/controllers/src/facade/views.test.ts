import {
  applySchema,
  schemaOf,
  type Finder,
  type Json,
  type KubeObject,
  type ObjectView,
  type PodAutoscaler,
  type Revision,
} from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { autoscaler, marks, revision, route } from "../testing.ts";
import { SERVING_VIEWS } from "./views.ts";

const nothing: Finder = { get: () => undefined, list: () => [] };
const pod = (name: string, ready: boolean): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "team", uid: name, labels: { "serving.knative.dev/revision": "shop-00001" } },
  spec: { nodeName: "ebb", containers: [] },
  status: { podIP: "10.0.0.1", conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
});
const world = (pods: KubeObject[] = []): Finder =>
  ({
    get: (kind, _, name) => (kind.kind === "PodAutoscaler" && name === "shop-00001" ? autoscaler() : undefined),
    list: (kind) => (kind.kind === "Pod" ? pods : []),
  }) as Finder;

// What is made is looked at freely.
// oxlint-disable-next-line typescript/no-explicit-any
function made(kind: string, source: KubeObject, find: Finder = world()): any[] {
  return SERVING_VIEWS.filter((view) => view.kind.kind === kind && view.source.kind === source.kind).map((view) => view.make(source, find));
}
const HPA = { "autoscaling.knative.dev/class": "hpa.autoscaling.knative.dev" };
const scaledByUse = (annotations: Record<string, string> = {}, status: PodAutoscaler["status"] = {}): PodAutoscaler => {
  const made = autoscaler();
  return { ...made, metadata: { ...made.metadata, annotations: { ...HPA, ...annotations } }, status };
};
const awake = revision(1, { actualReplicas: 2, desiredReplicas: 3, conditions: marks({ ResourcesAvailable: "True" }) });
const asleep = revision(1, { actualReplicas: 0, desiredReplicas: 0 });

describe("beneath a Revision", () => {
  test("every view has the name that it says, the Revision's labels, and what its kind's schema takes", () => {
    for (const view of SERVING_VIEWS) {
      const source = view.source.kind === "Revision" ? awake : view.source.kind === "Route" ? route() : scaledByUse();
      const object = view.make(source, world([pod("p", true)]));
      expect(object.metadata.name).toBe(view.name(source));
      if (view.sourceName) expect(view.sourceName(object.metadata.name)).toBe(source.metadata.name);
      expect([object.apiVersion, object.kind]).toEqual([
        view.kind.group ? `${view.kind.group}/${view.kind.version}` : "v1",
        view.kind.kind,
      ]);
      const { unknown, causes } = applySchema(schemaOf(view.kind), object as unknown as Json, "");
      expect([view.kind.kind, unknown, causes]).toEqual([view.kind.kind, [], []]);
    }
  });

  test("a Deployment: <revision>-deployment, owned by it, with its containers and Knative's variables", () => {
    const [deployment] = made("Deployment", awake);
    expect(deployment).toMatchObject({
      metadata: {
        name: "shop-00001-deployment",
        labels: { "serving.knative.dev/revision": "shop-00001", "serving.knative.dev/revisionUID": "revision-1", app: "shop-00001" },
        ownerReferences: [{ kind: "Revision", name: "shop-00001", controller: true }],
      },
      spec: { replicas: 3, selector: { matchLabels: { "serving.knative.dev/revisionUID": "revision-1" } }, progressDeadlineSeconds: 600 },
      status: { replicas: 3, readyReplicas: 2, availableReplicas: 2, unavailableReplicas: 1 },
    });
    expect(deployment.spec.template.spec.containers[0].env).toEqual([
      { name: "PORT", value: "8080" },
      { name: "K_REVISION", value: "shop-00001" },
      { name: "K_CONFIGURATION", value: "shop" },
      { name: "K_SERVICE", value: "shop" },
    ]);
  });

  test("a ReplicaSet: the Deployment's, with its template, its counts and its Pods", () => {
    const [set] = made("ReplicaSet", awake);
    const [deployment] = made("Deployment", awake);
    expect(set).toMatchObject({
      metadata: {
        name: expect.stringMatching(/^shop-00001-deployment-[0-9a-f]{10}$/),
        annotations: { "deployment.kubernetes.io/revision": "1", "deployment.kubernetes.io/desired-replicas": "3" },
        ownerReferences: [{ kind: "Deployment", name: "shop-00001-deployment", controller: true }],
      },
      spec: { replicas: 3, selector: deployment.spec.selector, template: deployment.spec.template },
      status: { replicas: 3, readyReplicas: 2 },
    });
  });

  test.each<[string, Record<string, string>, PodAutoscaler["status"], object]>([
    [
      "per cent of the CPU, nothing measured yet",
      { "autoscaling.knative.dev/target": "74.5", "autoscaling.knative.dev/max-scale": "10" },
      {},
      {
        spec: {
          minReplicas: 1,
          maxReplicas: 10,
          metrics: [{ resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 75 } } }],
        },
        status: { currentReplicas: 0, conditions: [{ type: "AbleToScale" }, { type: "ScalingActive", status: "False" }, {}] },
      },
    ],
    [
      "MiB, some measured, a window and a minimum",
      {
        "autoscaling.knative.dev/metric": "memory",
        "autoscaling.knative.dev/target": "200",
        "autoscaling.knative.dev/min-scale": "2",
        "autoscaling.knative.dev/window": "60s",
      },
      { actualScale: 2, desiredScale: 3, annotations: { "autoscaling.ebb.dev/resource-usage": '{"cpuPercent":7,"memoryMiB":250}' } },
      {
        spec: {
          minReplicas: 2,
          maxReplicas: 2_147_483_647,
          metrics: [{ resource: { name: "memory", target: { type: "AverageValue", averageValue: "200Mi" } } }],
          behavior: { scaleDown: { stabilizationWindowSeconds: 60 }, scaleUp: { stabilizationWindowSeconds: 60 } },
        },
        status: {
          currentReplicas: 2,
          desiredReplicas: 3,
          currentMetrics: [{ type: "Resource", resource: { name: "memory", current: { averageValue: "250Mi" } } }],
          conditions: [{}, { status: "True", reason: "ValidMetricFound" }, { status: "False", reason: "DesiredWithinRange" }],
        },
      },
    ],
    [
      "what somebody wrote there instead is not believed",
      {},
      { actualScale: 1, desiredScale: 1, annotations: { "autoscaling.ebb.dev/resource-usage": "much" } },
      { status: { conditions: [{}, { status: "False" }, { status: "True", reason: "TooFewReplicas" }] } },
    ],
  ])("a HorizontalPodAutoscaler: %s", (_, annotations, status, expected) => {
    const [hpa] = made("HorizontalPodAutoscaler", scaledByUse(annotations, status));
    expect(hpa).toMatchObject({
      metadata: { name: "shop-00001", ownerReferences: [{ kind: "PodAutoscaler", controller: true }] },
      spec: { scaleTargetRef: { kind: "Deployment", name: "shop-00001-deployment" } },
      ...expected,
    });
  });

  test("a HorizontalPodAutoscaler's per cent are of the request, which the limit stands in for, or of a core", () => {
    const used = scaledByUse({}, { annotations: { "autoscaling.ebb.dev/resource-usage": '{"cpuPercent":50,"memoryMiB":7}' } });
    const average = (resources: object | undefined) => {
      const of = revision(1);
      const [container] = of.spec.containers;
      if (container && resources) container.resources = resources;
      const find: Finder = { ...world(), get: (() => of) as Finder["get"] };
      return made("HorizontalPodAutoscaler", used, find)[0].status.currentMetrics[0].resource.current.averageValue;
    };
    const asked = { requests: { cpu: "30m" }, limits: { cpu: "300m" } };
    expect([asked, { limits: { cpu: "300m" } }, undefined].map(average)).toEqual(["15m", "150m", "500m"]);
  });

  test("only Revisions of the class hpa have one", () => {
    const view = SERVING_VIEWS.find(({ kind }) => kind.kind === "HorizontalPodAutoscaler");
    expect([view?.applies?.(scaledByUse()), view?.applies?.(autoscaler())]).toEqual([true, false]);
  });

  test.each<[string, Revision, string[]]>([
    [
      "enough instances",
      revision(1, { actualReplicas: 1, desiredReplicas: 1 }),
      ["Available True MinimumReplicasAvailable", "Progressing True NewReplicaSetAvailable"],
    ],
    ["too few", awake, ["Available False MinimumReplicasUnavailable", "Progressing True ReplicaSetUpdated"]],
    [
      "past the deadline",
      revision(1, { desiredReplicas: 1, conditions: marks({ ResourcesAvailable: "False" }, { reason: "ProgressDeadlineExceeded" }) }),
      ["Available False MinimumReplicasUnavailable", "Progressing False ProgressDeadlineExceeded"],
    ],
  ])("a Deployment's conditions: %s", (_, source, expected) => {
    const { conditions } = made("Deployment", source)[0].status;
    expect(conditions.map(({ type, status, reason }: Record<string, string>) => `${type} ${status} ${reason}`)).toEqual(expected);
  });

  test("the annotation decides the Deployment's deadline, a digest its image", () => {
    const source = revision(
      1,
      { containerStatuses: [{ name: "user-container", imageDigest: "app@sha256:0" }] },
      { annotations: { "serving.knative.dev/progress-deadline": "30s", "serving.knative.dev/routes": "shop" } },
    );
    const [deployment] = made("Deployment", source);
    expect(deployment.spec.progressDeadlineSeconds).toBe(30);
    expect(deployment.spec.template.spec.containers[0].image).toBe("app@sha256:0");
    expect(deployment.metadata.annotations).toEqual({
      "deployment.kubernetes.io/revision": "1",
      "serving.knative.dev/progress-deadline": "30s",
    });
    expect(made("Image", source)[0]).toMatchObject({
      metadata: { name: "shop-00001-cache-user-container" },
      spec: { image: "app@sha256:0" },
    });
  });

  test.each<[string, Revision, string]>([
    ["with instances", awake, "True "],
    ["asleep", asleep, "Unknown NoHealthyBackends"],
  ])("a ServerlessService %s: mode Proxy while its PodAutoscaler says nothing of room for a burst", (_, source, ready) => {
    const [service] = made("ServerlessService", source);
    expect(service).toMatchObject({
      metadata: { name: "shop-00001", ownerReferences: [{ kind: "PodAutoscaler", name: "shop-00001" }] },
      spec: {
        mode: "Proxy",
        objectRef: { apiVersion: "apps/v1", kind: "Deployment", name: "shop-00001-deployment" },
        protocolType: "http1",
      },
      status: { serviceName: "shop-00001", privateServiceName: "shop-00001-private" },
    });
    const condition = service.status.conditions.find(({ type }: { type: string }) => type === "Ready");
    expect(`${condition.status} ${condition.reason ?? ""}`).toBe(ready);
  });

  test("before its PodAutoscaler is there, nothing is owned by it", () => {
    expect(made("ServerlessService", awake, nothing)[0].metadata).not.toHaveProperty("ownerReferences");
  });

  test("a Metric with the windows in nanoseconds, from the annotation or config-autoscaler", () => {
    expect(made("Metric", awake)[0].spec).toEqual({ stableWindow: 60e9, panicWindow: 6e9, scrapeTarget: "shop-00001-private" });
    const own = revision(1, undefined, { annotations: { "autoscaling.knative.dev/window": "20s" } });
    expect(made("Metric", own)[0].spec).toMatchObject({ stableWindow: 20e9, panicWindow: 2e9 });
    const slow = {
      ...nothing,
      get: (kind: { kind: string }) => (kind.kind === "ConfigMap" ? { data: { "stable-window": "120s" } } : undefined),
    } as unknown as Finder;
    const metric = SERVING_VIEWS.find(({ kind }) => kind.kind === "Metric") as ObjectView;
    expect(metric.make(awake, slow).spec).toMatchObject({ stableWindow: 120e9 });
  });

  test("two Services: the public one selects nothing, the private one the instances", () => {
    const h2c = revision(1, undefined, { spec: { containers: [{ image: "a", ports: [{ name: "h2c", containerPort: 9000 }] }] } });
    expect(made("Service", awake).map(({ metadata, spec }) => [metadata.name, spec.selector, spec.ports[0].port])).toEqual([
      ["shop-00001", undefined, 80],
      ["shop-00001-private", { "serving.knative.dev/revisionUID": "revision-1" }, 80],
    ]);
    expect(made("Service", h2c)[0].spec.ports).toMatchObject([{ name: "http2", port: 81, appProtocol: "kubernetes.io/h2c" }]);
  });

  test("Endpoints and an EndpointSlice tell which instances serve", () => {
    const pods = [pod("up", true), pod("down", false)];
    const instances = [
      { addresses: [{ ip: "10.0.0.1", targetRef: { name: "up" } }], notReadyAddresses: [{ targetRef: { name: "down" } }] },
    ];
    expect(made("Endpoints", awake, world(pods))[1].subsets).toMatchObject(instances);
    expect(made("Endpoints", asleep)[1]).not.toHaveProperty("subsets");
    const [, slice] = made("EndpointSlice", awake, world(pods));
    expect(slice.metadata.labels["kubernetes.io/service-name"]).toBe("shop-00001-private");
    expect(slice.endpoints.map(({ conditions }: { conditions: object }) => conditions)).toMatchObject([{ ready: true }, { ready: false }]);
  });

  test("a port that has but a name is 8080 wherever it is told", () => {
    const named = revision(1, undefined, { spec: { containers: [{ image: "a", ports: [{ name: "h2c", containerPort: 0 }] }] } });
    const [, slice] = made("EndpointSlice", named, world([pod("up", true)]));
    expect(slice.ports).toMatchObject([{ name: "http2", port: 8080 }]);
    expect(made("Deployment", named)[0].spec.template.spec.containers[0].env).toContainEqual({ name: "PORT", value: "8080" });
  });

  test("the public Service's lead to the activator, and to the instances once there is room for a burst in them", () => {
    const through = { subsets: [{ addresses: [{ ip: "10.9.9.9" }], ports: [] }], ports: [], endpoints: [{ addresses: ["10.9.9.9"] }] };
    const seen = (mode: object) => {
      const scaled = { ...autoscaler(), status: { annotations: mode } };
      const get = ({ kind }: { kind: string }) => (kind === "PodAutoscaler" ? scaled : kind.startsWith("Endpoint") ? through : undefined);
      const find = { ...world([pod("up", true)]), get } as unknown as Finder;
      const [{ subsets }] = made("Endpoints", awake, find);
      const [{ endpoints }] = made("EndpointSlice", awake, find);
      return [made("ServerlessService", awake, find)[0].spec.mode, subsets[0].addresses[0].ip, endpoints[0].addresses[0]];
    };
    expect(seen({})).toEqual(["Proxy", "10.9.9.9", "10.9.9.9"]);
    expect(seen({ "autoscaling.ebb.dev/serverless-service-mode": "Serve" })).toEqual(["Serve", "10.0.0.1", "10.0.0.1"]);
  });
});

describe("beneath a Route", () => {
  const served = route(undefined, {
    status: {
      url: "http://shop.example.com",
      conditions: marks({ IngressReady: "True" }),
      traffic: [
        { revisionName: "shop-00001", percent: 90, latestRevision: false },
        { revisionName: "shop-00002", percent: 10, latestRevision: true, tag: "next", url: "http://next-shop.example.com" },
      ],
    },
  });

  test("Knative's Ingress: hosts inside and outside, percentages, and a rule for each tag", () => {
    const [ingress] = made("Ingress", served);
    expect(ingress.metadata).toMatchObject({
      name: "shop",
      labels: { "serving.knative.dev/route": "shop" },
      ownerReferences: [{ kind: "Route" }],
    });
    expect(ingress.spec.rules.map(({ hosts, visibility }: Record<string, string[]>) => [visibility, hosts?.[0]])).toEqual([
      ["ClusterLocal", "shop.team"],
      ["ExternalIP", "shop.example.com"],
      ["ClusterLocal", "next-shop.team"],
      ["ExternalIP", "next-shop.example.com"],
    ]);
    const [local, , tag] = ingress.spec.rules;
    expect(local.http.paths[0].splits).toMatchObject([
      { serviceName: "shop-00001", percent: 90, appendHeaders: { "Knative-Serving-Revision": "shop-00001" } },
      { serviceName: "shop-00002", percent: 10 },
    ]);
    expect(tag.http.paths[0].splits).toMatchObject([{ serviceName: "shop-00002", percent: 100 }]);
    expect(ingress.status.conditions.map(({ type, status }: Record<string, string>) => `${type} ${status}`)).toContain("Ready True");
  });

  test("Knative's Ingress says whether cleartext is redirected, by the Route's own word or the cluster's", () => {
    const optionOf = (annotations: Record<string, string>, cluster: string) => {
      const find = { ...world(), get: () => ({ data: { "http-protocol": cluster } }) } as unknown as Finder;
      return made("Ingress", { ...served, metadata: { ...served.metadata, annotations } }, find)[0].spec.httpOption;
    };
    expect(optionOf({}, "Enabled")).toBe("Enabled");
    expect(optionOf({}, "Redirected")).toBe("Redirected");
    expect(optionOf({ "networking.knative.dev/http-protocol": "redirected" }, "Enabled")).toBe("Redirected");
    expect(optionOf({ "networking.knative.dev/http-protocol": "Enabled" }, "Redirected")).toBe("Enabled");
  });

  test("a placeholder Service with the Route's name, that leads to the gateway inside", () => {
    expect(made("Service", served)).toMatchObject([
      {
        metadata: { name: "shop", labels: { "serving.knative.dev/route": "shop" }, ownerReferences: [{ kind: "Route", name: "shop" }] },
        spec: {
          type: "ExternalName",
          externalName: "knative-local-gateway.istio-system.svc.cluster.local",
          ports: [{ name: "http2", port: 80 }],
        },
      },
    ]);
  });

  test("a Route inside the cluster has no rule for others, and one without status is not ready", () => {
    const local = route(undefined, {
      status: { url: "http://shop.team.svc.cluster.local", traffic: [{ revisionName: "shop-00001", percent: 100 }] },
    });
    expect(made("Ingress", local)[0].spec.rules.map(({ visibility }: { visibility: string }) => visibility)).toEqual(["ClusterLocal"]);
    expect(made("Ingress", route())[0].status.conditions).toContainEqual(expect.objectContaining({ type: "Ready", status: "Unknown" }));
  });
});
