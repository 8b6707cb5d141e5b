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

describe("what the server tells of itself", () => {
  const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";

  test("each group and version that it serves, those of definitions too", async () => {
    const { call } = await startServer();
    const path = "/apis/apiregistration.k8s.io/v1/apiservices";
    const { body } = await call("GET", path);
    expect(body).toMatchObject({ apiVersion: "apiregistration.k8s.io/v1", kind: "APIServiceList" });
    expect(namesOf(body)).toEqual(expect.arrayContaining(["v1.", "v1.apps", "v1.serving.knative.dev", "v1beta1.serving.knative.dev"]));
    expect((await call("GET", `${path}/v1.apps`)).body).toMatchObject({
      spec: { group: "apps", version: "v1", versionPriority: 1 },
      status: { conditions: [{ type: "Available", status: "True", reason: "Local" }] },
    });
    const { columnDefinitions, rows } = (await call("GET", `${path}?fieldSelector=metadata.name%3Dv1.`, { accept: TABLE })).body;
    expect(columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(["Name", "Service", "Available", "Age"]);
    expect(rows.map(({ cells }: { cells: unknown[] }) => cells.slice(0, 3))).toEqual([["v1.", "Local", "True"]]);
    expect((await call("GET", `${path}/v9.none`)).status).toBe(404);
    expect((await call("DELETE", `${path}/v1.apps`)).status).toBe(405);
  });

  test("its parts, with the warning that nobody should ask for them any more", async () => {
    const { call } = await startServer();
    const { body, headers } = await call("GET", "/api/v1/componentstatuses", { accept: TABLE });
    expect(body.rows[0].cells).toEqual(["controller-manager", "Healthy", "ok", ""]);
    expect(headers.warning).toBe('299 - "v1 ComponentStatus is deprecated in v1.19+"');
    expect((await call("GET", "/api/v1/componentstatuses/etcd-0")).body.conditions[0]).toMatchObject({ type: "Healthy", status: "True" });
  });
});
