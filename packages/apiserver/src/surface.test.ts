import { createConnection } from "node:net";
import { readFile, stat } from "node:fs/promises";
import { once } from "node:events";
import { join } from "node:path";
import { silentLogger } from "@ebb/base";
import { eventually, VirtualClock } from "@ebb/testkit";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { configMap, ksvc, startServer } from "./testing/server.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const SERVICES = "/apis/serving.knative.dev/v1/namespaces/default/services";

describe("what the client accepts", () => {
  const CBOR = "application/cbor";
  const PROTOBUF = "application/vnd.kubernetes.protobuf";

  test("YAML for who asks for it, objects and failures; JSON for who would rather have protobuf", async () => {
    const { call } = await startServer();
    await call("POST", MAPS, { body: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n", type: "application/yaml" });
    for (const [path, kind] of [
      [`${MAPS}/m`, "ConfigMap"],
      [MAPS, "ConfigMapList"],
      [`${MAPS}/none`, "Status"],
      ["/api/v1", "APIResourceList"],
    ]) {
      const reply = await call("GET", path ?? "", { accept: `${CBOR},application/yaml` });
      expect([reply.headers["content-type"], parse(reply.body).kind]).toEqual(["application/yaml", kind]);
    }
    const preferred = await call("GET", `${MAPS}/m`, { accept: `${PROTOBUF},application/json` });
    expect([preferred.headers["content-type"], preferred.body.kind]).toEqual(["application/json", "ConfigMap"]);
  });

  test.each([CBOR, "text/html", "application/json;as=Graph;g=meta.k8s.io;v=v1"])(
    "%s alone is 406, and nothing is written",
    async (accept) => {
      const { call } = await startServer();
      const message = `only the following media types are accepted: application/json, application/yaml, ${PROTOBUF}`;
      const refused = { status: 406, body: { kind: "Status", reason: "NotAcceptable", message } };
      expect(await call("GET", MAPS, { accept })).toMatchObject(refused);
      expect(await call("POST", MAPS, { accept, body: configMap("m") })).toMatchObject(refused);
      expect(await call("GET", `${MAPS}/m`)).toMatchObject({ status: 404 });
    },
  );

  test("a watch has no form in YAML, a body none in CBOR", async () => {
    const { call } = await startServer();
    expect(await call("GET", `${MAPS}?watch=true`, { accept: "application/yaml" })).toMatchObject({ status: 406 });
    expect(await call("POST", MAPS, { body: "x", type: CBOR })).toMatchObject({
      status: 415,
      body: { message: expect.stringContaining(PROTOBUF) },
    });
  });
});

test("the status of a namespace goes by namespaces/status alone, and metadata goes along there", async () => {
  const { call } = await startServer();
  await call("POST", "/api/v1/namespaces", { body: { apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } } });
  const conditions = [{ type: "NamespaceContentRemaining", status: "False" }];
  const type = "application/merge-patch+json";
  await call("PATCH", "/api/v1/namespaces/n", { type, body: { status: { conditions }, metadata: { labels: { a: "b" } } } });
  expect((await call("GET", "/api/v1/namespaces/n")).body.status).toEqual({ phase: "Active" });
  await call("PATCH", "/api/v1/namespaces/n/status", { type, body: { status: { conditions }, metadata: { labels: { c: "d" } } } });
  const { body } = await call("GET", "/api/v1/namespaces/n/status");
  expect(body).toMatchObject({ metadata: { labels: { a: "b", c: "d" } }, status: { phase: "Active", conditions } });
});

/** In the order in which they are looked after. */
const OWN_SERVICE = [
  "/api/v1/namespaces/default/services/kubernetes",
  "/api/v1/namespaces/default/endpoints/kubernetes",
  "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes",
];

test("the Service of this API comes again when somebody deletes it, and is not touched otherwise", async () => {
  const clock = new VirtualClock(Date.now());
  const { call } = await startServer({ clock });
  const versions = async () => Promise.all(OWN_SERVICE.map(async (path) => (await call("GET", path)).body.metadata?.resourceVersion));
  const before = await versions();
  // The last of the three to be looked after: once it is there again, so were the others.
  expect((await call("DELETE", OWN_SERVICE.at(-1) ?? "")).status).toBe(200);
  await clock.advance(10_000);
  await eventually(async () => (await versions()).at(-1) !== undefined);
  expect((await versions()).slice(0, -1)).toEqual(before.slice(0, -1));
  for (const path of OWN_SERVICE) expect((await call("DELETE", path)).status).toBe(200);
  await clock.advance(10_000);
  await eventually(async () => (await versions()).every((version) => version !== undefined));
});

test("a look after the Service that has just begun is waited for by who stops the server", async () => {
  const period = 10_000;
  let looks = 0;
  class LastTick extends VirtualClock {
    override every(wait: number, callback: () => void) {
      const timer = super.every(wait, callback);
      if (wait !== period) return timer;
      const cancel = () => {
        looks += 1;
        callback();
        timer.cancel();
      };
      return { cancel };
    }
  }
  const warned: string[] = [];
  const log = { ...silentLogger, warn: (_: object, message: string) => void warned.push(message) };
  const { api, call } = await startServer({ clock: new LastTick(Date.now()), log });
  for (const path of OWN_SERVICE) await call("DELETE", path);
  await api.stop();
  expect({ looks, warned }).toEqual({ looks: 1, warned: [] });
});

test("the priorities of the system are there, and cannot be deleted", async () => {
  const { call } = await startServer();
  const path = "/apis/scheduling.k8s.io/v1/priorityclasses/system-cluster-critical";
  expect(await call("GET", path)).toMatchObject({ status: 200, body: { value: 2_000_000_000, preemptionPolicy: "PreemptLowerPriority" } });
  const message =
    'priorityclasses.scheduling.k8s.io "system-cluster-critical" is forbidden: this is a system priority class and cannot be deleted';
  expect(await call("DELETE", path)).toMatchObject({ status: 403, body: { message } });
});

describe("discovery", () => {
  test("each kind with what kubectl wants to know of it; core comes first", async () => {
    const { call } = await startServer();
    expect((await call("GET", "/api")).body.versions).toEqual(["v1"]);
    const groups = (await call("GET", "/apis")).body.groups as { name: string }[];
    expect(groups.map(({ name }) => name)).toContain("serving.knative.dev");
    const { resources } = (await call("GET", "/apis/serving.knative.dev/v1")).body;
    expect(resources).toContainEqual({
      name: "services",
      singularName: "service",
      namespaced: true,
      kind: "Service",
      verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
      shortNames: ["kservice", "ksvc"],
      categories: ["all", "knative", "serving"],
    });
    expect(resources).toContainEqual(expect.objectContaining({ name: "services/status" }));
    expect((await call("GET", "/api/v1")).body.resources).toContainEqual(expect.objectContaining({ name: "pods/log", verbs: ["get"] }));
    expect((await call("GET", "/apis/none/v1")).status).toBe(404);
    expect((await call("GET", "/version")).body.gitVersion).toMatch(/^v1\./);
  });

  test("what there is below the root", async () => {
    const { call } = await startServer();
    expect((await call("GET", "/")).body.paths).toEqual(
      expect.arrayContaining(["/api", "/api/v1", "/apis/apps", "/apis/apps/v1", "/version"]),
    );
  });

  test.each<[string, number, string]>([
    ["/livez", 200, "ok"],
    ["/healthz/ping", 200, "ok"],
    ["/readyz?verbose", 200, "[+]ping ok\nreadyz check passed\n"],
    ["/livez?verbose&exclude=ping", 200, "[+]ping excluded: ok\nlivez check passed\n"],
    ["/livez/none", 404, "could not find"],
  ])("how it is, to anybody: %s", async (path, status, text) => {
    const { call } = await startServer();
    const reply = await call("GET", path, { token: undefined });
    expect(reply.status).toBe(status);
    expect(typeof reply.body === "string" ? reply.body : reply.body.message).toContain(text);
  });

  test("all at once for those that ask so, with each subresource and the kind it speaks", async () => {
    const { call } = await startServer();
    const accept =
      "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
    const reply = await call("GET", "/apis", { accept });
    expect(reply.headers["content-type"]).toBe("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    expect(reply.body).toMatchObject({ kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2" });
    const apps = reply.body.items.find(({ metadata }: { metadata: { name: string } }) => metadata.name === "apps");
    expect(apps.versions[0]).toMatchObject({ version: "v1", freshness: "Current" });
    expect(apps.versions[0].resources).toContainEqual({
      resource: "deployments",
      responseKind: { group: "apps", version: "v1", kind: "Deployment" },
      scope: "Namespaced",
      singularResource: "deployment",
      verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
      shortNames: ["deploy"],
      categories: ["all"],
      subresources: [
        { subresource: "status", responseKind: { group: "apps", version: "v1", kind: "Deployment" }, verbs: ["get", "patch", "update"] },
        { subresource: "scale", responseKind: { group: "autoscaling", version: "v1", kind: "Scale" }, verbs: ["get", "patch", "update"] },
      ],
    });
    const core = (await call("GET", "/api", { accept })).body;
    expect(core.items[0].versions[0].resources[0].resource).toBe("namespaces");
    expect((await call("GET", "/apis", { accept: "application/json" })).body.kind).toBe("APIGroupList");
  });

  test("OpenAPI v3 says that the server validates, and which patches it takes", async () => {
    const { call } = await startServer();
    const { paths } = (await call("GET", "/openapi/v3")).body;
    const entry = paths["apis/serving.knative.dev/v1"].serverRelativeURL as string;
    const document = (await call("GET", entry)).body;
    const { patch } = document.paths["/apis/serving.knative.dev/v1/namespaces/{namespace}/services/{name}"];
    expect(patch["x-kubernetes-group-version-kind"]).toEqual({ group: "serving.knative.dev", version: "v1", kind: "Service" });
    expect(patch.parameters).toContainEqual(expect.objectContaining({ name: "fieldValidation", in: "query" }));
    expect(Object.keys(patch.requestBody.content)).not.toContain("application/strategic-merge-patch+json");
    const core = (await call("GET", paths["api/v1"].serverRelativeURL)).body;
    const content = core.paths["/api/v1/namespaces/{namespace}/configmaps/{name}"].patch.requestBody.content;
    expect(Object.keys(content)).toContain("application/strategic-merge-patch+json");
    expect(document.components.schemas["dev.knative.serving.v1.Service"].properties.spec.properties).toHaveProperty("traffic");
  });

  test("OpenAPI v3 has what is asked and answered at once, too: it is posted, and that is all", async () => {
    const { call } = await startServer();
    const { paths } = (await call("GET", "/openapi/v3")).body;
    const documentOf = async (group: string) => (await call("GET", paths[`apis/${group}.k8s.io/v1`].serverRelativeURL)).body;
    const authorization = await documentOf("authorization");
    const root = "/apis/authorization.k8s.io/v1";
    expect(Object.keys(authorization.paths)).toContain(`${root}/namespaces/{namespace}/localsubjectaccessreviews`);
    expect(Object.keys(authorization.paths[`${root}/selfsubjectaccessreviews`])).toEqual(["post"]);
    const { spec } = authorization.components.schemas["io.k8s.api.authorization.v1.SelfSubjectAccessReview"].properties;
    expect(spec.description).toContain("description of the access request");
    expect(Object.keys((await documentOf("authentication")).paths)).toContain("/apis/authentication.k8s.io/v1/tokenreviews");
  });
});

