import {
  ConfigMaps,
  Configurations,
  CoreServices,
  Events,
  Namespaces,
  PodAutoscalers,
  Pods,
  ResourceQuotas,
  Revisions,
  Routes,
  Secrets,
  Services,
  WITH_ENDED,
  type Condition,
  type Kind,
  type KubeObject,
} from "@ebb/kube";
import { eventually } from "@ebb/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCluster, type Cluster } from "./cluster.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ progressDeadlineSeconds: 4 });
});
afterAll(() => cluster.close());

const OK = "registry.test/app:ok";
const hostOf = (name: string) => `${name}.sls-test.localhost`;

function condition(object: KubeObject | undefined, type = "Ready"): Condition | undefined {
  return (object?.status as { conditions?: Condition[] } | undefined)?.conditions?.find((entry) => entry.type === type);
}

async function ready(name: string) {
  return await eventually(async () => {
    const service = await cluster.get(Services, name);
    const current = service?.status?.observedGeneration === service?.metadata.generation;
    return current && condition(service)?.status === "True" ? service : undefined;
  });
}

async function answer(host: string): Promise<{ revision: string; id: string; env: Record<string, string> }> {
  const { status, body } = await cluster.request(host);
  expect({ status, body: status === 200 ? "" : body }).toEqual({ status: 200, body: "" });
  return JSON.parse(body) as { revision: string; id: string; env: Record<string, string> };
}

/** Asks until this revision answers; a split in between is none of its business. */
const answeredBy = (host: string, revision: string) => eventually(async () => (await answer(host)).revision === revision);

