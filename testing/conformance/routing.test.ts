import { DestinationRules, isStatus, Revisions, Services, VirtualServices, type VirtualService } from "@ebb/kube";
import { eventually } from "@ebb/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCluster, type Cluster } from "./cluster.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.close());

const OK = "registry.test/app:ok";
const INGRESS = "knative-serving/knative-ingress-gateway";

async function readyRevision(name: string): Promise<void> {
  await eventually(async () =>
    (await cluster.get(Revisions, name))?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
  );
}

async function apply(name: string, spec: VirtualService["spec"]): Promise<void> {
  const existing = await cluster.get(VirtualServices, name);
  const whole = {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: existing?.metadata ?? { name, namespace: "default" },
    spec,
  };
  const made = existing ? await cluster.client.update(VirtualServices, whole) : await cluster.client.create(VirtualServices, whole);
  await eventually(async () => {
    const status = (await cluster.get(VirtualServices, name))?.status;
    return status?.observedGeneration === made.metadata.generation && status?.conditions?.[0]?.status === "True";
  });
}

async function revisionAt(host: string, headers: Record<string, string> = {}): Promise<string> {
  const { status, body } = await cluster.request(host, { headers });
  return status === 200 ? (JSON.parse(body) as { revision: string }).revision : String(status);
}

test("the override pattern: a public host of one's own in front of a cluster-local Service, and one revision by a header", async () => {
  await cluster.deploy("app", { image: OK });
  await readyRevision("app-00001");
  const service = await cluster.get(Services, "app");
  if (!service) throw new Error("there is no Service app");
  const labels = { ...service.metadata.labels, "networking.knative.dev/visibility": "cluster-local" };
  await cluster.client.update(Services, { ...service, metadata: { ...service.metadata, labels } });
  await cluster.deploy("app", {
    image: OK,
    traffic: [
      { latestRevision: true, percent: 100 },
      { revisionName: "app-00001", tag: "old", percent: 0 },
    ],
    annotations: { a: "2" },
  });
  await readyRevision("app-00002");
  await apply("app-ext", {
    gateways: [INGRESS],
    hosts: ["app.example.com"],
    http: [
      {
        match: [{ headers: { "x-canary": { exact: "1" } }, uri: { prefix: "/" } }],
        retries: { attempts: 0 },
        route: [
          {
            destination: { host: "app-00001.default.svc.cluster.local", port: { number: 80 } },
            headers: { request: { set: { "Knative-Serving-Revision": "app-00001", "Knative-Serving-Namespace": "default" } } },
          },
        ],
      },
      {
        rewrite: { authority: "app.default.svc.cluster.local" },
        route: [{ destination: { host: "knative-local-gateway.istio-system.svc.cluster.local", port: { number: 80 } } }],
      },
    ],
  });
  await eventually(async () => (await revisionAt("app.example.com")) === "app-00002");
  expect(await revisionAt("app.example.com", { "X-Canary": "1" })).toBe("app-00001");
  expect(await revisionAt("app.example.com:8080", { "X-Canary": "2" })).toBe("app-00002");
  const found = cluster
    .controllers()
    .explain("virtualservices", { namespace: "default", name: "app-ext" }, new URLSearchParams("header=x-canary: 1"));
  expect(found).toMatchObject({
    outcome: "forward",
    revision: "default/app-00001",
    hops: [{ rule: "VirtualService default/app-ext http[0]" }],
  });
});

test("the rules survive a restart of the control plane, and go with their object", async () => {
  await cluster.restart();
  expect(await revisionAt("app.example.com", { "X-Canary": "1" })).toBe("app-00001");
  await cluster.client.delete(VirtualServices, "default", "app-ext");
  await eventually(async () => (await revisionAt("app.example.com")) === "404");
});

test("subsets of a DestinationRule are revisions, and follow it", async () => {
  const rule = (revision: string) => ({
    host: "app.default.svc.cluster.local",
    subsets: [{ name: "v", labels: { "serving.knative.dev/revision": revision } }],
  });
  const metadata = { name: "dr", namespace: "default" };
  const made = await cluster.client.create(DestinationRules, {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata,
    spec: rule("app-00001"),
  });
  await apply("by-subset", {
    gateways: [INGRESS],
    hosts: ["subset.example.com"],
    http: [{ route: [{ destination: { host: "app", subset: "v" } }] }],
  });
  expect(await revisionAt("subset.example.com")).toBe("app-00001");
  await cluster.client.update(DestinationRules, { ...made, spec: rule("app-00002") });
  await eventually(async () => (await revisionAt("subset.example.com")) === "app-00002");
});

test("what Istio would refuse is refused", async () => {
  await expect(apply("wrong", { gateways: [INGRESS], hosts: ["a.org"], http: [{}] })).rejects.toSatisfy((error) =>
    isStatus(error, "BadRequest"),
  );
});
