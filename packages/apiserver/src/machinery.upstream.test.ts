import { Pods, type KubeObject } from "@ebb/kube";
import { eventually } from "@ebb/testkit";
import { describe, expect, test } from "vitest";
import { configMap, startServer, watchLines } from "./testing/server.ts";

/** Steps of k8s.io/kubernetes test/e2e/apimachinery and test/integration/apiserver that no other test here takes. */
const MAPS = "/api/v1/namespaces/default/configmaps";
const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const PODS = "/api/v1/namespaces/default/pods";
const MERGE = "application/merge-patch+json";
const STRATEGIC = "application/strategic-merge-patch+json";
const APPLY = "application/apply-patch+yaml";
const as = (kind: string, version: string, type = "application/json") => `${type};as=${kind};g=meta.k8s.io;v=${version}`;

const template = { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "c", image: "i" }] } };
const deployment = (spec: object = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d", labels: { app: "a" } },
  spec: { selector: { matchLabels: { app: "a" } }, template, ...spec },
});
const pod = (spec: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p" },
  spec: { containers: [{ name: "c", image: "i" }], ...spec },
});

describe("what an answer is written in", () => {
  test.each(["v1", "v1beta1"])("tables and partial objects of %s", async (version) => {
    const { call } = await startServer();
    await call("POST", MAPS, { body: configMap("m") });
    const get = async (accept: string) => (await call("GET", `${MAPS}/m`, { accept })).body;
    const table = await get(as("Table", version));
    expect(table).toMatchObject({ kind: "Table", apiVersion: `meta.k8s.io/${version}` });
    expect(table.rows[0].object).toMatchObject({ kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}` });
    expect(await get(as("PartialObjectMetadata", version))).toMatchObject({ apiVersion: `meta.k8s.io/${version}` });
    const list = (await call("GET", MAPS, { accept: as("PartialObjectMetadataList", version) })).body;
    expect(list).toMatchObject({ kind: "PartialObjectMetadataList", apiVersion: `meta.k8s.io/${version}` });
  });

  test.each([
    ["a table in protobuf", as("Table", "v1", "application/vnd.kubernetes.protobuf")],
    ["a version that is not there", as("PartialObjectMetadata", "v1alpha1")],
    ["another group", "application/json;as=Table;g=k8s.io;v=v1"],
    ["another kind", as("PartialObject", "v1")],
    ["no kind", "application/json;g=meta.k8s.io;v=v1"],
  ])("not %s", async (_, accept) => {
    const { call } = await startServer();
    expect((await call("GET", MAPS, { accept })).status).toBe(406);
  });

  test("nor a table of a review, which is not kept", async () => {
    const { call } = await startServer();
    const spec = { nonResourceAttributes: { path: "/", verb: "get" } };
    const review = (accept: string) => call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", { accept, body: { spec } });
    expect((await review(as("Table", "v1"))).status).toBe(406);
    expect((await review("application/json")).status).toBe(201);
  });

  test("what is refused of a table or a watch in YAML is told in JSON", async () => {
    const { call } = await startServer();
    const { status, body } = await call("GET", `${MAPS}?watch=true`, { accept: as("Table", "v1", "application/yaml") });
    expect(status).toBe(406);
    expect(body.message).toBe(
      "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
    );
    const refused = (await call("GET", `${MAPS}?includeObject=no`, { accept: as("Table", "v1") })).body;
    expect(refused.message).toContain(`Invalid value: "no": must be 'Metadata', 'Object', 'None', or empty`);
  });

  test("nothing may be kept by what is in between", async () => {
    const { call } = await startServer();
    for (const path of ["/", "/healthz", "/api", "/apis/apps/v1", MAPS, "/nothing"])
      expect((await call("GET", path)).headers["cache-control"], path).toBe("no-cache, private");
  });
});

describe("lists and watches", () => {
  test("all that is wrong with the options is told at once, and a token allows no version beside it", async () => {
    const { call } = await startServer();
    const message = async (query: string) => (await call("GET", `${MAPS}?${query}`)).body.message as string;
    const wrong = await message("continue=x&resourceVersionMatch=Other");
    expect(wrong).toContain("resourceVersionMatch is forbidden unless resourceVersion is provided");
    expect(wrong).toContain("resourceVersionMatch is forbidden when continue is provided");
    expect(wrong).toContain("supported values");
    for (const name of ["a", "b"]) await call("POST", MAPS, { body: configMap(name) });
    const { metadata } = (await call("GET", `${MAPS}?limit=1`)).body;
    const token = `continue=${metadata.continue}&resourceVersion`;
    expect(await message(`${token}=${metadata.resourceVersion}`)).toBe("specifying resource version is not allowed when using continue");
    expect((await call("GET", `${MAPS}?${token}=0`)).status).toBe(200);
    expect(await message("continue=x&resourceVersion=no")).toContain("Invalid value");
  });

  test("the end of the initial events says what list they make, and none is made of tables", async () => {
    const { open } = await startServer();
    const path = `${MAPS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`;
    const blueprint = async (accept: string) => {
      for await (const { type, object } of watchLines(await open(path, accept))) {
        const text = object.metadata.annotations?.["kubernetes.io/initial-events-list-blueprint"];
        if (type === "BOOKMARK") return JSON.parse(Buffer.from(text, "base64").toString());
      }
    };
    expect(await blueprint("application/json")).toMatchObject({ kind: "ConfigMapList", apiVersion: "v1", items: [] });
    expect(await blueprint(as("PartialObjectMetadata", "v1"))).toMatchObject({ kind: "PartialObjectMetadataList" });
    expect((await open(path, as("Table", "v1"))).statusCode).toBe(406);
    expect(await blueprint(`${as("Table", "v1")},application/json`)).toMatchObject({ kind: "ConfigMapList" });
  });

  test("a watch says how far it has come before its time is over", async () => {
    const { open } = await startServer();
    const types = async (query: string) => {
      const found: string[] = [];
      for await (const { type } of watchLines(await open(`${MAPS}?watch=true&timeoutSeconds=1&${query}`))) found.push(type);
      return found;
    };
    expect(await types("allowWatchBookmarks=true")).toContain("BOOKMARK");
    expect(await types("")).not.toContain("BOOKMARK");
  });
});

describe("writes", () => {
  test("a patch that makes nonsense is 422, whatever sort it is", async () => {
    const { call } = await startServer();
    await call("POST", DEPLOYMENTS, { body: deployment() });
    for (const type of [MERGE, STRATEGIC]) {
      const body = { metadata: { annotations: { foo: ["bar"] } } };
      expect(await call("PATCH", `${DEPLOYMENTS}/d`, { type, body })).toMatchObject({ status: 422, body: { reason: "Invalid" } });
    }
  });

  test("unknown fields are told before those that are there twice", async () => {
    const { call } = await startServer();
    const text = JSON.stringify(deployment({ unknownField: "foo", replicas: 2 })).replace('"replicas":2', '"replicas":2,"replicas":3');
    const { body } = await call("POST", `${DEPLOYMENTS}?fieldValidation=Strict`, { body: text });
    expect(body.message).toBe('strict decoding error: unknown field "spec.unknownField", duplicate field "spec.replicas"');
  });

  test("an owner that is named twice is named once, with a warning", async () => {
    const { call } = await startServer();
    const { uid } = (await call("POST", MAPS, { body: configMap("owner") })).body.metadata;
    const owner = { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid };
    const made = await call("POST", MAPS, { body: configMap("m", {}, { ownerReferences: [owner, owner] }) });
    expect(made.body.metadata.ownerReferences).toEqual([owner]);
    expect(String(made.headers["warning"])).toContain(`contains duplicate entries; API server dedups owner references in 1.20+`);
    const add = [{ op: "add", path: "/metadata/ownerReferences/-", value: owner }];
    const patched = await call("PATCH", `${MAPS}/m`, { type: "application/json-patch+json", body: add });
    expect(patched.body.metadata.ownerReferences).toEqual([owner]);
    expect(String(patched.headers["warning"])).toContain("contains duplicate entries after mutating admission happens;");
  });

  test("a Pod that a user makes gets Kubernetes' defaults", async () => {
    const { call } = await startServer();
    expect((await call("POST", PODS, { body: pod() })).body.spec).toMatchObject({
      restartPolicy: "Always",
      dnsPolicy: "ClusterFirst",
      terminationGracePeriodSeconds: 30,
      containers: [{ imagePullPolicy: "Always", resources: {} }],
    });
  });

  test("a quantity is stored in its one form: whoever writes it in another has changed nothing", async () => {
    const { call } = await startServer();
    const limits = (cpu: unknown, memory: string) =>
      pod({ containers: [{ name: "c", image: "i", resources: { limits: { cpu, memory } } }] });
    const made = (await call("POST", PODS, { body: limits(0.5, "1024Mi") })).body;
    expect(made.spec.containers[0].resources.limits).toEqual({ cpu: "500m", memory: "1Gi" });
    const again = {
      ...made,
      spec: { ...made.spec, containers: [{ ...made.spec.containers[0], resources: { limits: { cpu: "0.5", memory: "1Gi" } } }] },
    };
    expect((await call("PUT", `${PODS}/p`, { body: again })).body.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
  });

  test("who writes the status of one of Kubernetes' own kinds may label it there, too", async () => {
    const { api, call } = await startServer();
    await call("POST", PODS, { body: pod() });
    await call("POST", DEPLOYMENTS, { body: deployment() });
    const body = (kind: string, name: string, version = "v1") => ({
      apiVersion: version,
      kind,
      metadata: { name, labels: { b: "two" }, annotations: { said: "yes" } },
    });
    const apply = (path: string, object: object) => call("PATCH", `${path}/status?fieldManager=m`, { type: APPLY, body: object });
    const { metadata } = (await apply(`${PODS}/p`, body("Pod", "p"))).body;
    expect(metadata).toMatchObject({ labels: { b: "two" }, annotations: { said: "yes" } });
    expect(metadata.managedFields).toContainEqual(expect.objectContaining({ manager: "m", operation: "Apply", subresource: "status" }));
    // Who writes nothing but a status in this process leaves them alone.
    const client = api.client({ name: "controller", groups: [] });
    const status = { phase: "Running" };
    await client.updateStatus<KubeObject>(Pods, { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "default" }, status });
    expect(await client.get<KubeObject>(Pods, "default", "p")).toMatchObject({ metadata: { labels: { b: "two" } }, status });
    // A Deployment's labels are its own.
    const labelled = (await apply(`${DEPLOYMENTS}/d`, body("Deployment", "d", "apps/v1"))).body.metadata;
    expect(labelled).toMatchObject({ labels: { app: "a" }, annotations: { said: "yes" } });
  });
});

describe("deletions", () => {
  test("202 where the client asked in the old way for the dependents, too, and something keeps the object", async () => {
    const { call } = await startServer();
    await call("POST", MAPS, { body: configMap("kept", {}, { finalizers: ["x.io/a"] }) });
    const orphanDependents = false;
    expect((await call("DELETE", `${MAPS}/kept`)).status).toBe(200);
    expect((await call("DELETE", `${MAPS}/kept`, { body: { orphanDependents } })).status).toBe(202);
    await call("POST", MAPS, { body: configMap("free") });
    expect((await call("DELETE", `${MAPS}/free`, { body: { orphanDependents } })).status).toBe(200);
  });

  test.each([
    ["v1", "ReplicationController", "/api/v1/namespaces/default/replicationcontrollers", { selector: { app: "a" }, template }],
    ["batch/v1", "Job", "/apis/batch/v1/namespaces/default/jobs", { template: { spec: { ...template.spec, restartPolicy: "Never" } } }],
  ])("what one of a kind from before owners were followed owns stays, unless the client says otherwise: %s %s", async (...row) => {
    const [apiVersion, kind, path, spec] = row;
    const { call } = await startServer();
    const own = async (name: string) => {
      const { uid } = (await call("POST", path, { body: { apiVersion, kind, metadata: { name }, spec } })).body.metadata;
      await call("POST", MAPS, { body: configMap(`of-${name}`, {}, { ownerReferences: [{ apiVersion, kind, name, uid }] }) });
    };
    await own("left");
    await call("DELETE", `${path}/left`);
    await eventually(async () => (await call("GET", `${path}/left`)).status === 404);
    const left = (await call("GET", `${MAPS}/of-left`)).body;
    expect(left).toMatchObject({ kind: "ConfigMap", metadata: { name: "of-left" } });
    expect(left.metadata).not.toHaveProperty("ownerReferences");
    await own("taken");
    await call("DELETE", `${path}/taken?propagationPolicy=Background`);
    await eventually(async () => (await call("GET", `${MAPS}/of-taken`)).status === 404);
  });
});

describe("server-side apply", () => {
  test("kubectl does not take over what has another value than it applied from the client's side", async () => {
    const { call } = await startServer();
    const last = JSON.stringify(deployment({ replicas: 3 }));
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": last };
    const made = deployment({ replicas: 100_000 });
    await call("POST", DEPLOYMENTS, { body: { ...made, metadata: { ...made.metadata, annotations } } });
    const apply = (spec: object) => call("PATCH", `${DEPLOYMENTS}/d?fieldManager=kubectl`, { type: APPLY, body: deployment(spec) });
    expect(await apply({ replicas: 4 })).toMatchObject({ status: 409 });
    expect((await apply({})).body.spec.replicas).toBe(100_000);
  });

  test("the fields of a volume's claimRef are owned one by one", async () => {
    const { call } = await startServer();
    const volumes = "/api/v1/persistentvolumes";
    const claimRef = { name: "c", namespace: "default" };
    const spec = { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Mi" }, hostPath: { path: "/tmp/x" } };
    const volume = (more: object) => ({ apiVersion: "v1", kind: "PersistentVolume", metadata: { name: "v" }, spec: { ...spec, ...more } });
    await call("POST", `${volumes}?fieldManager=controller`, { body: volume({ claimRef: { ...claimRef, uid: "u" } }) });
    const applied = await call("PATCH", `${volumes}/v?fieldManager=user`, { type: APPLY, body: volume({ claimRef }) });
    expect(applied.body.spec.claimRef).toEqual({ ...claimRef, uid: "u" });
  });

  test("an object inside another has its kind and its metadata, whatever the schema says", async () => {
    const { call } = await startServer();
    const embedded = { type: "object", "x-kubernetes-embedded-resource": true, properties: { spec: { type: "object" } } };
    const openAPIV3Schema = { type: "object", properties: { template: embedded } };
    const names = { plural: "foos", singular: "foo", kind: "Foo", listKind: "FooList" };
    const versions = [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema } }];
    const definition = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: "foos.x.io" } };
    const body = { ...definition, spec: { group: "x.io", scope: "Namespaced", names, versions } };
    await call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", { body });
    const foos = "/apis/x.io/v1/namespaces/default/foos";
    await eventually(async () => (await call("GET", foos)).status === 200);
    const inner = { apiVersion: "y.io/v1", kind: "Sub", metadata: { name: "s", namespace: "n" } };
    const foo = (template: object) => ({ apiVersion: "x.io/v1", kind: "Foo", metadata: { name: "f" }, template });
    const apply = (object: object) => call("PATCH", `${foos}/f?fieldManager=m`, { type: APPLY, body: object });
    expect((await apply(foo(inner))).body.template).toEqual(inner);
    const unknown = foo({ ...inner, metadata: { name: "s", unknownSubMeta: 1 } });
    expect((await apply(unknown)).body.message).toContain(".template.metadata.unknownSubMeta: field not declared in schema");
  });
});

test("Events are selected by who reports them where they have no source", async () => {
  const { call } = await startServer();
  const events = "/apis/events.k8s.io/v1/namespaces/default/events";
  const said = { reportingController: "c", reportingInstance: "i", action: "Do", reason: "Test", type: "Normal", note: "n" };
  const metadata = { name: "e", namespace: "default" };
  const regarding = { namespace: "default" };
  const body = { apiVersion: "events.k8s.io/v1", kind: "Event", metadata, regarding, eventTime: "2026-01-01T00:00:00.000000Z", ...said };
  await call("POST", events, { body });
  const { items } = (await call("GET", "/api/v1/namespaces/default/events?fieldSelector=source%3Dc")).body;
  expect(items.map((item: KubeObject) => item.metadata.name)).toEqual(["e"]);
});