describe("a Service", () => {
  test("becomes Ready, and then its first request is answered", async () => {
    await cluster.deploy("shop", { image: OK });
    const service = await ready("shop");
    expect(await answer(hostOf("shop"))).toMatchObject({ revision: "shop-00001" });
    expect(service.status).toMatchObject({
      url: "http://shop.sls-test.localhost",
      address: { url: "http://shop.default.svc.cluster.local" },
      latestCreatedRevisionName: "shop-00001",
      latestReadyRevisionName: "shop-00001",
      traffic: [{ latestRevision: true, percent: 100, revisionName: "shop-00001" }],
    });
    expect(service.status?.conditions?.map(({ type, status }) => `${type} ${status}`)).toEqual([
      "ConfigurationsReady True",
      "Ready True",
      "RoutesReady True",
    ]);
  });

  test("has children with upstream's names, labels and owners", async () => {
    const configuration = await cluster.get(Configurations, "shop");
    const route = await cluster.get(Routes, "shop");
    expect(condition(configuration)?.status).toBe("True");
    expect(route?.metadata.labels).toMatchObject({ "serving.knative.dev/service": "shop" });
    expect(condition(route, "IngressReady")?.status).toBe("True");
    const revision = await eventually(async () => {
      const found = await cluster.get(Revisions, "shop-00001");
      return found?.metadata.labels?.["serving.knative.dev/routingState"] === "active" ? found : undefined;
    });
    expect(revision.metadata.labels).toMatchObject({
      "serving.knative.dev/configuration": "shop",
      "serving.knative.dev/configurationGeneration": "1",
      "serving.knative.dev/service": "shop",
    });
    expect(revision.metadata.annotations).toMatchObject({ "serving.knative.dev/routes": "shop", "serving.knative.dev/creator": "test" });
    const autoscaler = await cluster.get(PodAutoscalers, "shop-00001");
    expect(condition(autoscaler, "ScaleTargetInitialized")?.status).toBe("True");
  });

  test("tells what happened by Events that nobody owns, as upstream", async () => {
    const event = await eventually(async () => {
      const { items } = await cluster.client.list(Events, { namespace: "default", fieldSelector: "involvedObject.kind=Revision" });
      return items.find(({ reason }) => reason === "RevisionReady");
    });
    expect(event).toMatchObject({ type: "Normal", count: 1, involvedObject: { name: "shop-00001" } });
    expect(event.metadata.ownerReferences).toBeUndefined();
  });

  test("is reached inside the cluster by its three local names, and only there", async () => {
    for (const host of ["shop.default.svc.cluster.local", "shop.default.svc", "shop.default"]) {
      expect((await cluster.request(host, { internal: true })).status).toBe(200);
    }
    expect((await cluster.request("shop.default.svc.cluster.local")).status).toBe(404);
  });

  test("records its instances as Pods, and a deleted Pod is replaced", async () => {
    const pods = () => cluster.client.list(Pods, { namespace: "default", labelSelector: "serving.knative.dev/revision=shop-00001" });
    const first = await eventually(async () => {
      const [pod, ...more] = (await pods()).items;
      return more.length === 0 && condition(pod)?.status === "True" ? pod : undefined;
    });
    expect(first.status).toMatchObject({ phase: "Running", containerStatuses: [{ name: "user-container", ready: true, restartCount: 0 }] });
    await cluster.client.delete(Pods, "default", first.metadata.name);
    const second = await eventually(async () =>
      (await pods()).items.find((pod) => condition(pod)?.status === "True" && pod.metadata.name !== first.metadata.name),
    );
    expect(second.status?.phase).toBe("Running");
    await eventually(() => !cluster.machine.running.has(first.metadata.name));
  });

  test("moves to a new Revision when it changes, without a failed request", async () => {
    let stop = false;
    const failures: string[] = [];
    const load = (async () => {
      while (!stop) {
        const { status, body } = await cluster.request(hostOf("shop"));
        if (status !== 200) failures.push(`${status} ${body}`);
      }
    })();
    await cluster.deploy("shop", { image: "registry.test/app:ok2" });
    await ready("shop");
    expect(await answer(hostOf("shop"))).toMatchObject({ revision: "shop-00002" });
    stop = true;
    await load;
    expect(failures).toEqual([]);
    await eventually(
      async () => (await cluster.get(Revisions, "shop-00001"))?.metadata.labels?.["serving.knative.dev/routingState"] === "reserve",
    );
  });

  test("keeps its old Revision serving when the new one crashes, and says why", async () => {
    await cluster.deploy("shop", { image: "registry.test/app:crash" });
    const service = await eventually(async () => {
      const found = await cluster.get(Services, "shop");
      return condition(found)?.status === "False" ? found : undefined;
    });
    expect(condition(service)).toMatchObject({
      reason: "RevisionFailed",
      message:
        'Revision "shop-00003" failed with message: Container failed with: it exited with code 3\nIts last lines:\n  boom: no database.',
    });
    expect(condition(await cluster.get(Revisions, "shop-00003"), "ContainerHealthy")?.reason).toBe("ExitCode3");
    expect(await answer(hostOf("shop"))).toMatchObject({ revision: "shop-00002" });
    await eventually(
      async () => condition(await cluster.get(Revisions, "shop-00003"), "ResourcesAvailable")?.reason === "ProgressDeadlineExceeded",
    );
    await eventually(() => [...cluster.machine.running.values()].every(({ spec }) => spec.workload !== "default/shop-00003"));
    expect(condition(await cluster.get(Revisions, "shop-00003"))).toMatchObject({ status: "False", reason: "ExitCode3" });
  });

  test("recovers with the next good version", async () => {
    await cluster.deploy("shop", { image: "registry.test/app:ok4" });
    await ready("shop");
    expect(await answer(hostOf("shop"))).toMatchObject({ revision: "shop-00004" });
  });

  test("splits by percentage, and gives a tag a host of its own", async () => {
    await cluster.deploy("shop", {
      image: "registry.test/app:ok4",
      traffic: [
        { revisionName: "shop-00002", percent: 70, tag: "old" },
        { revisionName: "shop-00004", percent: 30 },
      ],
    });
    const service = await eventually(async () => {
      const found = await ready("shop");
      return found.status?.traffic?.length === 2 ? found : undefined;
    });
    expect(service.status?.traffic?.[0]).toMatchObject({ tag: "old", url: "http://old-shop.sls-test.localhost", percent: 70 });
    expect((await answer("old-shop.sls-test.localhost")).revision).toBe("shop-00002");
    const counts = new Map<string, number>();
    for (let index = 0; index < 200; index++) {
      const { revision } = await answer(hostOf("shop"));
      counts.set(revision, (counts.get(revision) ?? 0) + 1);
    }
    expect(counts.get("shop-00002")).toBeGreaterThan(100);
    expect(counts.get("shop-00004")).toBeGreaterThan(30);
  });

  test("a tag's own Service says that it is seen inside the cluster only, and no longer", async () => {
    const mark = async (labels: Record<string, string | undefined>) => {
      const service = await eventually(async () => cluster.get(CoreServices, "old-shop"));
      await cluster.client.update(CoreServices, {
        ...service,
        metadata: { ...service.metadata, labels: { ...service.metadata.labels, ...labels } as Record<string, string> },
      });
    };
    const tagged = (url: string) =>
      eventually(async () => (await ready("shop")).status?.traffic?.some((target) => target.tag === "old" && target.url === url));
    await mark({ "networking.knative.dev/visibility": "cluster-local" });
    await tagged("http://old-shop.default.svc.cluster.local");
    expect((await cluster.request("old-shop.sls-test.localhost")).status).toBe(404);
    expect((await cluster.request("old-shop.default", { internal: true })).status).toBe(200);
    expect((await cluster.request(hostOf("shop"))).status).toBe(200);
    await mark({ "networking.knative.dev/visibility": undefined });
    await tagged("http://old-shop.sls-test.localhost");
  });

  test("refuses a target that does not exist and keeps the traffic as it was", async () => {
    await cluster.deploy("shop", { image: "registry.test/app:ok4", traffic: [{ revisionName: "shop-00099", percent: 100 }] });
    const route = await eventually(async () => {
      const found = await cluster.get(Routes, "shop");
      return condition(found, "AllTrafficAssigned")?.status === "False" ? found : undefined;
    });
    expect(condition(route, "AllTrafficAssigned")).toMatchObject({
      reason: "RevisionMissing",
      message: 'Revision "shop-00099" referenced in traffic not found.',
    });
    expect((await answer("old-shop.sls-test.localhost")).revision).toBe("shop-00002");
  });

  test("leaves nothing but its Events when it is deleted", async () => {
    await cluster.client.delete(Services, "default", "shop");
    await eventually(async () => (await cluster.request(hostOf("shop"))).status === 404);
    await eventually(async () => (await cluster.client.list(Revisions, { namespace: "default" })).items.length === 0);
    await eventually(() => cluster.machine.running.size === 0);
    for (const kind of [Pods, PodAutoscalers] as Kind[]) {
      await eventually(async () => (await cluster.client.list(kind, { namespace: "default" })).items.length === 0);
    }
  });
});

