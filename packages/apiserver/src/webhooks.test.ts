import { eventually } from "@ebb/testkit";
import { expect, test } from "vitest";
import { configMap, ksvc, startServer, type TestServer } from "./testing/server.ts";
import { patchOf, startWebhook, webhooks } from "./testing/webhook-server.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const CONFIGS = "/apis/admissionregistration.k8s.io/v1";

async function register(server: TestServer, configuration: object): Promise<void> {
  const { kind } = configuration as { kind: string };
  const reply = await server.call("POST", `${CONFIGS}/${kind.toLowerCase()}s`, { body: configuration });
  expect(reply.body).toMatchObject({ kind });
  expect(reply.status).toBe(201);
}

test("a mutating webhook changes what is stored; a validating one sees the outcome, and its refusal is told in upstream's words", async () => {
  const server = await startServer();
  const hook = await startWebhook((request, path) => {
    if (path === "/mutate") return patchOf({ op: "add", path: "/data/stamp", value: request.userInfo.username });
    const bad = request.object.data.color === "red";
    return bad ? { allowed: false, status: { code: 403, message: "red is not allowed" } } : { warnings: ['blue is "better"'] };
  });
  const client = (path: string) => ({ clientConfig: { url: hook.url(path), caBundle: hook.caBundle } });
  await register(server, webhooks("Mutating", "stamp", client("/mutate")));
  await register(server, webhooks("Validating", "colors", client("/validate")));

  const created = await server.call("POST", `${MAPS}?fieldManager=me`, { body: configMap("a", { color: "green" }) });
  expect(created).toMatchObject({ status: 201, body: { data: { color: "green", stamp: "ann" } } });
  expect(created.headers.warning).toBe('299 - "blue is \\"better\\""');
  const [mutating, validating] = hook.reviews;
  expect(mutating).toMatchObject({
    kind: { group: "", version: "v1", kind: "ConfigMap" },
    resource: { group: "", version: "v1", resource: "configmaps" },
    requestKind: { group: "", version: "v1", kind: "ConfigMap" },
    name: "a",
    namespace: "default",
    operation: "CREATE",
    userInfo: { username: "ann", groups: expect.arrayContaining(["team", "system:authenticated"]) },
    oldObject: null,
    dryRun: false,
    options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1", fieldManager: "me" },
  });
  expect(mutating.object.data).toEqual({ color: "green" });
  expect(validating.object.data).toEqual({ color: "green", stamp: "ann" });
  expect(validating.object.metadata.uid).toBe(created.body.metadata.uid);

  const refused = await server.call("PATCH", `${MAPS}/a?dryRun=All`, {
    body: { data: { color: "red" } },
    type: "application/merge-patch+json",
  });
  expect(refused).toMatchObject({
    status: 403,
    body: { code: 403, message: 'admission webhook "h0.colors.example.com" denied the request: red is not allowed' },
  });
  expect(hook.reviews.at(-1)).toMatchObject({
    operation: "UPDATE",
    dryRun: true,
    oldObject: { data: { color: "green" } },
    options: { kind: "UpdateOptions" },
  });
  expect((await server.call("GET", `${MAPS}/a`)).body.data.color).toBe("green");
});

test("a deletion is shown by what was there, and can be refused", async () => {
  const server = await startServer();
  await server.call("POST", MAPS, { body: configMap("keep") });
  const hook = await startWebhook(() => ({ allowed: false }));
  await register(server, webhooks("Validating", "keep", { clientConfig: { url: hook.url("/"), caBundle: hook.caBundle } }));
  const refused = await server.call("DELETE", `${MAPS}/keep`, { body: { propagationPolicy: "Background" } });
  expect(refused.body).toMatchObject({
    code: 400,
    message: 'admission webhook "h0.keep.example.com" denied the request without explanation',
  });
  expect(hook.reviews[0]).toMatchObject({
    operation: "DELETE",
    object: null,
    oldObject: { metadata: { name: "keep" } },
    options: { kind: "DeleteOptions", propagationPolicy: "Background" },
  });
  expect((await server.call("DELETE", MAPS)).status).toBe(400);
  expect((await server.call("GET", `${MAPS}/keep`)).status).toBe(200);
});