test("metrics are Prometheus' text, and only read", async () => {
  const { call } = await startServer({ metrics: () => "# TYPE up gauge\nup 1\n" });
  const reply = await call("GET", "/metrics");
  expect(reply.body).toBe("# TYPE up gauge\nup 1\n");
  expect(reply.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect((await call("POST", "/metrics")).status).toBe(405);
});

describe("who may call", () => {
  test.each([
    ["a wrong one", { token: "wrong" }],
    ["a beginning of the right one", { token: "test-toke" }],
    ["another scheme", { token: "", headers: { authorization: "Basic dGVzdC10b2tlbg==" } }],
  ])("token: %s", async (_, options) => {
    const { call } = await startServer();
    const reply = await call("GET", MAPS, options);
    expect(reply.body).toMatchObject({ kind: "Status", code: 401, reason: "Unauthorized" });
    expect(reply.headers["www-authenticate"]).toBe("Bearer");
    expect((await call("GET", "/readyz", options)).body).toBe("ok");
    expect((await call("GET", "/metrics", options)).status).toBe(401);
  });

  test("reviews of oneself", async () => {
    const { call } = await startServer();
    const who = await call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", { body: {} });
    expect(who.body.status.userInfo).toEqual({ username: "ann", groups: ["team", "system:masters", "system:authenticated"] });
    const may = await call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
      body: { spec: { resourceAttributes: { verb: "get" } } },
    });
    expect(may).toMatchObject({ status: 201, body: { status: { allowed: true }, spec: { resourceAttributes: { verb: "get" } } } });
  });

  test("the certificate outlives a restart, and its key is the owner's alone", async () => {
    const first = await startServer();
    await first.api.stop();
    const second = await startServer({ folder: first.folder });
    const authority = (text: string) => /certificate-authority-data: (\S+)/.exec(text)?.[1];
    expect(authority(second.kubeconfig)).toBe(authority(first.kubeconfig));
    expect((await stat(join(first.folder, "pki/server.key"))).mode & 0o077).toBe(0);
    expect(await readFile(join(first.folder, "pki/server.crt"), "utf8")).toContain("BEGIN CERTIFICATE");
  });

  test("plain HTTP is not answered", async () => {
    const { api } = await startServer();
    const socket = createConnection(api.address());
    socket.write("GET /readyz HTTP/1.1\r\nhost: a\r\n\r\n");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", () => undefined);
    await once(socket, "close");
    expect(Buffer.concat(chunks).toString()).not.toContain("200 OK");
  });
});