describe("sleep", () => {
  test("without traffic it sleeps, the next request wakes it, and each decision has its reason", async () => {
    await cluster.deploy("nap", { image: OK, annotations: { "autoscaling.knative.dev/window": "6s" } });
    await ready("nap");
    await eventually(() => cluster.machine.running.size === 0, 40_000);
    const revision = await eventually(async () => {
      const found = await cluster.get(Revisions, "nap-00001");
      return condition(found, "Active")?.reason === "NoTraffic" ? found : undefined;
    });
    expect(condition(revision)?.status).toBe("True");
    // As on Kubernetes it has no Pod; to who asks for it by label it is there, for its log.
    await eventually(async () => {
      const { items } = await cluster.client.list(Pods, { namespace: "default", labelSelector: WITH_ENDED });
      const { items: listed } = await cluster.client.list(Pods, { namespace: "default" });
      return listed.length === 0 && items.length === 1 && items[0]?.status?.phase === "Succeeded";
    });
    expect(await answer(hostOf("nap"))).toMatchObject({ revision: "nap-00001" });
    const causes = cluster
      .controllers()
      .decisions("default/nap-00001")
      .map(({ cause }) => cause);
    expect(causes).toContain("idle");
    expect(causes).toContain("wake");
    await eventually(async () => condition(await cluster.get(Revisions, "nap-00001"), "Active")?.status === "True");
    await cluster.client.delete(Services, "default", "nap");
  });
});