test("mutating webhooks are asked by the names of their configurations, and once more if a later one made a change and they want to know", async () => {
  const server = await startServer();
  const asked: string[] = [];
  const hook = await startWebhook((request, path) => {
    asked.push(path);
    return path === "/c" && !request.object.data.c ? patchOf({ op: "add", path: "/data/c", value: "1" }) : {};
  });
  const client = (path: string, more: object = {}) => ({ clientConfig: { url: hook.url(path), caBundle: hook.caBundle }, ...more });
  await register(server, webhooks("Mutating", "z", client("/c", { reinvocationPolicy: "IfNeeded" })));
  await register(server, webhooks("Mutating", "y", client("/a", { reinvocationPolicy: "IfNeeded" }), client("/b")));
  const reply = await server.call("POST", MAPS, { body: configMap("order", { x: "1" }) });
  expect(reply.body.data).toEqual({ x: "1", c: "1" });
  expect(asked).toEqual(["/a", "/b", "/c", "/a"]);
});

test("rules, selectors and scope decide who is asked", async () => {
  const server = await startServer();
  const asked: string[] = [];
  const hook = await startWebhook((request, path) => {
    asked.push(`${path} ${request.operation} ${request.resource.resource}${request.subResource ? `/${request.subResource}` : ""}`);
    return {};
  });
  const client = (path: string, more: object = {}) => ({ clientConfig: { url: hook.url(path), caBundle: hook.caBundle }, ...more });
  const rule = (resources: string[], more: object = {}) => [
    { operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources, ...more },
  ];
  await register(
    server,
    webhooks(
      "Validating",
      "who",
      client("/team", { namespaceSelector: { matchLabels: { team: "a" } } }),
      client("/labelled", { objectSelector: { matchExpressions: [{ key: "audit", operator: "Exists" }] } }),
      client("/status", { rules: rule(["*/status"]) }),
      client("/cluster", { rules: rule(["*"], { scope: "Cluster" }), namespaceSelector: { matchLabels: { team: "a" } } }),
    ),
  );
  const take = () => asked.splice(0);
  await server.call("POST", "/api/v1/namespaces", { body: { metadata: { name: "a", labels: { team: "a" } } } });
  await server.call("POST", "/api/v1/namespaces", { body: { metadata: { name: "b" } } });
  expect(take()).toEqual(["/cluster CREATE namespaces"]);
  await server.call("POST", "/api/v1/namespaces/a/configmaps", { body: configMap("one") });
  await server.call("POST", "/api/v1/namespaces/b/configmaps", { body: configMap("one", {}, { labels: { audit: "1" } }) });
  await server.call("POST", "/api/v1/namespaces/b/configmaps", { body: configMap("two") });
  expect(take().filter((text) => text.includes("CREATE configmaps"))).toEqual(["/team CREATE configmaps", "/labelled CREATE configmaps"]);
  await server.call("POST", "/apis/serving.knative.dev/v1/namespaces/b/services", { body: ksvc("s") });
  const service = (await server.call("GET", "/apis/serving.knative.dev/v1/namespaces/b/services/s")).body;
  take();
  await server.call("PUT", "/apis/serving.knative.dev/v1/namespaces/b/services/s/status", {
    body: { ...service, status: { url: "http://s" } },
  });
  expect(take()).toEqual(["/status UPDATE services/status"]);
});

test("conditions in CEL decide too, and what cannot be told is refused", async () => {
  const server = await startServer();
  const hook = await startWebhook(() => ({ allowed: false, status: { message: "no" } }));
  const condition = (expression: string) => ({
    clientConfig: { url: hook.url("/"), caBundle: hook.caBundle },
    matchConditions: [
      { name: "not-me", expression: "request.userInfo.username != 'bob'" },
      { name: "this", expression },
    ],
  });
  await register(server, webhooks("Validating", "cel", condition("object.data.color == 'red' && oldObject == null")));
  const create = async (name: string, data: Record<string, string>) =>
    (await server.call("POST", MAPS, { body: configMap(name, data) })).body;
  expect(await create("a", { color: "blue" })).toMatchObject({ kind: "ConfigMap" });
  expect(await create("b", { color: "red" })).toMatchObject({ message: expect.stringContaining("denied the request: no") });
  expect(await create("c", { other: "red" })).toMatchObject({
    code: 403,
    message: expect.stringMatching(/configmaps "c" is forbidden: expression "object.*" resulted in error: No such key: color/),
  });
  const wrong = await server.call("POST", `${CONFIGS}/validatingwebhookconfigurations`, {
    body: webhooks("Validating", "bad", condition("authorizer.x")),
  });
  expect(wrong.body.message).toContain('webhooks[0].matchConditions[1].expression: Invalid value: "authorizer.x": compilation failed');
});