describe("bodies", () => {
  test("more than 3 MiB is refused, announced or not", async () => {
    const { call } = await startServer();
    const body = configMap("big", { a: "x".repeat(3 * 1024 * 1024) });
    const reply = await call("POST", MAPS, { body }).catch((error: NodeJS.ErrnoException) => error);
    // The server answers without reading it all; a client that is still writing may see only the closed connection.
    if (reply instanceof Error) expect(reply.code).toMatch(/EPIPE|ECONNRESET/);
    else expect(reply.body).toMatchObject({ code: 413, reason: "RequestEntityTooLarge" });
    expect((await call("GET", `${MAPS}/big`)).status).toBe(404);
  });

  test("what is not protobuf is refused; YAML is read", async () => {
    const { call } = await startServer();
    const protobuf = await call("POST", MAPS, { type: "application/vnd.kubernetes.protobuf", body: "k8s" });
    expect(protobuf.body).toMatchObject({ code: 400, message: expect.stringContaining("k8s") });
    const yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\ndata: {a: b}\n";
    expect((await call("POST", MAPS, { type: "application/yaml", body: yaml })).status).toBe(201);
    const bomb = `a: &a [x,x,x,x]\n${Array.from({ length: 9 }, (_, i) => `b${i}: &b${i} [${Array.from({ length: 9 }, () => (i === 0 ? "*a" : `*b${i - 1}`)).join()}]`).join("\n")}`;
    expect((await call("POST", MAPS, { type: "application/yaml", body: bomb })).status).toBe(400);
  });

  test("a body that is no UTF-8, a path that is no percent-encoding, a method that is none", async () => {
    const { call } = await startServer();
    expect((await call("GET", "/api/v1/namespaces/%zz/pods")).status).toBe(400);
    expect((await call("PUT", MAPS, { body: {} })).body).toMatchObject({ code: 405, reason: "MethodNotAllowed" });
  });

  test.each<[string, object]>([
    ["/nothing/here", {}],
    ["/livez/none", {}],
    ["/api/v1/none", { kind: "none" }],
    ["/apis/none/v1/things/a", { group: "none", kind: "things", name: "a" }],
    ["/api/v1/namespaces/default/pods/a/none", { kind: "pods", name: "a" }],
    ["/api/v1/namespaces/default/pods/a/b/c", { kind: "pods", name: "a" }],
    [`${SERVICES}/a/none`, { group: "serving.knative.dev", kind: "services", name: "a" }],
    ["/api/v1/namespaces/default/pods/a/ephemeralcontainers", {}],
  ])("nothing at %s, with details for those who look into them", async (path, details) => {
    const { call } = await startServer();
    expect((await call("GET", path)).body).toMatchObject({ kind: "Status", code: 404, reason: "NotFound", details });
  });
});