describe("what cannot start says why", () => {
  test.each([
    ["a missing image", "missing", "ContainerMissing", 'Unable to fetch image "registry.test/app:missing": no such image'],
    [
      "nothing that listens",
      "never",
      "ProgressDeadlineExceeded",
      "Initial scale was never achieved: TCP probe to 127.0.0.1:9 failed: nothing listens there",
    ],
  ])("%s", async (_, tag, reason, message) => {
    const name = `bad-${tag}`;
    await cluster.deploy(name, { image: `registry.test/app:${tag}` });
    const revision = await eventually(async () => {
      const found = await cluster.get(Revisions, `${name}-00001`);
      return condition(found)?.status === "False" ? found : undefined;
    });
    expect(condition(revision)).toMatchObject({ reason, message });
    const service = await eventually(async () => {
      const found = await cluster.get(Services, name);
      return condition(found)?.status === "False" ? found : undefined;
    });
    expect(condition(service, "ConfigurationsReady")?.message).toBe(`Revision "${name}-00001" failed with message: ${message}.`);
    expect(condition(await cluster.get(Routes, name), "AllTrafficAssigned")?.message).toBe(
      `Configuration "${name}" does not have any ready Revision.`,
    );
    expect((await cluster.request(hostOf(name))).status).toBe(404);
    await cluster.client.delete(Services, "default", name);
  });

  test("a missing Secret, and it starts once the Secret is there", async () => {
    const env = [{ name: "TOKEN", valueFrom: { secretKeyRef: { name: "keys", key: "token" } } }];
    const template = { spec: { containers: [{ image: OK, env }] } };
    await cluster.client.create(Services, {
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata: { name: "secretive", namespace: "default" },
      spec: { template },
    });
    await eventually(async () => condition(await cluster.get(Revisions, "secretive-00001"))?.message === 'secret "keys" not found');
    await cluster.client.create(Secrets, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "keys", namespace: "default" },
      stringData: { token: "t0p" },
    });
    await ready("secretive");
    expect((await answer(hostOf("secretive"))).env["TOKEN"]).toBe("t0p");
    await cluster.client.delete(Services, "default", "secretive");
  });

  test("a volume's missing ConfigMap, on Pod, Revision and Service, and it starts once the ConfigMap is there", async () => {
    await cluster.client.create(Services, {
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata: { name: "mounted", namespace: "default" },
      spec: {
        template: {
          spec: {
            containers: [{ image: OK, volumeMounts: [{ name: "config", mountPath: "/etc/config" }] }],
            volumes: [{ name: "config", configMap: { name: "settings" } }],
          },
        },
      },
    });
    const message = 'MountVolume.SetUp failed for volume "config" : configmap "settings" not found';
    await eventually(async () => condition(await cluster.get(Services, "mounted"), "ConfigurationsReady")?.message?.includes(message));
    expect(condition(await cluster.get(Revisions, "mounted-00001"), "ResourcesAvailable")).toMatchObject({
      reason: "FailedMount",
      message,
    });
    const waiting = await eventually(async () => {
      const { items } = await cluster.client.list(Pods, {
        namespace: "default",
        labelSelector: "serving.knative.dev/revision=mounted-00001",
      });
      return items[0]?.status?.containerStatuses?.[0]?.state.waiting;
    });
    expect(waiting).toEqual({ reason: "FailedMount", message });
    const settings = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings", namespace: "default" },
      data: { a: "b" },
    } as const;
    await cluster.client.create(ConfigMaps, settings);
    await ready("mounted");
    await cluster.client.delete(Services, "default", "mounted");
  });

  test("more than a ResourceQuota allows, up to the Service within seconds, and it starts once there is room", async () => {
    const namespace = "small";
    const metadata = { name: "greedy", namespace };
    await cluster.client.create(Namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    const hard = { "limits.cpu": "300m" };
    const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "limits", namespace }, spec: { hard } } as const;
    await cluster.client.create(ResourceQuotas, quota);
    const container = { image: OK, resources: { requests: { cpu: "200m" }, limits: { cpu: "500m" } } };
    await cluster.client.create(Services, {
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata,
      spec: {
        template: {
          metadata: { annotations: { "serving.knative.dev/progress-deadline": "60s" } },
          spec: { containers: [container] },
        },
      },
    });
    const service = await eventually(async () => {
      const found = await cluster.client.get(Services, namespace, "greedy");
      return condition(found, "ConfigurationsReady")?.status === "False" ? found : undefined;
    });
    expect(condition(service, "ConfigurationsReady")).toMatchObject({
      reason: "RevisionFailed",
      message:
        'Revision "greedy-00001" failed with message: pods "greedy-00001-deployment" is forbidden: exceeded quota: limits, requested: limits.cpu=500m, used: limits.cpu=0, limited: limits.cpu=300m.',
    });
    expect(condition(await cluster.client.get(Revisions, namespace, "greedy-00001"), "ResourcesAvailable")?.reason).toBe("FailedCreate");
    const current = await cluster.client.get(ResourceQuotas, namespace, "limits");
    await cluster.client.update(ResourceQuotas, { ...(current ?? quota), spec: { hard: { "limits.cpu": "1" } } });
    await eventually(async () => condition(await cluster.client.get(Services, namespace, "greedy"))?.status === "True");
    const used = async () => (await cluster.client.get(ResourceQuotas, namespace, "limits"))?.status?.used;
    await eventually(async () => (await used())?.["limits.cpu"] === "500m");
    await cluster.client.delete(Namespaces, undefined, namespace);
  });

  test("a request beyond what the node has", async () => {
    const template = { spec: { containers: [{ image: OK, resources: { requests: { cpu: "1000" } } }] } };
    await cluster.client.create(Services, {
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata: { name: "huge", namespace: "default" },
      spec: { template },
    });
    const service = await eventually(async () => {
      const found = await cluster.get(Services, "huge");
      return condition(found, "ConfigurationsReady")?.status === "False" ? found : undefined;
    });
    expect(condition(service, "ConfigurationsReady")?.message).toBe(
      'Revision "huge-00001" failed with message: 0/1 nodes are available: 1 Insufficient cpu..',
    );
    expect(condition(await cluster.get(Revisions, "huge-00001"))?.reason).toBe("Unschedulable");
    await cluster.client.delete(Services, "default", "huge");
  });

  test("two Services that claim one public host: the older keeps it", async () => {
    await cluster.deploy("a-b", { image: OK });
    await ready("a-b");
    await cluster.deploy("b", { image: OK, traffic: [{ latestRevision: true, percent: 100, tag: "a" }] });
    const route = await eventually(async () => {
      const found = await cluster.get(Routes, "b");
      return condition(found, "IngressReady")?.status === "False" ? found : undefined;
    });
    expect(condition(route, "IngressReady")?.reason).toBe("DomainConflict");
    expect((await answer(hostOf("a-b"))).revision).toBe("a-b-00001");
    await cluster.client.delete(Services, "default", "a-b");
    await ready("b");
    await answeredBy(hostOf("a-b"), "b-00001");
    await cluster.client.delete(Services, "default", "b");
  });
});