test("a webhook for one version is asked about the others too, in its own, unless it wants exact matches", async () => {
  const server = await startServer();
  const hook = await startWebhook((_request, path) =>
    path === "/v1" ? patchOf({ op: "add", path: "/metadata/labels", value: { seen: "yes" } }) : {},
  );
  const rules = [{ operations: ["CREATE"], apiGroups: ["networking.istio.io"], apiVersions: ["v1"], resources: ["gateways"] }];
  const client = (path: string, more: object = {}) => ({ clientConfig: { url: hook.url(path), caBundle: hook.caBundle }, rules, ...more });
  await register(server, webhooks("Mutating", "gw", client("/v1"), client("/exact", { matchPolicy: "Exact" })));
  const gateway = {
    apiVersion: "networking.istio.io/v1beta1",
    kind: "Gateway",
    metadata: { name: "g" },
    spec: { selector: { istio: "ingressgateway" }, servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }] },
  };
  const reply = await server.call("POST", "/apis/networking.istio.io/v1beta1/namespaces/default/gateways", { body: gateway });
  expect(reply).toMatchObject({ status: 201, body: { apiVersion: "networking.istio.io/v1beta1", metadata: { labels: { seen: "yes" } } } });
  expect(hook.reviews).toHaveLength(1);
  expect(hook.reviews[0]).toMatchObject({
    kind: { version: "v1" },
    requestKind: { version: "v1beta1" },
    object: { apiVersion: "networking.istio.io/v1" },
  });
});

test("the scale of an object is shown as a Scale", async () => {
  const server = await startServer();
  const hook = await startWebhook((request) =>
    request.object.spec.replicas > 3 ? { allowed: false } : patchOf({ op: "replace", path: "/spec/replicas", value: 3 }),
  );
  const rules = [{ operations: ["UPDATE"], apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments/scale"] }];
  await register(server, webhooks("Mutating", "scale", { clientConfig: { url: hook.url("/"), caBundle: hook.caBundle }, rules }));
  const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "x" }] } };
  const body = { metadata: { name: "d" }, spec: { replicas: 1, selector: { matchLabels: { a: "b" } }, template } };
  await server.call("POST", "/apis/apps/v1/namespaces/default/deployments", { body });
  const scale = (replicas: number) =>
    server.call("PATCH", "/apis/apps/v1/namespaces/default/deployments/d/scale", {
      body: { spec: { replicas } },
      type: "application/merge-patch+json",
    });
  expect((await scale(2)).body.spec.replicas).toBe(3);
  expect(hook.reviews[0]).toMatchObject({
    kind: { group: "autoscaling", version: "v1", kind: "Scale" },
    resource: { resource: "deployments" },
    subResource: "scale",
    object: { kind: "Scale", spec: { replicas: 2 } },
    oldObject: { kind: "Scale", spec: { replicas: 1 } },
  });
  expect((await scale(9)).status).toBe(400);
});