describe("representations", () => {
  const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

  test("a table with the columns of the kind", async () => {
    const { call } = await startServer();
    const { body } = await call("POST", SERVICES, { body: ksvc("a") });
    const status = {
      url: "http://a.example",
      latestReadyRevisionName: "a-00001",
      conditions: [{ type: "Ready", status: "False", reason: "Why" }],
    };
    await call("PUT", `${SERVICES}/a/status`, { body: { ...body, status } });
    const table = (await call("GET", SERVICES, { accept: TABLE })).body;
    expect(table.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual([
      "Name",
      "URL",
      "LatestCreated",
      "LatestReady",
      "Ready",
      "Reason",
      "Age",
    ]);
    expect(table.rows[0].cells.slice(0, 6)).toEqual(["a", "http://a.example", "", "a-00001", "False", "Why"]);
    expect(table.rows[0].object).toMatchObject({ kind: "PartialObjectMetadata", metadata: { name: "a" } });
    expect((await call("GET", `${SERVICES}?includeObject=None`, { accept: TABLE })).body.rows[0]).not.toHaveProperty("object");
  });

  test("a Pod as kubectl shows it", async () => {
    const { call } = await startServer();
    const path = "/api/v1/namespaces/default/pods";
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } };
    const { body } = await call("POST", path, { body: pod });
    const containerStatuses = [{ name: "c", ready: true, restartCount: 2, state: { waiting: { reason: "CrashLoopBackOff" } } }];
    await call("PUT", `${path}/p/status`, { body: { ...body, status: { phase: "Running", containerStatuses } } });
    expect((await call("GET", `${path}/p`, { accept: TABLE })).body.rows[0].cells.slice(0, 4)).toEqual([
      "p",
      "0/1",
      "CrashLoopBackOff",
      "2",
    ]);
  });

  test("metadata alone; and JSON for a client that would rather have protobuf", async () => {
    const { call } = await startServer();
    await call("POST", MAPS, { body: configMap("a", { k: "v" }) });
    const accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
    const partial = (await call("GET", MAPS, { accept })).body;
    expect(partial).toMatchObject({
      kind: "PartialObjectMetadataList",
      items: [{ kind: "PartialObjectMetadata", metadata: { name: "a" } }],
    });
    expect(partial.items[0]).not.toHaveProperty("data");
    const json = await call("GET", `${MAPS}/a`, { accept: "application/vnd.kubernetes.protobuf,application/json" });
    expect(json.body.data).toEqual({ k: "v" });
  });
});
