import {
  apiVersionOf,
  CoreServices,
  Deployments,
  Endpoints,
  EndpointSlices,
  ServerlessServices,
  type Configuration,
  type CoreService,
  type KnativeService,
  type Kind,
  type KubeObject,
  type Pod,
  type Revision,
  type Route,
} from "@ebb/kube";
import { systemRandom } from "@ebb/base";
import { eventually } from "@ebb/testkit";
import { ApiException } from "@kubernetes/client-node";
import { afterAll, describe, expect, test } from "vitest";
import { makeService, named, SERVING, type ServiceParts } from "./objects.ts";
import { conditionOf, settled, type Target } from "./target.ts";

const SCALING = "autoscaling.knative.dev";
const SYSTEM = "knative-serving";
const PATIENCE = 60_000;
const SMALL = { limits: { cpu: "200m", memory: "50Mi" }, requests: { cpu: "30m", memory: "20Mi" } };
const EMPTY = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"] as const;

type Scaled = KubeObject & { spec: { replicas?: number }; status: Record<(typeof EMPTY)[number], number | undefined> };
type Addresses = KubeObject & { subsets?: { addresses?: object[] }[] };
type Slice = KubeObject & { endpoints: { addresses: string[]; conditions: { ready: boolean } }[] };

const of = (kind: Kind) => ({ apiVersion: apiVersionOf(kind), kind: kind.kind });
/** A name of this attempt alone: a test that is tried again starts from nothing. */
const fresh = (base: string) => `${base}-${systemRandom.suffix(4)}`;
const isLocal = (url = "") => new URL(url).host.endsWith("cluster.local");

interface LogLine {
  httpRequest?: { requestUrl: string; userAgent: string };
}

/** As upstream reads a log: lines that are no JSON are passed over. */
function parsed(line: string): LogLine[] {
  try {
    return [JSON.parse(line) as LogLine];
  } catch {
    return [];
  }
}

