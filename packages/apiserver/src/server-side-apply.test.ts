import { describe, expect, test } from "vitest";
import { configMap, ksvc, startServer, type TestServer } from "./testing/server.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const SERVICES = "/apis/serving.knative.dev/v1/namespaces/default/services";
const APPLY = "application/apply-patch+yaml";

interface Entry {
  manager: string;
  operation: string;
  subresource?: string;
  fieldsV1: object;
}

function applier({ call }: TestServer) {
  return (path: string, body: unknown, query = "fieldManager=a") => call("PATCH", `${path}?${query}`, { type: APPLY, body });
}
const entriesOf = (reply: { body: { metadata: { managedFields: Entry[] } } }) =>
  reply.body.metadata.managedFields.map(({ manager, operation, subresource = "" }) => [manager, operation, subresource].join(" ").trim());

describe("server-side apply", () => {
  test("creates what is not there, then changes it; what changes nothing changes no version", async () => {
    const apply = applier(await startServer());
    const created = await apply(`${MAPS}/m`, configMap("m", { x: "1", y: "1" }));
    expect(created).toMatchObject({ status: 201, body: { metadata: { name: "m", uid: expect.any(String) } } });
    expect(created.body.metadata.managedFields).toEqual([
      {
        manager: "a",
        operation: "Apply",
        apiVersion: "v1",
        time: expect.stringMatching(/^20\d\d-.*Z$/),
        fieldsType: "FieldsV1",
        fieldsV1: { "f:data": { "f:x": {}, "f:y": {} } },
      },
    ]);
    const same = await apply(`${MAPS}/m`, configMap("m", { x: "1", y: "1" }));
    expect([same.status, same.body]).toEqual([200, created.body]);
    const changed = await apply(`${MAPS}/m`, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {x: '2'}\n");
    expect(changed.body.data).toEqual({ x: "2" });
  });

  test("a null is owned and sets nothing: kubectl's and generators' manifests are full of `creationTimestamp: null`", async () => {
    const apply = applier(await startServer());
    const template = { metadata: { labels: { a: "b" }, creationTimestamp: null }, spec: { containers: [{ name: "c", image: "i" }] } };
    const deployment = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "d", creationTimestamp: null, labels: null, ownerReferences: null, finalizers: null },
      spec: { replicas: null, selector: { matchLabels: { a: "b" } }, template },
    };
    const { status, body } = await apply("/apis/apps/v1/namespaces/default/deployments/d", deployment);
    expect([status, body.spec.replicas, body.spec.template.metadata]).toEqual([201, 1, { labels: { a: "b" } }]);
    expect(body.metadata).not.toHaveProperty("labels");
    expect(body.metadata.managedFields[0].fieldsV1).toMatchObject({
      "f:metadata": { "f:labels": {} },
      "f:spec": { "f:replicas": {}, "f:template": { "f:metadata": { "f:creationTimestamp": {}, "f:labels": { "f:a": {} } } } },
    });
  });

  test("a Knative Service: defaults are nobody's, and its generation counts changes only", async () => {
    const server = await startServer();
    const apply = applier(server);
    const created = await apply(`${SERVICES}/s`, ksvc("s"));
    expect(created.body.spec.template.spec.timeoutSeconds).toBe(300);
    expect(created.body.metadata.managedFields[0].fieldsV1).toEqual({ "f:spec": { "f:template": { "f:spec": { "f:containers": {} } } } });
    const same = await apply(`${SERVICES}/s`, ksvc("s"));
    expect(same.body.metadata).toMatchObject({ generation: 1, resourceVersion: created.body.metadata.resourceVersion });
    const status = { url: "http://s" };
    const reported = await server.call("PATCH", `${SERVICES}/s/status?fieldManager=c`, {
      type: "application/merge-patch+json",
      body: { status },
    });
    expect(entriesOf(reported)).toEqual(["a Apply", "c Update status"]);
    expect((await apply(`${SERVICES}/s`, { ...ksvc("s"), status: { url: "other" } })).body).toMatchObject({ status });
    const taken = await apply(`${SERVICES}/s/status`, { ...ksvc("s", { timeoutSeconds: 9 }), status: { url: "mine" } }, "fieldManager=d");
    expect(taken.body).toMatchObject({
      code: 409,
      message: expect.stringContaining('"c" with subresource "status" using serving.knative.dev/v1: .status.url'),
    });
  });

  test("writes of every sort are tracked, by fieldManager or by user agent", async () => {
    const { call } = await startServer();
    await call("POST", MAPS, { body: configMap("m", { x: "1" }), headers: { "user-agent": "kubectl/v1.32.4 (linux)" } });
    const patched = await call("PATCH", `${MAPS}/m?fieldManager=p`, { type: "application/merge-patch+json", body: { data: { y: "2" } } });
    expect(patched.body.metadata.managedFields).toMatchObject([
      { manager: "kubectl", operation: "Update", fieldsV1: { "f:data": { ".": {}, "f:x": {} } } },
      { manager: "p", operation: "Update", fieldsV1: { "f:data": { "f:y": {} } } },
    ]);
    const put = await call("PUT", `${MAPS}/m?fieldManager=q`, { body: configMap("m", { x: "3", y: "2" }) });
    expect(put.body.metadata.managedFields.map(({ manager }: Entry) => manager).sort()).toEqual(["kubectl", "p", "q"]);
    expect(put.body.metadata.managedFields.find(({ manager }: Entry) => manager === "kubectl").fieldsV1).toEqual({ "f:data": {} });
  });

  test("managedFields can be edited, and reset", async () => {
    const { call } = await startServer();
    const { body: made } = await call("POST", `${MAPS}?fieldManager=a`, { body: configMap("m", { x: "1" }) });
    const [entry] = made.metadata.managedFields;
    const edit = (value: unknown) =>
      call("PATCH", `${MAPS}/m?fieldManager=b`, {
        type: "application/json-patch+json",
        body: [{ op: "add", path: "/metadata/managedFields", value }],
      });
    expect(entriesOf(await edit([{ ...entry, manager: "z", operation: "Apply" }]))).toEqual(["z Apply"]);
    // What cannot be read is as if it had not been sent; of two entries of one manager the last is its own.
    expect(entriesOf(await edit([{ ...entry, operation: "Nonsense" }]))).toEqual(["z Apply"]);
    expect(entriesOf(await edit([{ ...entry, fieldsType: "" }]))).toEqual(["z Apply"]);
    const [first, last] = [{ "f:data": {} }, { "f:data": { "f:x": {} } }].map((fieldsV1) => ({ ...entry, manager: "y", fieldsV1 }));
    expect((await edit([first, last])).body.metadata.managedFields).toEqual([last]);
    expect((await edit([{}])).body.metadata).not.toHaveProperty("managedFields");
    expect(entriesOf(await edit([entry]))).toEqual(["a Update"]);
    expect((await edit([])).body.metadata).not.toHaveProperty("managedFields");
    expect(
      (await call("PATCH", `${MAPS}/m`, { type: "application/merge-patch+json", body: { data: { x: "2" } } })).body.metadata,
    ).not.toHaveProperty("managedFields");
    const applied = await call("PATCH", `${MAPS}/m?fieldManager=a`, { type: APPLY, body: configMap("m", { y: "1" }) });
    expect(entriesOf(applied)).toEqual(["a Apply", "before-first-apply Update"]);
  });

  test("kubectl takes over what it applied from the client's side", async () => {
    const server = await startServer();
    const annotation = "kubectl.kubernetes.io/last-applied-configuration";
    const last = JSON.stringify(configMap("m", { x: "1" }));
    const body = configMap("m", { x: "1", other: "1" }, { annotations: { [annotation]: last } });
    await server.call("POST", `${MAPS}?fieldManager=kubectl-client-side-apply`, { body });
    const apply = applier(server);
    expect((await apply(`${MAPS}/m`, configMap("m", { x: "2" }), "fieldManager=someone")).status).toBe(409);
    expect((await apply(`${MAPS}/m`, configMap("m", { other: "2" }), "fieldManager=kubectl")).status).toBe(409);
    const taken = await apply(`${MAPS}/m`, configMap("m", { x: "2" }), "fieldManager=kubectl");
    expect(taken.body.data).toEqual({ x: "2", other: "1" });
    expect(JSON.parse(taken.body.metadata.annotations[annotation]).data).toEqual({ x: "2" });
  });

  test.each<[string, string, unknown, number, string]>([
    ["no manager", "", configMap("m"), 422, "fieldManager: Required value: is required for apply patch"],
    ["a manager that is too long", `fieldManager=${"x".repeat(129)}`, configMap("m"), 422, "fieldManager: Too long"],
    ["managedFields", "fieldManager=a", configMap("m", {}, { managedFields: [] }), 400, "metadata.managedFields must be nil"],
    ["another name", "fieldManager=a", configMap("n"), 400, "does not match the name on the URL"],
    ["a uid that is not there", "fieldManager=a", configMap("m", {}, { uid: "u" }), 409, "uid mismatch"],
    ["no YAML", "fieldManager=a", "{", 400, "is not valid YAML"],
    [
      "an unknown field",
      "fieldManager=a&fieldValidation=Ignore",
      { ...configMap("m"), no: 1 },
      400,
      "(/m; /v1, Kind=ConfigMap): .no: field not declared in schema",
    ],
    ["an item twice", "fieldManager=a", configMap("m", {}, { finalizers: ["x.io/a", "x.io/a"] }), 400, "duplicate entries for key"],
  ])("is refused: %s", async (...[, query, body, status, message]) => {
    const apply = applier(await startServer());
    expect((await apply(`${MAPS}/m`, body, query)).body).toMatchObject({ code: status, message: expect.stringContaining(message) });
  });

  test("dry run; force only where it means something; a version that is not the object's", async () => {
    const server = await startServer();
    const apply = applier(server);
    expect((await apply(`${MAPS}/m`, configMap("m"), "fieldManager=a&dryRun=All")).status).toBe(201);
    expect((await server.call("GET", `${MAPS}/m`)).status).toBe(404);
    await apply(`${MAPS}/m`, configMap("m", { x: "1" }));
    expect((await apply(`${MAPS}/m`, configMap("m", { x: "2" }), "fieldManager=b")).body.message).toBe(
      'Apply failed with 1 conflict: conflict with "a": .data.x',
    );
    expect((await apply(`${MAPS}/m`, configMap("m", { x: "2" }), "fieldManager=b&force=true")).body.data).toEqual({ x: "2" });
    expect((await apply(`${MAPS}/m`, configMap("m", {}, { resourceVersion: "1" }))).status).toBe(409);
    const merge = await server.call("PATCH", `${MAPS}/m?force=true`, { type: "application/merge-patch+json", body: {} });
    expect(merge.body).toMatchObject({ code: 422, message: expect.stringContaining("may not be specified for non-apply patch") });
  });
});