test("a webhook that fails refuses by default, and is passed over by failurePolicy Ignore", async () => {
  const server = await startServer();
  const answers: Record<string, object> = {
    "/uid": { uid: "another" },
    "/text": { raw: "yes" },
    "/version": { raw: '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v2"}' },
    "/patch": { patch: "W10=" },
    "/large": { raw: "x".repeat(4 * 1024 * 1024) },
  };
  const hook = await startWebhook((_request, path) => (path === "/slow" ? new Promise(() => undefined) : (answers[path] ?? {})));
  const stranger = await startWebhook(() => ({}));
  const attempt = async (clientConfig: object, more: object = {}) => {
    await server.call("DELETE", `${CONFIGS}/mutatingwebhookconfigurations/fail`);
    await register(server, webhooks("Mutating", "fail", { clientConfig, ...more }));
    return (await server.call("POST", `${MAPS}?dryRun=All`, { body: configMap("a") })).body;
  };
  const { caBundle } = hook;
  const rows: [path: string, why: RegExp][] = [
    ["/uid", /received invalid webhook response: expected response\.uid=.*, got "another"/],
    ["/text", /not JSON/],
    ["/version", /expected webhook response of admission\.k8s\.io\/v1, Kind=AdmissionReview, got "admission\.k8s\.io\/v2"/],
    ["/patch", /webhook returned response\.patch but not response\.patchType/],
    ["/large", /larger than 3145728 bytes/],
  ];
  for (const [path, why] of rows) {
    const body = await attempt({ url: hook.url(path), caBundle });
    expect(body).toMatchObject({ code: 500, reason: "InternalError", message: expect.stringMatching(why) });
    expect(body.message).toContain('Internal error occurred: failed calling webhook "h0.fail.example.com": failed to call webhook: ');
  }
  const slow = await attempt({ url: hook.url("/slow"), caBundle }, { timeoutSeconds: 1 });
  expect(slow.message).toContain(`Post "${hook.url("/slow")}?timeout=1s": context deadline exceeded`);
  expect((await attempt({ url: stranger.url("/"), caBundle })).message).toMatch(/certificate/);
  expect((await attempt({ service: { name: "hook", namespace: "default" } })).message).toMatch(/service "hook" not found/);
  expect(await attempt({ url: hook.url("/text"), caBundle }, { failurePolicy: "Ignore" })).toMatchObject({ kind: "ConfigMap" });
});

test("a Service is found by its endpoints, and must have a certificate for its name", async () => {
  const server = await startServer();
  const hook = await startWebhook(() => ({}));
  const other = await startWebhook(() => ({}), ["127.0.0.1"]);
  const place = async (port: number) => {
    const subsets = [{ addresses: [{ ip: "127.0.0.1" }], ports: [{ name: "tls", port }] }];
    await server.call("POST", "/api/v1/namespaces/default/endpoints", { body: { metadata: { name: "hook" }, subsets } });
    return server.call("PATCH", "/api/v1/namespaces/default/endpoints/hook", { body: { subsets }, type: "application/merge-patch+json" });
  };
  await server.call("POST", "/api/v1/namespaces/default/services", {
    body: { metadata: { name: "hook" }, spec: { ports: [{ name: "tls", port: 8443 }] } },
  });
  const service = { namespace: "default", name: "hook", path: "/here", port: 8443 };
  const config = (caBundle: string) => webhooks("Validating", "svc", { clientConfig: { service, caBundle } });
  await register(server, config(hook.caBundle));
  await place(hook.port);
  expect((await server.call("POST", MAPS, { body: configMap("a") })).status).toBe(201);
  expect(hook.reviews).toHaveLength(1);
  await server.call("DELETE", `${CONFIGS}/validatingwebhookconfigurations/svc`);
  await register(server, config(other.caBundle));
  await place(other.port);
  expect((await server.call("POST", MAPS, { body: configMap("b") })).body.message).toMatch(/altnames|hook\.default\.svc/i);
});

test("a write that somebody else overtook while a webhook thought about it is made on the newer state, and by its version not at all", async () => {
  const server = await startServer();
  await server.call("POST", MAPS, { body: configMap("shared", { a: "1" }) });
  const current = (await server.call("GET", `${MAPS}/shared`)).body;
  let first = true;
  const hook = await startWebhook(async () => {
    if (!first) return {};
    first = false;
    await server.call("PATCH", `${MAPS}/shared`, { body: { data: { b: "2" } }, type: "application/merge-patch+json" });
    return {};
  });
  await register(server, webhooks("Validating", "slow", { clientConfig: { url: hook.url("/"), caBundle: hook.caBundle } }));
  const patched = await server.call("PATCH", `${MAPS}/shared`, { body: { data: { c: "3" } }, type: "application/merge-patch+json" });
  expect(patched.body.data).toEqual({ a: "1", b: "2", c: "3" });
  const stale = await server.call("PUT", `${MAPS}/shared`, { body: { ...current, data: {} } });
  expect(stale.status).toBe(409);
});

