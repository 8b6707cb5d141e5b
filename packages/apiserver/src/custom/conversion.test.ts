import { eventually } from "@ebb/testkit";
import { expect, test } from "vitest";
import { startServer, take, watchLines, type TestServer } from "../testing/server.ts";
import { startWebhook, webhooks } from "../testing/webhook-server.ts";

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const at = (version: string) => `/apis/stable.example.com/${version}/namespaces/default/hosts`;
const MERGE = "application/merge-patch+json";

const spec = (properties: object) => ({ type: "object", properties: { spec: { type: "object", properties } } });
/** What v1 calls `host` and `port`, v1beta1 has as `hostPort`. */
const BETA = spec({ hostPort: { type: "string" } });
const STABLE = spec({ host: { type: "string" }, port: { type: "string" }, scheme: { type: "string", default: "http" } });

function hosts(conversion: object, storage = "v1") {
  const version = (name: string, openAPIV3Schema: object) => ({
    name,
    served: true,
    storage: name === storage,
    schema: { openAPIV3Schema },
  });
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "hosts.stable.example.com" },
    spec: {
      group: "stable.example.com",
      scope: "Namespaced",
      names: { plural: "hosts", kind: "Host" },
      versions: [version("v1beta1", BETA), version("v1", STABLE)],
      conversion,
    },
  };
}

interface Host {
  apiVersion: string;
  metadata: { name: string; uid?: string };
  spec: { hostPort?: string; host?: string; port?: string; scheme?: string };
}

function convert(object: Host, apiVersion: string): object {
  const { hostPort = "", host = "", port = "" } = object.spec;
  const [name = "", number = ""] = hostPort.split(":");
  return {
    ...object,
    apiVersion,
    spec: apiVersion.endsWith("v1") ? { host: name, port: number, unknown: 1 } : { hostPort: `${host}:${port}` },
  };
}

interface Question {
  uid: string;
  desiredAPIVersion: string;
  objects: Host[];
}

/** A cluster with a kind of two versions whose webhook answers what `answer` makes of a question. */
async function defined(answer?: (question: Question) => object) {
  const server = await startServer();
  const questions: Question[] = [];
  const hook = await startWebhook((question: Question, path) => {
    if (path !== "/convert") return {};
    questions.push(question);
    const convertedObjects = question.objects.map((object) => convert(object, question.desiredAPIVersion));
    const response = { uid: question.uid, result: { status: "Success" }, convertedObjects, ...answer?.(question) };
    return { raw: JSON.stringify({ apiVersion: "apiextensions.k8s.io/v1", kind: "ConversionReview", response }) };
  });
  const clientConfig = { url: hook.url("/convert"), caBundle: hook.caBundle };
  const webhook = { clientConfig, conversionReviewVersions: ["v2", "v1", "v1beta1"] };
  const definition = hosts({ strategy: "Webhook", webhook });
  expect(await server.call("POST", DEFINITIONS, { body: definition })).toMatchObject({ status: 201 });
  await eventually(async () => (await server.call("GET", at("v1"))).status === 200);
  return { ...server, server, hook, questions, definition };
}

const beta = (name: string, hostPort: string) => ({
  apiVersion: "stable.example.com/v1beta1",
  kind: "Host",
  metadata: { name },
  spec: { hostPort },
});

async function create({ call }: Pick<TestServer, "call">, name = "a") {
  return call("POST", at("v1beta1"), { body: beta(name, `${name}.example:80`) });
}

test("each client sees and writes its own version; what is stored is of one, pruned and defaulted", async () => {
  const { call, server, questions } = await defined();
  const created = await create(server);
  expect(created).toMatchObject({ status: 201, body: { apiVersion: "stable.example.com/v1beta1", spec: { hostPort: "a.example:80" } } });
  expect((await call("GET", `${at("v1")}/a`)).body).toMatchObject({
    apiVersion: "stable.example.com/v1",
    spec: { host: "a.example", port: "80", scheme: "http" },
  });
  expect((await call("GET", `${at("v1")}/a`)).body.spec.unknown).toBeUndefined();
  const patched = await call("PATCH", `${at("v1beta1")}/a`, { type: MERGE, body: { spec: { hostPort: "b:81" } } });
  expect(patched.body).toMatchObject({ metadata: { generation: 2 }, spec: { hostPort: "b:81" } });
  expect((await call("GET", `${at("v1")}/a`)).body.spec).toMatchObject({ host: "b", port: "81" });
  await create(server, "c");
  questions.length = 0;
  const listed = await call("GET", at("v1beta1"));
  expect(listed.body.items.map(({ spec: each }: Host) => each.hostPort)).toEqual(["b:81", "c.example:80"]);
  expect(questions).toHaveLength(1);
  expect((await call("GET", at("v1"))).body.items).toHaveLength(2);
  expect(questions).toHaveLength(1);
});

