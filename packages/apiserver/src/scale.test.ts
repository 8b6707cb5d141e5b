import { describe, expect, test } from "vitest";
import { startServer } from "./testing/server.ts";

const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const MERGE = "application/merge-patch+json";
const labels = { app: "d" };
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d" },
  spec: {
    replicas: 2,
    selector: {
      matchLabels: labels,
      matchExpressions: [
        { key: "tier", operator: "In", values: ["b", "a"] },
        { key: "x", operator: "DoesNotExist" },
      ],
    },
    template: { metadata: { labels: { ...labels, tier: "a" } }, spec: { containers: [{ name: "c", image: "i" }] } },
  },
};

async function withDeployment() {
  const server = await startServer();
  const { body } = await server.call("POST", DEPLOYMENTS, { body: deployment });
  return { ...server, made: body };
}

describe("/scale", () => {
  test("shows replicas and selector of the object, with its identity", async () => {
    const { call, made } = await withDeployment();
    await call("PATCH", `${DEPLOYMENTS}/d/status`, { type: MERGE, body: { status: { replicas: 1 } } });
    const { name, namespace, uid, creationTimestamp } = made.metadata;
    expect((await call("GET", `${DEPLOYMENTS}/d/scale`)).body).toEqual({
      kind: "Scale",
      apiVersion: "autoscaling/v1",
      metadata: { name, namespace, uid, creationTimestamp, resourceVersion: expect.any(String) },
      spec: { replicas: 2 },
      status: { replicas: 1, selector: "app=d,tier in (a,b),!x" },
    });
    expect((await call("GET", `${DEPLOYMENTS}/none/scale`)).status).toBe(404);
    expect((await call("GET", "/api/v1/namespaces/default/configmaps/a/scale")).status).toBe(404);
  });

  test("each sort of write changes the replicas alone, counts a generation and is owned by its subresource", async () => {
    const { call, made } = await withDeployment();
    const path = `${DEPLOYMENTS}/d/scale?fieldManager=m`;
    const { body: scale } = await call("GET", path);
    expect((await call("PUT", path, { body: { ...scale, spec: { replicas: 3 } } })).body.spec).toEqual({ replicas: 3 });
    await call("PATCH", path, { type: "application/json-patch+json", body: [{ op: "replace", path: "/spec/replicas", value: 4 }] });
    const patched = await call("PATCH", path, { type: MERGE, body: { spec: { replicas: 5 } } });
    expect(patched.body.spec).toEqual({ replicas: 5 });
    const { body } = await call("GET", `${DEPLOYMENTS}/d`);
    expect(body.spec).toEqual({ ...made.spec, replicas: 5 });
    expect(body.metadata.generation).toBe(4);
    expect(body.metadata.managedFields).toContainEqual(
      expect.objectContaining({ manager: "m", operation: "Update", subresource: "scale", fieldsV1: { "f:spec": { "f:replicas": {} } } }),
    );
  });

  test("server-side apply: whose the replicas are, and a conflict with whom", async () => {
    const { call } = await withDeployment();
    const apply = (manager: string, replicas: number, force = "") =>
      call("PATCH", `${DEPLOYMENTS}/d/scale?fieldManager=${manager}${force}`, {
        type: "application/apply-patch+yaml",
        body: { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "d" }, spec: { replicas } },
      });
    expect((await apply("scaler", 7, "&force=true")).body).toMatchObject({ kind: "Scale", spec: { replicas: 7 } });
    const { body } = await call("GET", `${DEPLOYMENTS}/d`);
    expect([body.spec.replicas, body.metadata.generation]).toEqual([7, 2]);
    expect(body.metadata.managedFields).toContainEqual(
      expect.objectContaining({
        manager: "scaler",
        operation: "Apply",
        subresource: "scale",
        fieldsV1: { "f:spec": { "f:replicas": {} } },
      }),
    );
    expect((await apply("other", 3)).body).toMatchObject({ code: 409, message: expect.stringContaining('conflict with "scaler"') });
    expect((await apply("other", 7)).status).toBe(200);
    expect(
      (await call("PATCH", `${DEPLOYMENTS}/none/scale?fieldManager=m`, { type: "application/apply-patch+yaml", body: {} })).status,
    ).toBe(404);
  });

  test("is shown as a row", async () => {
    const { call } = await withDeployment();
    const { body } = await call("GET", `${DEPLOYMENTS}/d/scale`, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" });
    expect(body.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(["Name", "Desired", "Available", "Age"]);
    expect(body.rows[0].cells.slice(0, 3)).toEqual(["d", expect.any(Number), 0]);
  });

  test.each<[string, object, number, string]>([
    [
      "less than none",
      { spec: { replicas: -1 } },
      422,
      'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ],
    ["no number", { spec: { replicas: "2" } }, 400, "must be a whole number"],
    [
      "a stale version",
      { metadata: { resourceVersion: "1" }, spec: { replicas: 1 } },
      409,
      'deployments.apps "d": the object has been modified',
    ],
    ["another kind", { kind: "Deployment", spec: { replicas: 1 } }, 400, "expected a Scale"],
  ])("is refused: %s", async (_, body, code, message) => {
    const { call } = await withDeployment();
    expect((await call("PUT", `${DEPLOYMENTS}/d/scale`, { body })).body).toMatchObject({ code, message: expect.stringContaining(message) });
  });
});