test("configurations of webhooks are never asked about, and refused when they are wrong", async () => {
  const server = await startServer();
  const all = [{ operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*/*"] }];
  await register(server, webhooks("Validating", "all", { clientConfig: { url: "https://127.0.0.1:1/" }, rules: all }));
  expect((await server.call("POST", MAPS, { body: configMap("no") })).status).toBe(500);
  const bad = webhooks("Mutating", "bad", {
    name: "short",
    clientConfig: {},
    rules: [{ operations: ["*", "CREATE"], apiGroups: [""], apiVersions: [], resources: ["pods/*", "pods/status"], scope: "Both" }],
    sideEffects: "Some",
    timeoutSeconds: 31,
    admissionReviewVersions: ["v2"],
    failurePolicy: "Maybe",
    namespaceSelector: { matchExpressions: [{ key: "a", operator: "In" }] },
  });
  const refused = await server.call("POST", `${CONFIGS}/mutatingwebhookconfigurations`, { body: bad });
  expect(refused.status).toBe(422);
  const fields = refused.body.details.causes.map(({ field, message }: { field: string; message: string }) => `${field}: ${message}`);
  expect(fields).toEqual([
    'webhooks[0].name: Invalid value: "short": should be a domain with at least three segments separated by dots',
    'webhooks[0].admissionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
    'webhooks[0].rules[0].operations: Invalid value: ["*","CREATE"]: if \'*\' is present, must not specify other operations',
    "webhooks[0].rules[0].apiVersions: Required value",
    "webhooks[0].rules[0].resources[1]: Invalid value: \"pods/status\": if 'pods/*' is present, must not specify pods/status",
    'webhooks[0].rules[0].scope: Unsupported value: "Both": supported values: "*", "Cluster", "Namespaced"',
    'webhooks[0].failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"',
    'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
    "webhooks[0].namespaceSelector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    "webhooks[0].clientConfig: Required value: exactly one of url or service is required",
    "webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds",
  ]);
  expect((await server.call("DELETE", `${CONFIGS}/validatingwebhookconfigurations/all`)).status).toBe(200);
  expect((await server.call("POST", MAPS, { body: configMap("yes") })).status).toBe(201);
});

test("the server starts beside a webhook that is gone, so that it can be taken away", async () => {
  const first = await startServer();
  const all = [{ operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*/*"] }];
  await register(first, webhooks("Mutating", "all", { clientConfig: { url: "https://127.0.0.1:1/" }, rules: all }));
  await first.api.stop();
  const second = await startServer({ folder: first.folder });
  expect((await second.call("POST", MAPS, { body: configMap("no") })).status).toBe(500);
  expect((await second.call("DELETE", `${CONFIGS}/mutatingwebhookconfigurations/all`)).status).toBe(200);
});

test("an object whose last owner goes while a webhook is asked about letting go of another is collected all the same", async () => {
  const server = await startServer();
  const { call } = server;
  const ownerOf = async (name: string) => {
    const { uid } = (await call("POST", MAPS, { body: configMap(name) })).body.metadata;
    return { apiVersion: "v1", kind: "ConfigMap", name, uid };
  };
  const ownerReferences = [await ownerOf("gone"), await ownerOf("last")];
  await call("POST", MAPS, { body: configMap("shared", {}, { ownerReferences }) });
  let asked = 0;
  const hook = await startWebhook(async (request) => {
    const collecting = request.name === "shared" && request.operation === "UPDATE" && request.userInfo.username.includes("collector");
    if (collecting && asked++ === 0) {
      await call("DELETE", `${MAPS}/last`);
      // So that it begins anew.
      await call("PATCH", `${MAPS}/shared`, { type: "application/merge-patch+json", body: { data: { a: "1" } } });
    }
    return {};
  });
  await register(server, webhooks("Validating", "slow", { clientConfig: { url: hook.url("/"), caBundle: hook.caBundle } }));
  await call("DELETE", `${MAPS}/gone`);
  await eventually(async () => (await call("GET", `${MAPS}/shared`)).status === 404);
  expect(asked).toBeGreaterThan(0);
});