describe("a restart of the control plane", () => {
  test("drops no request and starts nothing anew", async () => {
    await cluster.deploy("steady", { image: OK, annotations: { "autoscaling.knative.dev/min-scale": "2" } });
    await ready("steady");
    await eventually(() => cluster.machine.running.size === 2);
    const before = [...cluster.machine.running.keys()];
    let stop = false;
    const failures: string[] = [];
    const load = (async () => {
      while (!stop) {
        const { status, body } = await cluster.request(hostOf("steady"));
        if (status !== 200) failures.push(`${status} ${body}`);
      }
    })();
    await cluster.restart();
    await ready("steady");
    await new Promise((resolve) => setTimeout(resolve, 3000));
    stop = true;
    await load;
    expect(failures).toEqual([]);
    expect([...cluster.machine.running.keys()]).toEqual(before);
  });

  test("keeps the traffic in force when what is asked for cannot be", async () => {
    await cluster.deploy("steady", { image: OK, traffic: [{ revisionName: "steady-00077", percent: 100 }] });
    await eventually(async () => condition(await cluster.get(Routes, "steady"), "AllTrafficAssigned")?.status === "False");
    await cluster.restart();
    expect((await answer(hostOf("steady"))).revision).toBe("steady-00001");
  });

  test("wakes what slept before", async () => {
    await cluster.deploy("sleeper", { image: OK, annotations: { "autoscaling.knative.dev/window": "6s" } });
    await ready("sleeper");
    const own = () => [...cluster.machine.running.values()].filter(({ spec }) => spec.workload === "default/sleeper-00001");
    await eventually(() => own().length === 0, 40_000);
    await cluster.restart();
    expect(own()).toEqual([]);
    expect((await answer(hostOf("sleeper"))).revision).toBe("sleeper-00001");
  });

  test("lets a first deployment that it interrupted finish", async () => {
    await cluster.deploy("interrupted", { image: OK });
    await cluster.restart();
    await ready("interrupted");
    expect((await answer(hostOf("interrupted"))).revision).toBe("interrupted-00001");
  });
});
