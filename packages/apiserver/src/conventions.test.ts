import { ConfigMaps, type KubeObject } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { configMap, ksvc, startServer } from "./testing/server.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const SERVICES = "/apis/serving.knative.dev/v1/namespaces/default/services";
const MERGE = "application/merge-patch+json";
const JSON_PATCH = "application/json-patch+json";

describe("create", () => {
  test("stamps what is the server's and drops what a client made up", async () => {
    const { call } = await startServer();
    const made = { uid: "mine", generation: 7, creationTimestamp: "2000-01-01T00:00:00Z", deletionTimestamp: "2000-01-01T00:00:00Z" };
    const { status, body } = await call("POST", SERVICES, { body: { ...ksvc("a", {}, made), status: { url: "mine" } } });
    expect(status).toBe(201);
    expect(body.metadata).toMatchObject({
      name: "a",
      namespace: "default",
      generation: 1,
      annotations: { "serving.knative.dev/creator": "ann" },
    });
    expect(body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(body.metadata.creationTimestamp).toMatch(/^20[2-9]\d-.*T.*:\d\dZ$/);
    expect(body.metadata).not.toHaveProperty("deletionTimestamp");
    expect(body).not.toHaveProperty("status");
  });

  test("only the cluster's own writers choose a uid", async () => {
    const { api } = await startServer();
    const own = api.client({ name: "t", groups: [] }, { ownUids: true });
    const made = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default", uid: "told-before" } });
    expect((await own.create<KubeObject>(ConfigMaps, made("a"))).metadata.uid).toBe("told-before");
    expect((await api.client({ name: "t", groups: [] }).create<KubeObject>(ConfigMaps, made("b"))).metadata.uid).not.toBe("told-before");
  });

  test("generateName makes names of its own", async () => {
    const { call } = await startServer();
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "x-" } };
    const [one, two] = await Promise.all([call("POST", MAPS, { body }), call("POST", MAPS, { body })]);
    expect(one.body.metadata.name).toMatch(/^x-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(two.body.metadata.name).not.toBe(one.body.metadata.name);
  });

  test.each<[string, string, object | string, number, string, string]>([
    ["a name that is taken", MAPS, configMap("taken"), 409, "AlreadyExists", 'configmaps "taken" already exists'],
    [
      "no name",
      MAPS,
      configMap(""),
      422,
      "Invalid",
      'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    ],
    [
      "a bad name",
      MAPS,
      configMap("A_b"),
      422,
      "Invalid",
      'ConfigMap "A_b" is invalid: metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain',
    ],
    [
      "a version",
      MAPS,
      configMap("a", {}, { resourceVersion: "1" }),
      400,
      "BadRequest",
      "resourceVersion should not be set on objects to be created",
    ],
    [
      "another namespace",
      MAPS,
      configMap("a", {}, { namespace: "x" }),
      400,
      "BadRequest",
      "the namespace of the provided object does not match",
    ],
    ["no such namespace", "/api/v1/namespaces/none/configmaps", configMap("a"), 404, "NotFound", 'namespaces "none" not found'],
    ["another kind", MAPS, ksvc("a"), 400, "BadRequest", "does not match the expected API version"],
    ["no JSON", MAPS, "{", 400, "BadRequest", "it is not valid JSON"],
    ["no object", MAPS, "[]", 400, "BadRequest", "must be one JSON object"],
    ["too deep", MAPS, `${'{"a":'.repeat(70)}1${"}".repeat(70)}`, 400, "BadRequest", "nested more than 64 levels"],
    ["a prototype", MAPS, '{"metadata":{"name":"a"},"data":{"__proto__":{"a":1}}}', 400, "BadRequest", '"__proto__" is not a field'],
    ["a wrong type, core", MAPS, { ...configMap("a"), data: { a: 1 } }, 400, "BadRequest", "cannot be handled as a ConfigMap: data.a"],
    [
      "a wrong type, custom",
      SERVICES,
      ksvc("a", { timeoutSeconds: "1" }),
      422,
      "Invalid",
      "spec.template.spec.timeoutSeconds in body must be of type integer",
    ],
    ["a bad label", MAPS, configMap("a", {}, { labels: { "a b": "" } }), 422, "Invalid", 'metadata.labels: Invalid value: "a b"'],
    [
      "by Knative's rules",
      SERVICES,
      ksvc("a", { timeoutSeconds: 601 }),
      400,
      "BadRequest",
      'admission webhook "validation.webhook.serving.knative.dev" denied',
    ],
    ["nothing", MAPS, "", 400, "BadRequest", "the request needs a body"],
  ])("is refused: %s", async (...[, path, body, status, reason, message]) => {
    const { call } = await startServer();
    await call("POST", MAPS, { body: configMap("taken") });
    const reply = await call("POST", path, { body });
    expect(reply.body).toMatchObject({
      kind: "Status",
      apiVersion: "v1",
      status: "Failure",
      reason,
      code: status,
      message: expect.stringContaining(message),
    });
    expect(reply.status).toBe(status);
  });

  test("unknown fields: refused, warned of and dropped, or dropped in silence", async () => {
    const { call } = await startServer();
    const body = { ...ksvc("a"), extra: 1 };
    const strict = await call("POST", `${SERVICES}?fieldValidation=Strict`, { body });
    expect(strict.body).toMatchObject({ code: 400, message: 'strict decoding error: unknown field "extra"' });
    const warned = await call("POST", SERVICES, { body });
    expect(warned.headers["warning"]).toMatch(/^299 - "unknown field \\"extra\\""(,|$)/);
    expect(warned.body).not.toHaveProperty("extra");
    const silent = await call("PUT", `${SERVICES}/a?fieldValidation=Ignore`, { body: { ...warned.body, extra: 1 } });
    expect(silent.headers["warning"] ?? "").not.toContain("unknown field");
  });

  test.each([
    ["POST", MAPS, "application/json", '{"metadata":{"name":"d"},"data":{"a":"1","a":"2"}}', 'duplicate field "data.a"'],
    ["PATCH", `${MAPS}/m`, MERGE, '{"data":{"a":"1"},"data":{"a":"2"}}', 'duplicate field "data"'],
    [
      "PATCH",
      `${MAPS}/m?fieldManager=x`,
      "application/apply-patch+yaml",
      "data: {a: '1'}\ndata: {a: '2'}",
      'line 2: key "data" already set in map',
    ],
  ])("%s %s as %s: a field that is there twice is treated as one that is unknown", async (...[method, path, type, body, message]) => {
    const { call } = await startServer();
    await call("POST", MAPS, { body: configMap("m") });
    const validated = (way: string) => call(method, `${path}${path.includes("?") ? "&" : "?"}fieldValidation=${way}`, { type, body });
    expect((await validated("Strict")).body).toMatchObject({ code: 400, message: `strict decoding error: ${message}` });
    const warned = await validated("Warn");
    expect(warned.headers["warning"]).toBe(`299 - "${message.replaceAll('"', '\\"')}"`);
    expect(warned.body.data).toEqual({ a: "2" });
    if (method !== "POST") expect((await validated("Ignore")).headers["warning"]).toBeUndefined();
  });

  test("dry run answers what would be, and stores nothing", async () => {
    const { call } = await startServer();
    const dry = await call("POST", `${SERVICES}?dryRun=All`, { body: ksvc("a") });
    expect(dry.status).toBe(201);
    expect(dry.body.spec.template.spec.timeoutSeconds).toBe(300);
    expect((await call("GET", `${SERVICES}/a`)).status).toBe(404);
    expect((await call("POST", `${SERVICES}?dryRun=Some`, { body: ksvc("a") })).status).toBe(400);
  });
});

describe("update", () => {
  test("generation counts changes of the spec alone; what changes nothing changes no version", async () => {
    const { call } = await startServer();
    const { body: first } = await call("POST", SERVICES, { body: ksvc("a") });
    const same = await call("PUT", `${SERVICES}/a`, { body: first });
    expect(same.body.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    const labelled = await call("PATCH", `${SERVICES}/a`, { type: MERGE, body: { metadata: { labels: { a: "b" } } } });
    expect(labelled.body.metadata).toMatchObject({ generation: 1, labels: { a: "b" } });
    const changed = await call("PATCH", `${SERVICES}/a`, { type: MERGE, body: { spec: { template: { spec: { timeoutSeconds: 9 } } } } });
    expect(changed.body.metadata.generation).toBe(2);
    expect(Number(changed.body.metadata.resourceVersion)).toBeGreaterThan(Number(labelled.body.metadata.resourceVersion));
  });

  test("status goes by /status alone, and /status takes nothing else", async () => {
    const { call } = await startServer();
    const { body: first } = await call("POST", SERVICES, { body: ksvc("a") });
    const main = await call("PUT", `${SERVICES}/a`, { body: { ...first, status: { url: "http://a" } } });
    expect(main.body).not.toHaveProperty("status");
    const metadata = { ...first.metadata, labels: { a: "b" } };
    const sub = await call("PUT", `${SERVICES}/a/status`, {
      body: { ...first, metadata, spec: {}, status: { url: "http://a", observedGeneration: 1 } },
    });
    expect(sub.body).toMatchObject({ status: { url: "http://a", observedGeneration: 1 }, metadata: { generation: 1 }, spec: first.spec });
    expect(sub.body.metadata).not.toHaveProperty("labels");
    expect((await call("GET", `${SERVICES}/a/status`)).body.status.url).toBe("http://a");
  });

  test("a stale version, another uid, a missing version", async () => {
    const { call } = await startServer();
    const { body: first } = await call("POST", SERVICES, { body: ksvc("a") });
    await call("PATCH", `${SERVICES}/a`, { type: MERGE, body: { metadata: { labels: { a: "b" } } } });
    const stale = await call("PUT", `${SERVICES}/a`, { body: first });
    expect(stale.body).toMatchObject({
      code: 409,
      reason: "Conflict",
      message:
        'Operation cannot be fulfilled on services.serving.knative.dev "a": the object has been modified; please apply your changes to the latest version and try again',
      details: { name: "a", group: "serving.knative.dev", kind: "services" },
    });
    const unversioned = await call("PUT", `${SERVICES}/a`, { body: { ...ksvc("a") } });
    expect(unversioned.body).toMatchObject({
      code: 422,
      message: expect.stringContaining("metadata.resourceVersion: Invalid value: 0: must be specified for an update"),
    });
    const patched = await call("PATCH", `${SERVICES}/a`, { type: MERGE, body: { metadata: { resourceVersion: "1" } } });
    expect(patched.status).toBe(409);
    await call("POST", MAPS, { body: configMap("m") });
    expect((await call("PUT", `${MAPS}/m`, { body: configMap("m", { a: "1" }, { uid: "other" }) })).status).toBe(409);
    expect((await call("PUT", `${MAPS}/m`, { body: configMap("m", { a: "1" }) })).body.data).toEqual({ a: "1" });
    expect((await call("PUT", `${MAPS}/m`, { body: configMap("n") })).body.message).toContain("does not match the name on the URL");
    expect((await call("PUT", `${MAPS}/none`, { body: configMap("none") })).status).toBe(404);
  });

  test("each sort of patch, where the kind takes it", async () => {
    const { call } = await startServer();
    await call("POST", MAPS, { body: configMap("m", { a: "1" }) });
    await call("POST", SERVICES, { body: ksvc("s") });
    const strategic = "application/strategic-merge-patch+json";
    expect((await call("PATCH", `${MAPS}/m`, { type: strategic, body: { data: { b: "2" } } })).body.data).toEqual({ a: "1", b: "2" });
    expect((await call("PATCH", `${MAPS}/m`, { type: JSON_PATCH, body: [{ op: "remove", path: "/data/a" }] })).body.data).toEqual({
      b: "2",
    });
    expect((await call("PATCH", `${MAPS}/m`, { type: JSON_PATCH, body: [{ op: "test", path: "/data/b", value: "3" }] })).status).toBe(422);
    const refused = await call("PATCH", `${SERVICES}/s`, { type: strategic, body: {} });
    expect(refused.body).toMatchObject({
      code: 415,
      reason: "UnsupportedMediaType",
      message: expect.stringContaining("accepted media types include: application/json-patch+json, application/merge-patch+json"),
    });
  });

  test("fifty writers that each patch one key lose none", async () => {
    const { call } = await startServer();
    await call("POST", MAPS, { body: configMap("m") });
    const writes = Array.from({ length: 50 }, (_, i) => call("PATCH", `${MAPS}/m`, { type: MERGE, body: { data: { [`k${i}`]: "x" } } }));
    expect((await Promise.all(writes)).map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(Object.keys((await call("GET", `${MAPS}/m`)).body.data)).toHaveLength(50);
  });
});

describe("delete", () => {
  test("answers what was deleted; preconditions hold it back", async () => {
    const { call } = await startServer();
    const { body } = await call("POST", MAPS, { body: configMap("m") });
    const held = await call("DELETE", `${MAPS}/m`, { body: { preconditions: { uid: "other" } } });
    expect(held.body).toMatchObject({ code: 409, message: expect.stringContaining("Precondition failed: UID in precondition: other") });
    expect((await call("DELETE", `${MAPS}/m?dryRun=All`)).status).toBe(200);
    const gone = await call("DELETE", `${MAPS}/m`);
    expect(gone.body).toMatchObject({
      kind: "Status",
      status: "Success",
      details: { name: "m", kind: "configmaps", uid: body.metadata.uid },
    });
    expect((await call("DELETE", `${MAPS}/m`)).body).toMatchObject({ code: 404, message: 'configmaps "m" not found' });
  });

  test("finalizers keep it until the last is gone; none can be added meanwhile", async () => {
    const { call } = await startServer();
    await call("POST", SERVICES, { body: ksvc("a", {}, { finalizers: ["x.io/a", "x.io/b"] }) });
    const { body } = await call("DELETE", `${SERVICES}/a`);
    expect(body.metadata).toMatchObject({ generation: 2, deletionGracePeriodSeconds: 0, finalizers: ["x.io/a", "x.io/b"] });
    expect(body.metadata.deletionTimestamp).toBeDefined();
    const again = await call("DELETE", `${SERVICES}/a`);
    expect(again.body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
    const added = await call("PATCH", `${SERVICES}/a`, { type: MERGE, body: { metadata: { finalizers: ["x.io/a", "x.io/c"] } } });
    expect(added.body).toMatchObject({
      code: 422,
      message: expect.stringContaining("no new finalizers can be added if the object is being deleted"),
    });
    await call("PATCH", `${SERVICES}/a`, { type: MERGE, body: { metadata: { finalizers: ["x.io/b"] } } });
    expect((await call("GET", `${SERVICES}/a`)).status).toBe(200);
    await call("PATCH", `${SERVICES}/a`, { type: MERGE, body: { metadata: { finalizers: null } } });
    expect((await call("GET", `${SERVICES}/a`)).status).toBe(404);
  });

  test("a collection by its labels", async () => {
    const { call } = await startServer();
    for (const [name, a] of [
      ["x", "1"],
      ["y", "1"],
      ["z", "2"],
    ] as const)
      await call("POST", MAPS, { body: configMap(name, {}, { labels: { a } }) });
    const deleted = await call("DELETE", `${MAPS}?labelSelector=a%3D1`);
    expect(deleted.body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(["x", "y"]);
    const left = (await call("GET", MAPS)).body.items as { metadata: { name: string } }[];
    expect(left.map(({ metadata }) => metadata.name)).toEqual(["z"]);
  });
});

describe("list", () => {
  test("pages are of one state, whatever is written between them", async () => {
    const { call } = await startServer();
    for (const name of ["a", "b", "c", "d", "e"]) await call("POST", MAPS, { body: configMap(name) });
    const names = (items: { metadata: { name: string } }[]) => items.map(({ metadata }) => metadata.name);
    const first = (await call("GET", `${MAPS}?limit=2`)).body;
    expect(names(first.items)).toEqual(["a", "b"]);
    expect(first.metadata.remainingItemCount).toBe(3);
    await call("DELETE", `${MAPS}/c`);
    await call("POST", MAPS, { body: configMap("bb") });
    const second = (await call("GET", `${MAPS}?limit=2&continue=${first.metadata.continue}`)).body;
    expect(names(second.items)).toEqual(["c", "d"]);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    const third = (await call("GET", `${MAPS}?limit=2&continue=${second.metadata.continue}`)).body;
    expect(names(third.items)).toEqual(["e"]);
    expect(third.metadata).not.toHaveProperty("continue");
    const exact = await call("GET", `${MAPS}?resourceVersion=${first.metadata.resourceVersion}&resourceVersionMatch=Exact`);
    expect(names(exact.body.items)).toEqual(["a", "b", "c", "d", "e"]);
  });

  test.each([
    ["labelSelector=a+b", 400, "unable to parse requirement"],
    ["fieldSelector=data.a%3Db", 400, "field label not supported: data.a"],
    ["continue=nonsense", 400, "continue key is not valid"],
    ["resourceVersion=x", 400, "must be a decimal number"],
    ["resourceVersion=999999", 504, "Too large resource version: 999999"],
    ["limit=-1", 400, "limit must be a whole number"],
    ["resourceVersionMatch=Exact", 422, "forbidden unless resourceVersion is provided"],
    ["resourceVersion=1&resourceVersionMatch=Newest", 422, 'Unsupported value: "Newest": supported values: "Exact", "NotOlderThan", ""'],
    ["watch=true&resourceVersionMatch=NotOlderThan", 422, "forbidden for watch unless sendInitialEvents is provided"],
    ["watch=true&sendInitialEvents=true", 422, "requires setting resourceVersionMatch to NotOlderThan"],
  ])("?%s is refused", async (query, status, message) => {
    const { call } = await startServer();
    expect((await call("GET", `${MAPS}?${query}`)).body).toMatchObject({ code: status, message: expect.stringContaining(message) });
  });

  test("over all namespaces, and by name", async () => {
    const { call } = await startServer();
    await call("POST", MAPS, { body: configMap("a") });
    await call("POST", "/api/v1/namespaces/kube-system/configmaps", { body: configMap("b") });
    expect((await call("GET", "/api/v1/configmaps")).body).toMatchObject({ kind: "ConfigMapList", items: [{}, {}] });
    expect((await call("GET", "/api/v1/configmaps?fieldSelector=metadata.name%3Db")).body.items).toMatchObject([
      { metadata: { name: "b" } },
    ]);
  });
});
