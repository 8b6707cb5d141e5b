import { beforeEach, describe, expect, test } from "vitest";
import { startServer, TEST_TOKEN, VISITOR_TOKEN, type TestServer } from "./testing/server.ts";

const METRICS = "/apis/metrics.k8s.io/v1beta1";
const FIGURES = { cores: 0.0123456, memoryBytes: 34 * 1024 * 1024, windowMs: 14_700 };

const pod = (name: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: {
    containers: [
      { name: "side", image: "i" },
      { name: "user-container", image: "i", ports: [{ containerPort: 8080 }] },
    ],
  },
});
const namesOf = (body: { items: { metadata: { name: string } }[] }) => body.items.map(({ metadata }) => metadata.name);

describe("metrics.k8s.io", () => {
  let server: TestServer;
  beforeEach(async () => {
    const measure = {
      pods: async (pods: readonly { name: string }[]) =>
        new Map(pods.filter(({ name }) => name !== "pending").map(({ name }) => [name, FIGURES])),
      nodes: async (names: readonly string[]) => new Map(names.map((name) => [name, FIGURES])),
    };
    server = await startServer({ measure });
    for (const name of ["a", "b", "pending"]) await server.call("POST", "/api/v1/namespaces/default/pods", { body: pod(name) });
    await server.call("POST", "/api/v1/nodes", { body: { apiVersion: "v1", kind: "Node", metadata: { name: "ebb" } } });
  });

  test("tells what the Pods use of which something is known, as metrics-server does", async () => {
    const { body } = await server.call("GET", `${METRICS}/namespaces/default/pods`);
    expect(body).toMatchObject({ apiVersion: "metrics.k8s.io/v1beta1", kind: "PodMetricsList" });
    expect(namesOf(body)).toEqual(["a", "b"]);
    expect(body.items[0]).toMatchObject({
      metadata: { namespace: "default", labels: { app: "a" } },
      timestamp: expect.stringMatching(/^\d{4}-/),
      window: "15s",
      containers: [{ name: "user-container", usage: { cpu: "12345600n", memory: "34816Ki" } }],
    });
    expect(namesOf((await server.call("GET", `${METRICS}/pods?labelSelector=app%3Db`)).body)).toEqual(["b"]);
    expect((await server.call("GET", `${METRICS}/namespaces/default/pods/a`)).body.kind).toBe("PodMetrics");
  });

  test("tells what the Nodes use", async () => {
    const { body } = await server.call("GET", `${METRICS}/nodes/ebb`);
    expect(body).toMatchObject({ kind: "NodeMetrics", metadata: { name: "ebb" }, usage: { memory: "34816Ki" } });
  });

  test.each([
    ["GET", "/namespaces/default/pods/none", 404],
    ["GET", "/namespaces/default/pods/pending", 404],
    ["GET", "/namespaces/default/pods?watch=1", 405],
    ["POST", "/namespaces/default/pods", 405],
    ["DELETE", "/namespaces/default/pods/a", 405],
    ["GET", "/namespaces/default/pods/a/log", 405],
  ])("%s %s is answered with %i", async (method, path, status) => {
    expect((await server.call(method, `${METRICS}${path}`)).status).toBe(status);
  });

  test("is found by clients, and read by whoever may view", async () => {
    const groups = (await server.call("GET", "/apis")).body.groups.map(({ name }: { name: string }) => name);
    expect(groups).toContain("metrics.k8s.io");
    const { body } = await server.call("GET", METRICS);
    expect(body.resources.map(({ name, verbs }: { name: string; verbs: string[] }) => [name, verbs])).toEqual([
      ["nodes", ["get", "list"]],
      ["pods", ["get", "list"]],
    ]);
    const asVisitor = () => server.call("GET", `${METRICS}/namespaces/default/pods`, { token: VISITOR_TOKEN });
    expect((await asVisitor()).status).toBe(403);
    const binding = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "views" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "vic" }],
    };
    await server.call("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings", { body: binding, token: TEST_TOKEN });
    expect((await asVisitor()).status).toBe(200);
  });
});