test("a write that changes nothing in its version changes nothing at all", async () => {
  const { call, server } = await defined();
  const { body } = await create(server);
  const again = await call("PATCH", `${at("v1beta1")}/a`, { type: MERGE, body: { spec: { hostPort: "a.example:80" } } });
  expect(again.body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
});

test("watches tell of their version, and what is deleted needs no webhook", async () => {
  const { call, open, server, hook } = await defined();
  const lines = watchLines(await open(`${at("v1beta1")}?watch=true`));
  await create(server);
  const { value } = await lines.next();
  expect(value).toMatchObject({ type: "ADDED", object: { apiVersion: "stable.example.com/v1beta1", spec: { hostPort: "a.example:80" } } });
  await call("DELETE", `${at("v1beta1")}/a`);
  expect(await take(lines, 1)).toEqual(["DELETED a"]);
  expect(hook.reviews.length).toBeGreaterThan(0);
});

test("objects stored before the storage version changed are turned into the new one", async () => {
  const { call, server } = await defined();
  await create(server);
  const { body } = await call("GET", `${DEFINITIONS}/hosts.stable.example.com`);
  const versions = body.spec.versions.map((version: { name: string }) => ({ ...version, storage: version.name === "v1beta1" }));
  await call("PATCH", `${DEFINITIONS}/hosts.stable.example.com`, { type: MERGE, body: { spec: { versions } } });
  const patched = await call("PATCH", `${at("v1")}/a`, { type: MERGE, body: { spec: { port: "90" } } });
  expect(patched.body).toMatchObject({ apiVersion: "stable.example.com/v1", spec: { host: "a.example", port: "90" } });
  expect((await call("GET", `${at("v1beta1")}/a`)).body.spec).toEqual({ hostPort: "a.example:90" });
});

test("a webhook that answers wrongly changes nothing", async () => {
  const wrong: [string, (question: Question) => object, string][] = [
    ["it says that it failed", () => ({ result: { status: "Failure", message: "no such host" } }), "failed: no such host"],
    ["another question's answer", () => ({ uid: "x" }), "expected response.uid="],
    ["too few objects", () => ({ convertedObjects: [] }), "webhook returned 0 objects, expected 1"],
    [
      "objects of another version",
      ({ objects }) => ({ convertedObjects: objects }),
      "invalid converted object at index 0: invalid groupVersion, expected=",
    ],
    [
      "another object",
      ({ objects, desiredAPIVersion }) => ({
        convertedObjects: objects.map((object) => ({ ...convert(object, desiredAPIVersion), metadata: { name: "other" } })),
      }),
      "the name must stay as it is",
    ],
  ];
  let answer: (question: Question) => object = () => ({});
  const { call, server } = await defined((question) => answer(question));
  for (const [what, wrongly, message] of wrong) {
    answer = wrongly;
    const refused = await create(server);
    expect(refused, what).toMatchObject({ status: 500, body: { message: expect.stringContaining(message) } });
    expect(refused.body.message).toContain("conversion webhook for stable.example.com/v1beta1, Kind=Host failed: ");
  }
  expect((await call("GET", at("v1"))).body.items).toEqual([]);
});

test("an admission webhook of another version sees and patches that version", async () => {
  const server = await defined();
  const patch = Buffer.from(JSON.stringify([{ op: "replace", path: "/spec/port", value: "99" }])).toString("base64");
  const hook = await startWebhook(() => ({ patchType: "JSONPatch", patch }));
  const rules = [{ operations: ["CREATE"], apiGroups: ["stable.example.com"], apiVersions: ["v1"], resources: ["hosts"] }];
  const clientConfig = { url: hook.url("/"), caBundle: hook.caBundle };
  const configuration = webhooks("Mutating", "m", { name: "m.example.com", rules, clientConfig });
  await server.call("POST", "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", { body: configuration });
  const created = await create(server.server);
  expect(hook.reviews[0].object).toMatchObject({ apiVersion: "stable.example.com/v1", spec: { host: "a.example", port: "80" } });
  expect(created.body.spec).toEqual({ hostPort: "a.example:99" });
});

test("what a definition may say of its conversion", async () => {
  const { call } = await startServer();
  const refused: [string, object, string][] = [
    [
      "another strategy",
      { strategy: "Magic" },
      'spec.conversion.strategy: Unsupported value: "Magic": supported values: "None", "Webhook"',
    ],
    [
      "no webhook",
      { strategy: "Webhook" },
      "spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook",
    ],
    [
      "a webhook that nobody asks",
      { strategy: "None", webhook: { clientConfig: { url: "https://a.b" }, conversionReviewVersions: ["v1"] } },
      "spec.conversion.webhookClientConfig: Forbidden: should not be set when strategy is not set to Webhook",
    ],
    [
      "no version that is spoken",
      { strategy: "Webhook", webhook: { clientConfig: { url: "https://a.b" }, conversionReviewVersions: ["v9"] } },
      "must include at least one of v1, v1beta1",
    ],
  ];
  for (const [what, conversion, message] of refused) {
    const { body } = await call("POST", DEFINITIONS, { body: hosts(conversion) });
    expect(body, what).toMatchObject({ code: 422, message: expect.stringContaining(message) });
  }
});