/** What Knative's own e2e tests call and look at, in their order and with what they take for done (docs/reference/upstream-tests.md). */
export function describeUpstream(target: () => Target): void {
  const made: { apiVersion: string; kind: string; name: string }[] = [];
  afterAll(() =>
    Promise.all(
      made.map((each) =>
        target()
          .remove(each)
          .catch(() => undefined),
      ),
    ),
  );

  const service = async (name: string, parts: ServiceParts = {}, traffic?: KnativeService["spec"]["traffic"]) => {
    made.push(named("Service", name));
    const object = makeService(target(), name, parts);
    await target().create({ ...object, spec: { ...object.spec, ...(traffic ? { traffic } : {}) } });
    return settled<KnativeService>(target(), named("Service", name));
  };
  const route = async (name: string) => target().find<Route>(named("Route", name));
  const find = <T extends KubeObject>(kind: Kind, name: string) => target().find<T>({ ...of(kind), name });

  describe.concurrent("scale", () => {
    /** test/e2e/minscale_readiness_test.go: ready addresses behind the private Service; the slices must say the same. */
    const readyBehind = async (revision: string) => {
      const sks = await find<KubeObject & { status?: { privateServiceName?: string } }>(ServerlessServices, revision);
      const name = sks?.status?.privateServiceName;
      if (name === undefined) return 0;
      const endpoints = await find<Addresses>(Endpoints, name);
      return (endpoints?.subsets ?? []).reduce((sum, { addresses = [] }) => sum + addresses.length, 0);
    };
    const readySlices = async (revision: string) => {
      const slices = await target().list<Slice>(of(EndpointSlices), { label: `kubernetes.io/service-name=${revision}-private` });
      return slices.flatMap(({ endpoints }) => endpoints).filter(({ conditions }) => conditions.ready).length;
    };

    test("TestMinScale: a Revision is ready with all of them, and has fewer once nothing leads to it", async () => {
      const [way, config] = [fresh("min-way"), fresh("min-config")];
      const [first, second] = [`${config}-00001`, `${config}-00002`];
      const { template } = makeService(target(), "any", {
        template: { annotations: { [`${SCALING}/min-scale`]: "2", [`${SCALING}/window`]: "6s" } },
        container: { resources: SMALL },
      }).spec;
      made.push(named("Route", way), named("Configuration", config));
      const traffic = [{ configurationName: config, percent: 100 }];
      await target().create<Route>({ apiVersion: SERVING, kind: "Route", metadata: { name: way }, spec: { traffic } });
      await target().create<Configuration>({
        apiVersion: SERVING,
        kind: "Configuration",
        metadata: { name: config },
        spec: { template },
      });
      const complete = async (revision: string) => {
        await eventually(async () => (await readyBehind(revision)) >= 2, PATIENCE);
        await settled<Revision>(target(), named("Revision", revision));
        await eventually(async () => (await target().find<Revision>(named("Revision", revision)))?.status?.actualReplicas === 2);
        expect([await readyBehind(revision), await readySlices(revision)]).toEqual([2, 2]);
      };
      await complete(first);
      await target().patch({
        ...named("Configuration", config),
        metadata: { name: config },
        spec: { template: { metadata: { annotations: { changed: "yes" } } } },
      });
      await complete(second);
      await eventually(async () => (await readyBehind(first)) < 2, PATIENCE);
      await target().remove(named("Route", way));
      await eventually(async () => (await readyBehind(second)) < 2, PATIENCE);
    });

    test("TestInitScalePositive: exactly so many Pods that are not pending", async () => {
      const name = fresh("init");
      const { template } = makeService(target(), "any", { template: { annotations: { [`${SCALING}/initial-scale`]: "2" } } }).spec;
      made.push(named("Configuration", name));
      await target().create<Configuration>({ apiVersion: SERVING, kind: "Configuration", metadata: { name }, spec: { template } });
      const selectors = { label: `serving.knative.dev/configuration=${name}`, field: "status.phase!=Pending" };
      let most = 0;
      await eventually(async () => {
        const ready = conditionOf(await target().find(named("Configuration", name)))?.status === "True";
        const pods = (await target().list({ apiVersion: "v1", kind: "Pod" }, selectors)).length;
        most = Math.max(most, pods);
        return pods === 2 && ready;
      }, PATIENCE);
      expect(most).toBe(2);
    });

    /** test/e2e/e2e.go, waitForActivatorEndpoints. */
    const addressesOf = async (service: string, namespace?: string) => {
      const found = { label: `kubernetes.io/service-name=${service}`, ...(namespace === undefined ? {} : { namespace }) };
      const slices = await target().list<Slice>(of(EndpointSlices), found);
      return slices.flatMap(({ endpoints }) => endpoints).flatMap(({ addresses }) => addresses);
    };

    test("TestTargetBurstCapacityMinusOne: the Revision's Service leads to activators, as many of them as are asked for", async () => {
      const name = fresh("burst");
      await service(name, { template: { annotations: { [`${SCALING}/target-burst-capacity`]: "-1" } } });
      await eventually(async () => {
        const sks = await find<KubeObject & { spec: { numActivators: number } }>(ServerlessServices, `${name}-00001`);
        const activators = await addressesOf("activator-service", SYSTEM);
        const behind = await addressesOf(`${name}-00001`);
        const wanted = Math.min(sks?.spec.numActivators ?? Infinity, activators.length);
        return behind.length >= wanted && behind.some((address) => activators.includes(address));
      }, PATIENCE);
    });

    test("TestTargetBurstCapacityZero, TestFastScaleToZero, TestActivationScale: to nothing, in every count, ready all the while; it wakes with two", async () => {
      const name = fresh("zero");
      const annotations = { window: "6s", "target-burst-capacity": "0", "activation-scale": "2" };
      const template = { annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`${SCALING}/${key}`, value])) };
      const { status } = await service(name, { template });
      const made = await target().find<Revision>(named("Revision", `${name}-00001`));
      expect(made?.status).toMatchObject({ actualReplicas: 1, desiredReplicas: 1 });
      const labelled = { label: `serving.knative.dev/revision=${name}-00001,networking.internal.knative.dev/serviceType=Private` };
      const [behind] = await target().list<Addresses>(of(Endpoints), labelled);
      expect(behind?.metadata.name).toBe(`${name}-00001-private`);
      await eventually(async () => (await readyBehind(`${name}-00001`)) === 0, PATIENCE);
      await eventually(async () => {
        const deployment = await find<Scaled>(Deployments, `${name}-00001-deployment`);
        return deployment?.spec.replicas === 0 && EMPTY.every((count) => !deployment.status[count]);
      }, PATIENCE);
      await eventually(async () => (await target().pods(`${name}-00001`)).length === 0, PATIENCE);
      expect(conditionOf(await target().find(named("Revision", `${name}-00001`)))?.status).toBe("True");
      const asleep = await target().find<Revision>(named("Revision", `${name}-00001`));
      expect(asleep?.status).toMatchObject({ actualReplicas: 0, desiredReplicas: 0 });
      expect(await target().shell(status?.url ?? "", "echo awake")).toBe("awake");
      await eventually(async () => (await target().find<Revision>(named("Revision", `${name}-00001`)))?.status?.desiredReplicas === 2);
    });
  });

  describe.concurrent("instances", () => {
    test("TestDestroyPodWithRequests, TestQueueSideCarResourceLimit: a Pod's requests outlive it; it has a queue-proxy of that size", async () => {
      const name = fresh("held");
      const { status } = await service(name, {
        template: { annotations: { "queue.sidecar.serving.knative.dev/resource-percentage": "0.2" } },
        container: { resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { cpu: "100m", memory: "258Mi" } } },
      });
      const [pod] = await target().pods(`${name}-00001`);
      expect(pod?.spec.containers.find((container) => container.name === "queue-proxy")?.resources).toEqual({
        requests: { cpu: "25m", memory: "50Mi" },
        limits: { cpu: "40m", memory: "200Mi" },
      });
      const answers = Promise.all([1, 2, 3].map((n) => target().shell(status?.url ?? "", `touch /tmp/${n}; sleep 2; echo ${n}`)));
      await eventually(async () => (await target().shell(status?.url ?? "", "ls /tmp | grep -c '^[123]$'")) === "3");
      await target().remove({ apiVersion: "v1", kind: "Pod", name: pod?.metadata.name ?? "" });
      expect(await answers).toEqual(["1", "2", "3"]);
    });

    /** test/ha/workload_test.go, with each sort of burst capacity; upstream ten times over. */
    test("TestActivatorNotInRequestPath, …InRequestPathAlways, …Possibly: nobody notices that the Pods are deleted, one after the other", async () => {
      const names = ["0", "-1", "1"].map((burst) => ({ burst, name: fresh("user-pods") }));
      const one = async ({ burst, name }: (typeof names)[number]) => {
        const annotations = Object.fromEntries(
          Object.entries({ "min-scale": "2", "max-scale": "2", "target-burst-capacity": burst }).map(([key, value]) => [
            `${SCALING}/${key}`,
            value,
          ]),
        );
        const { status } = await service(name, { template: { annotations }, spec: { timeoutSeconds: 5 } });
        const scaled = async () => {
          const deployment = await find<Scaled>(Deployments, `${name}-00001-deployment`);
          return deployment?.status.readyReplicas === 2;
        };
        const seen: string[] = [];
        const probing = new AbortController();
        const prober = (async () => {
          while (!probing.signal.aborted)
            seen.push(String((await target().get(status?.url ?? "", { path: "/cgi-bin/run?sleep%200.05" })).status));
        })();
        await eventually(scaled, PATIENCE);
        for (const { metadata } of await target().list<Pod>(
          { apiVersion: "v1", kind: "Pod" },
          { label: `serving.knative.dev/service=${name}` },
        )) {
          const pod = { apiVersion: "v1", kind: "Pod", name: metadata.name };
          await target().remove(pod);
          await eventually(async () => (await target().find(pod)) === undefined, PATIENCE);
        }
        await eventually(scaled, PATIENCE);
        probing.abort();
        await prober;
        return [...new Set(seen)];
      };
      expect(await Promise.all(names.map(one))).toEqual([["200"], ["200"], ["200"]]);
    });
  });

  /** What every test does before and after its own part: knative.dev/pkg/test/ingress, test/logstream, test/clients.go. */
  describe.concurrent("the framework", () => {
    test("the way in is the one address of the ingress's Service, and its port 80 is found by its nodePort", async () => {
      const { GATEWAY_OVERRIDE: name = "istio-ingressgateway", GATEWAY_NAMESPACE_OVERRIDE: namespace = "istio-system" } = process.env;
      const ingress = await target().find<CoreService>({ ...of(CoreServices), name, namespace });
      expect(ingress?.status?.loadBalancer?.ingress).toHaveLength(1);
      const mapped = ingress?.spec?.ports?.find(({ port }) => port === 80)?.nodePort;
      const made = await service(fresh("way-in"));
      const port = process.env["EBB_CONFORMANCE_INGRESS"] ? undefined : mapped;
      expect((await target().get(made.status?.url ?? "", { path: "/cgi-bin/run?:", ...(port === undefined ? {} : { port }) })).status).toBe(
        200,
      );
    });

    test("Pods of the system's namespace are watched from now on, whether there are any or none", async () => {
      const seen = await target().watch({ group: "api/v1", namespace: SYSTEM, plural: "pods", seconds: 1 }, () => false);
      expect(seen.map(({ type }) => type).filter((type) => type !== "ADDED")).toEqual([]);
    });

    test("TearDown: Route, Configuration and Service are deleted in the foreground, whichever is gone already", async () => {
      const name = fresh("torn");
      await service(name);
      for (const kind of ["Route", "Configuration", "Service"] as const) {
        await target()
          .remove(named(kind, name), "Foreground")
          .catch((error: unknown) => (error instanceof ApiException && error.code === 404 ? undefined : Promise.reject(error as Error)));
      }
      for (const kind of ["Service", "Route", "Configuration"] as const)
        await eventually(async () => (await target().find(named(kind, name))) === undefined, PATIENCE);
      await eventually(async () => (await target().pods(`${name}-00001`)).length === 0, PATIENCE);
    });
  });

  test("TestRequestLogs: the log of container queue-proxy has a line of JSON for each request", async () => {
    const name = fresh("logged");
    const restore = await target().configure("config-observability", {
      "logging.enable-request-log": "true",
      "logging.enable-probe-request-log": "true",
    });
    try {
      const { status } = await service(name, { template: { annotations: { [`${SCALING}/min-scale`]: "1" } } });
      const pod = await eventually(async () => {
        const [only] = await target().list<Pod>({ apiVersion: "v1", kind: "Pod" }, { label: `app=${name}-00001` });
        return only?.status?.podIP === undefined ? undefined : only;
      });
      expect(pod.spec.containers.map((container) => container.name)).toContain("queue-proxy");
      expect((await target().get(status?.url ?? "", { path: "/cgi-bin/run?:" })).status).toBe(200);
      const logged = await eventually(async () => {
        const lines = (await target().log(pod.metadata.name, "queue-proxy")).split("\n").flatMap(parsed);
        return lines.find(({ httpRequest }) => httpRequest?.requestUrl === "/cgi-bin/run?:");
      });
      await eventually(async () => {
        const lines = (await target().log(pod.metadata.name, "queue-proxy")).split("\n").flatMap(parsed);
        return lines.some(({ httpRequest }) => httpRequest?.requestUrl === "/" && httpRequest.userAgent === "Knative-Queue-Proxy-Probe");
      }, PATIENCE);
      expect(logged.httpRequest).toMatchObject({ requestMethod: "GET", status: 200, serverIp: pod.status?.podIP });
    } finally {
      await restore();
    }
  });

  describe.concurrent("failures: the first thing that is said of them is what upstream waits for", () => {
    test.each<[string, string, ServiceParts, string, string]>([
      [
        "TestPodScheduleError",
        "big",
        { container: { resources: { requests: { cpu: "50000m" }, limits: { cpu: "50000m" } } } },
        "Unschedulable",
        "Insufficient cpu",
      ],
      [
        "TestImagePullError",
        "pull",
        { container: { image: `localhost:1/nobody/nothing@sha256:${"0".repeat(64)}` } },
        "ImagePullBackOff",
        "Back-off pulling image",
      ],
    ])("%s", async (_, ...[base, parts, reason, words]) => {
      const name = fresh(base);
      made.push(named("Service", name));
      await target().create(makeService(target(), name, parts));
      const first = await eventually(async () => {
        const condition = conditionOf(await target().find(named("Service", name)), "ConfigurationsReady");
        return condition && condition.status !== "Unknown" ? condition : undefined;
      }, PATIENCE);
      expect(first).toMatchObject({ status: "False", message: expect.stringContaining(words) });
      const revision = conditionOf(await target().find(named("Revision", `${name}-00001`)));
      expect(revision).toMatchObject({ reason, message: expect.stringContaining(words) });
    });
  });

  describe.concurrent("routes", () => {
    test("TestSubrouteVisibilityPublicToPrivate: a tag's placeholder Service hides that tag; the Service's label hides all", async () => {
      const name = fresh("sub");
      await service(name, {}, [{ tag: "one", percent: 100 }]);
      const urlOf = async (tag: string) => (await route(name))?.status?.traffic?.find((each) => each.tag === tag)?.url;
      expect([isLocal(await urlOf("one")), isLocal((await route(name))?.status?.url)]).toEqual([false, false]);
      // v1test.Patch…, and that of a Service: the operations that knative.dev/pkg makes of two objects.
      const placeholder = { ...of(CoreServices), name: `one-${name}` };
      const visibility = "/metadata/labels/networking.knative.dev~1visibility";
      await target().edit(placeholder, [{ op: "add", path: visibility, value: "cluster-local" }]);
      const traffic = [
        { tag: "one", percent: 100 },
        { tag: "two", latestRevision: true },
      ];
      await target().edit(named("Service", name), [{ op: "replace", path: "/spec/traffic", value: traffic }]);
      await eventually(
        async () => isLocal(await urlOf("one")) && (await urlOf("two")) !== undefined && !isLocal(await urlOf("two")),
        PATIENCE,
      );
      await target().edit(named("Service", name), [
        { op: "add", path: "/metadata/labels", value: { "networking.knative.dev/visibility": "cluster-local" } },
      ]);
      await eventually(async () => isLocal((await route(name))?.status?.url), PATIENCE);
      expect([isLocal(await urlOf("one")), isLocal(await urlOf("two"))]).toEqual([true, true]);
    });

    test("TestMultipleNamespace: two Services of one name are both ready, each at a URL of its own", async () => {
      const name = fresh("twin");
      const here = await service(name, { env: { VERSION: "here" } });
      await target().create(makeService(target(), name, { env: { VERSION: "there" } }), target().elsewhere);
      const urls = [here.status?.url ?? "", (here.status?.url ?? "").replace(target().namespace, target().elsewhere)] as const;
      await eventually(async () => (await target().get(urls[1], { path: "/cgi-bin/run?:" })).status === 200, PATIENCE);
      expect(await Promise.all(urls.map((url) => target().shell(url, "echo $VERSION")))).toEqual(["here", "there"]);
    });
  });

  describe.concurrent("kn", () => {
    test("service create waits by a watch of that name, and never sees Ready False; service delete waits for the event", async () => {
      const name = fresh("by-kn");
      const watched = { group: "apis/serving.knative.dev/v1", plural: "services", name, seconds: 30 };
      const object = makeService(target(), name, {
        container: { name: "", resources: {} },
        template: { annotations: { "client.knative.dev/user-image": "x" } },
      });
      made.push(named("Service", name));
      await target().create({ ...object, status: {} });
      const seen = await target().watch(watched, ({ object: now }) => conditionOf(now)?.status === "True");
      expect(seen.map(({ object: now }) => conditionOf(now)?.status)).not.toContain("False");
      expect(conditionOf(seen.at(-1)?.object)?.status).toBe("True");
      let removed: Promise<void> | undefined;
      const gone = await target().watch(watched, ({ type }) => {
        if (type === "ADDED") removed = target().remove(named("Service", name), "Foreground");
        return type === "DELETED";
      });
      await removed;
      expect(gone.at(-1)?.type).toBe("DELETED");
    });

    test("service update, apply and describe, revision list and delete, domain create and delete: each reads and writes as kn does", async () => {
      const name = fresh("kn-all");
      const labelled = { label: `serving.knative.dev/service=${name}` };
      const made = await service(name, { env: { VERSION: "1" } });
      // update: what was read is sent back with the change, and again after a conflict.
      const { template } = makeService(target(), name, { env: { VERSION: "2" } }).spec;
      const scaled = { ...template, metadata: { annotations: { [`${SCALING}/min-scale`]: "1", [`${SCALING}/max-scale`]: "2" } } };
      await eventually(async () => {
        const current = await target().find<KnativeService>(named("Service", name));
        if (!current) return false;
        return target()
          .replace<KnativeService>({ ...current, spec: { ...current.spec, template: scaled } })
          .then(
            () => true,
            (error: unknown) => (error instanceof ApiException && error.code === 409 ? false : Promise.reject(error as Error)),
          );
      });
      const updated = await settled<KnativeService>(target(), named("Service", name));
      expect(updated.status?.latestReadyRevisionName).toBe(`${name}-00002`);
      // apply: a merge patch; whether anything has changed is told by the generation in the answer, which nobody has observed yet.
      const tags = [
        { tag: "old", revisionName: `${name}-00001`, percent: 50 },
        { tag: "new", latestRevision: true, percent: 50 },
      ];
      const patched = await target().patch<KnativeService>({ ...named("Service", name), metadata: { name }, spec: { traffic: tags } });
      expect(patched.metadata.generation).not.toBe(patched.status?.observedGeneration);
      const again = { ...named("Service", name), metadata: { name, annotations: { note: "no change of the spec" } } };
      const ready = await settled<KnativeService>(target(), named("Service", name));
      expect((await target().patch<KnativeService>(again)).metadata.generation).toBe(ready.metadata.generation);
      // describe and list: what is told of each target, its Revision's number, image and instances.
      const told = ready.status?.traffic?.map(({ tag, revisionName, percent }) => [tag, revisionName, percent]);
      expect(told).toEqual([
        ["old", `${name}-00001`, 50],
        ["new", `${name}-00002`, 50],
      ]);
      const revisions = await target().list<Revision>({ apiVersion: SERVING, kind: "Revision" }, labelled);
      expect(revisions.map(({ metadata }) => metadata.labels?.["serving.knative.dev/configurationGeneration"]).toSorted()).toEqual([
        "1",
        "2",
      ]);
      for (const { status } of revisions) expect(status?.containerStatuses?.[0]?.name).toBe("user-container");
      const routes = await target().list<Route>({ apiVersion: SERVING, kind: "Route" }, { field: `metadata.name=${name}` });
      expect(routes.map(({ status }) => status?.url)).toEqual([made.status?.url]);
      // domain create: the reference has a namespace, too; the wait is for Ready.
      const restore = await target().configure("config-network", { "autocreate-cluster-domain-claims": "true" });
      const domain = { apiVersion: "serving.knative.dev/v1beta1", kind: "DomainMapping", name: `${name}.example.org` };
      try {
        const ref = { kind: "Service", namespace: target().namespace, name, apiVersion: SERVING };
        await target().create({ ...domain, metadata: { name: domain.name }, spec: { ref } });
        await settled(target(), domain);
        await eventually(async () => (await target().get(`http://${domain.name}`, { path: "/cgi-bin/run?:" })).status === 200);
        await target().remove(domain);
        await eventually(async () => (await target().find(domain)) === undefined);
      } finally {
        await restore();
      }
      // revision delete: of one that takes no traffic any more, with a wait for the event.
      await target().patch({ ...named("Service", name), metadata: { name }, spec: { traffic: [{ latestRevision: true, percent: 100 }] } });
      await settled<KnativeService>(target(), named("Service", name));
      const watched = { group: "apis/serving.knative.dev/v1", plural: "revisions", name: `${name}-00001`, seconds: 30 };
      let removed: Promise<void> | undefined;
      const seen = await target().watch(watched, ({ type }) => {
        if (type === "ADDED") removed = target().remove(named("Revision", `${name}-00001`));
        return type === "DELETED";
      });
      await removed;
      expect(seen.at(-1)?.type).toBe("DELETED");
    });
  });
}
