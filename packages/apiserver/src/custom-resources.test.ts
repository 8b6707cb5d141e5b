import { eventually, tempDir } from "@ebb/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { connectKubectl, findKubectl } from "./testing/kubectl.ts";
import { startServer, watchLines, type TestServer } from "./testing/server.ts";

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const TABS = "/apis/stable.example.com/v1/namespaces/default/crontabs";

interface Shape {
  schema?: object;
  versions?: object[];
  names?: object;
}

function crontabs({ schema, versions, names }: Shape = {}) {
  const spec = {
    type: "object",
    required: ["schedule"],
    properties: {
      schedule: { type: "string", pattern: "^\\S+( \\S+){4}$" },
      replicas: { type: "integer", minimum: 1, maximum: 10, default: 1 },
      policy: { type: "string", enum: ["Allow", "Forbid"] },
      hosts: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
    },
  };
  const status = { type: "object", properties: { replicas: { type: "integer" }, phase: { type: "string" } } };
  const version = {
    name: "v1",
    served: true,
    storage: true,
    schema: { openAPIV3Schema: schema ?? { type: "object", properties: { spec, status } } },
    subresources: { status: {}, scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" } },
    additionalPrinterColumns: [
      { name: "Schedule", type: "string", jsonPath: ".spec.schedule" },
      { name: "Replicas", type: "integer", jsonPath: ".spec.replicas" },
      { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    ],
  };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "crontabs.stable.example.com" },
    spec: {
      group: "stable.example.com",
      scope: "Namespaced",
      names: { plural: "crontabs", kind: "CronTab", shortNames: ["ct"], categories: ["all"], ...names },
      versions: versions ?? [version],
    },
  };
}
const tab = (spec: object = { schedule: "0 5 * * *" }, metadata: object = { name: "nightly" }) => ({
  apiVersion: "stable.example.com/v1",
  kind: "CronTab",
  metadata,
  spec,
});

async function define(server: TestServer, shape: Shape = {}) {
  expect(await server.call("POST", DEFINITIONS, { body: crontabs(shape) })).toMatchObject({ status: 201 });
  await eventually(async () => (await server.call("GET", TABS)).status === 200);
}

describe("a definition", () => {
  test("is accepted, and its kind is served at once: discovered, described, defaulted, pruned, with generation and status apart", async () => {
    const server = await startServer();
    await define(server);
    const { body: definition } = await server.call("GET", `${DEFINITIONS}/crontabs.stable.example.com`);
    expect(definition.status).toMatchObject({ acceptedNames: { singular: "crontab", listKind: "CronTabList" }, storedVersions: ["v1"] });
    expect(definition.status.conditions.map(({ type, status }: { type: string; status: string }) => `${type} ${status}`)).toEqual([
      "NamesAccepted True",
      "Established True",
    ]);
    const { body: found } = await server.call("GET", "/apis/stable.example.com/v1");
    expect(found.resources.map(({ name }: { name: string }) => name)).toEqual(["crontabs", "crontabs/status", "crontabs/scale"]);
    expect((await server.call("GET", "/openapi/v3")).body.paths).toHaveProperty("apis/stable.example.com/v1");

    const made = await server.call("POST", TABS, { body: { ...tab({ schedule: "0 5 * * *", unknown: 1 }), status: { phase: "Odd" } } });
    expect(made).toMatchObject({ status: 201, body: { spec: { schedule: "0 5 * * *", replicas: 1 }, metadata: { generation: 1 } } });
    expect(made.body.spec).not.toHaveProperty("unknown");
    expect(made.body).not.toHaveProperty("status");
    const patched = await server.call("PATCH", `${TABS}/nightly/status`, {
      type: "application/merge-patch+json",
      body: { status: { phase: "Running" }, spec: { replicas: 5 } },
    });
    expect(patched.body).toMatchObject({ status: { phase: "Running" }, spec: { replicas: 1 }, metadata: { generation: 1 } });
    const scaled = await server.call("PUT", `${TABS}/nightly/scale`, {
      body: { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "nightly" }, spec: { replicas: 3 } },
    });
    expect(scaled.body.spec).toEqual({ replicas: 3 });
    expect((await server.call("GET", `${TABS}/nightly`)).body).toMatchObject({ spec: { replicas: 3 }, metadata: { generation: 2 } });
  });

  test("objects are selected by the fields that the definition names", async () => {
    const server = await startServer();
    const selectableFields = [{ jsonPath: ".spec.schedule" }, { jsonPath: ".spec.replicas" }];
    const [version] = crontabs().spec.versions;
    await define(server, { versions: [{ ...version, selectableFields }] });
    for (const [name, spec] of Object.entries({ a: { schedule: "0 5 * * *", replicas: 2 }, b: { schedule: "0 6 * * *" } }))
      expect(await server.call("POST", TABS, { body: tab(spec, { name }) })).toMatchObject({ status: 201 });
    const named = async (selector: string) => {
      const { status, body } = await server.call("GET", `${TABS}?fieldSelector=${encodeURIComponent(selector)}`);
      return status === 200 ? body.items.map((item: { metadata: { name: string } }) => item.metadata.name) : body.message;
    };
    expect(await named("spec.schedule=0 5 * * *")).toEqual(["a"]);
    expect(await named("spec.replicas!=2")).toEqual(["b"]);
    expect(await named("spec.policy=Allow")).toBe("field label not supported: spec.policy");
  });

  test.each<[why: string, spec: object, says: string]>([
    ["a type", { schedule: 5 }, "spec.schedule in body must be of type string"],
    ["a required field", {}, "spec.schedule: Required value"],
    ["a pattern", { schedule: "often" }, "spec.schedule in body should match"],
    ["a maximum", { schedule: "* * * * *", replicas: 11 }, "spec.replicas in body should be less than or equal to 10"],
    ["an enum", { schedule: "* * * * *", policy: "No" }, 'Unsupported value: "No": supported values: "Allow", "Forbid"'],
    ["a set", { schedule: "* * * * *", hosts: ["a", "a"] }, 'spec.hosts[1]: Duplicate value: "a"'],
  ])("holds its objects to %s", async (_, spec, says) => {
    const server = await startServer();
    await define(server);
    const { status, body } = await server.call("POST", TABS, { body: tab(spec) });
    expect({ status, message: body.message }).toEqual({ status: 422, message: expect.stringContaining(says) as string });
  });

  test("what an object broke before its definition said so can stay as it is, and cannot get worse", async () => {
    const server = await startServer();
    const openAPIV3Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
    const [version] = crontabs().spec.versions;
    await define(server, { versions: [{ ...version, schema: { openAPIV3Schema } }] });
    await server.call("POST", TABS, { body: tab({ schedule: "often", replicas: 99, policy: "Allow" }) });
    const type = "application/merge-patch+json";
    await server.call("PATCH", `${DEFINITIONS}/crontabs.stable.example.com`, { type, body: { spec: { versions: [version] } } });
    const change = async (body: object, at = "") => (await server.call("PATCH", `${TABS}/nightly${at}`, { type, body })).status;
    // Of the new schema is this kind once a wrong object is refused.
    await eventually(
      async () => (await server.call("POST", `${TABS}?dryRun=All`, { body: tab({ schedule: "often" }, { name: "o" }) })).status === 422,
    );
    expect(await change({ metadata: { labels: { a: "b" } } })).toBe(200);
    expect(await change({ status: { phase: "Running" } }, "/status")).toBe(200);
    expect(await change({ spec: { policy: "Forbid", schedule: "0 5 * * *" } })).toBe(200);
    expect(await change({ spec: { replicas: 98 } })).toBe(422);
    expect(await change({ spec: { schedule: "often" } })).toBe(422);
  });

  test("a default that comes later is seen in what is stored already, wherever it is read; one that went stays where it was written", async () => {
    const server = await startServer();
    const schemaOf = (a: object, b: object) => ({
      type: "object",
      properties: { spec: { type: "object", properties: { a: { type: "string", ...a }, b: { type: "string", ...b } } } },
    });
    await define(server, { schema: schemaOf({}, {}) });
    await server.call("POST", TABS, { body: tab({}, { name: "one" }) });
    const change = async (schema: object) => {
      const body = [{ op: "replace", path: "/spec/versions/0/schema/openAPIV3Schema", value: schema }];
      const path = `${DEFINITIONS}/crontabs.stable.example.com`;
      expect((await server.call("PATCH", path, { type: "application/json-patch+json", body })).status).toBe(200);
    };
    await change(schemaOf({ default: "A" }, {}));
    expect((await server.call("GET", `${TABS}/one`)).body.spec).toEqual({ a: "A" });
    expect((await server.call("GET", TABS)).body.items[0].spec).toEqual({ a: "A" });
    const event = await watchLines(await server.open(`${TABS}?watch=true`)).next();
    expect(event.value.object.spec).toEqual({ a: "A" });
    await server.call("POST", TABS, { body: tab({}, { name: "two" }) });
    await change(schemaOf({}, { default: "B" }));
    expect((await server.call("GET", `${TABS}/one`)).body.spec).toEqual({ b: "B" });
    expect((await server.call("GET", `${TABS}/two`)).body.spec).toEqual({ a: "A", b: "B" });
  });

  test("a definition's conditions may be written as anybody likes", async () => {
    const server = await startServer();
    await define(server);
    const body = [{ op: "add", path: "/status/conditions", value: [{ message: "patched" }] }];
    const path = `${DEFINITIONS}/crontabs.stable.example.com/status`;
    const patched = await server.call("PATCH", path, { type: "application/json-patch+json", body });
    expect(patched.body.status.conditions).toContainEqual({ message: "patched" });
    const mine = { ...crontabs(), status: { conditions: [{ type: "Mine", status: "True" }] } };
    const apply = { type: "application/apply-patch+yaml", body: { ...mine, spec: undefined } };
    // Each condition is its own manager's.
    expect((await server.call("PATCH", `${path}?fieldManager=me`, apply)).status).toBe(200);
    const types = async () => (await server.call("GET", path)).body.status.conditions.map(({ type }: { type?: string }) => type).join();
    await eventually(async () => (await types()) === "NamesAccepted,Established,,Mine");
  });

  test("a kind may be written in any case, and with dashes", async () => {
    const server = await startServer();
    const names = { kind: "e2e-cron-Tab", singular: "", listKind: "" };
    const { status, body } = await server.call("POST", DEFINITIONS, { body: crontabs({ names }) });
    expect(status).toBe(201);
    expect(body.spec.names).toMatchObject({ singular: "e2e-cron-tab", listKind: "e2e-cron-TabList" });
  });

  test.each<[why: string, shape: Shape, says: string]>([
    ["no schema", { versions: [{ name: "v1", served: true, storage: true }] }, "schemas are required"],
    ["no type", { schema: { type: "object", properties: { spec: {} } } }, "properties[spec].type: Required value: must not be empty"],
    [
      "no storage version",
      { versions: [{ name: "v1", served: true, storage: false, schema: { openAPIV3Schema: { type: "object" } } }] },
      "exactly one version marked as storage",
    ],
    ["another plural than its name says", { names: { plural: "tabs" } }, 'must be spec.names.plural+"."+spec.group'],
    [
      "a kind that is no label",
      { names: { kind: "Cron_Tab" } },
      'spec.names.kind: Invalid value: "Cron_Tab": may have mixed case, but should',
    ],
    ["a short name that is none", { names: { shortNames: ["CT"] } }, 'spec.names.shortNames[0]: Invalid value: "CT": a DNS-1035 label'],
    ["a list called as its items", { names: { listKind: "CronTab" } }, "kind and listKind may not be the same"],
    [
      "a rule in CEL that cannot be read",
      { schema: { type: "object", properties: { spec: { type: "object", "x-kubernetes-validations": [{ rule: "self.none" }] } } } },
      "spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value: \"self.none\": compilation failed: undefined field 'none'",
    ],
    [
      "selection by a field that is not there",
      { versions: [{ ...crontabs().spec.versions[0], selectableFields: [{ jsonPath: ".spec.colour" }] }] },
      'spec.versions[0].selectableFields[0].jsonPath: Invalid value: ".spec.colour": is an invalid path',
    ],
    [
      "selection by a list",
      { versions: [{ ...crontabs().spec.versions[0], selectableFields: [{ jsonPath: ".spec.hosts" }] }] },
      'Invalid value: ".spec.hosts": must point to a field of type string, boolean or integer.',
    ],
    [
      "a pattern that is none",
      { schema: { type: "object", properties: { a: { type: "string", pattern: "(" } } } },
      "must be a valid regular expression",
    ],
  ])("with %s is refused", async (_, shape, says) => {
    const server = await startServer();
    const { status, body } = await server.call("POST", DEFINITIONS, { body: crontabs(shape) });
    expect({ status, message: body.message }).toEqual({ status: 422, message: expect.stringContaining(says) as string });
  });

  test("with rules in CEL holds its objects to them, in all ways to write", async () => {
    const server = await startServer();
    const rules = [
      { rule: "self.min <= self.max", message: "min is above max", fieldPath: ".min" },
      { rule: "self.max >= oldSelf.max", messageExpression: "'max was ' + string(oldSelf.max)" },
    ];
    const integer = { type: "integer" };
    const spec = { type: "object", properties: { min: integer, max: integer }, "x-kubernetes-validations": rules };
    const status = {
      type: "object",
      properties: { phase: { type: "string" } },
      "x-kubernetes-validations": [{ rule: "self.phase != 'Lost'" }],
    };
    await define(server, { schema: { type: "object", properties: { spec, status } } });
    const tab = (range: object) => ({ apiVersion: "stable.example.com/v1", kind: "CronTab", metadata: { name: "a" }, spec: range });
    const refused = await server.call("POST", TABS, { body: tab({ min: 3, max: 2 }) });
    expect(refused.body).toMatchObject({
      code: 422,
      message: 'CronTab.stable.example.com "a" is invalid: spec.min: Invalid value: "object": min is above max',
      details: { causes: [{ reason: "FieldValueInvalid", field: "spec.min" }] },
    });
    expect((await server.call("POST", TABS, { body: tab({ min: 1, max: 5 }) })).status).toBe(201);
    const patch = (range: object, type = "application/merge-patch+json") =>
      server.call("PATCH", `${TABS}/a?fieldManager=t${type.includes("apply") ? "&force=true" : ""}`, {
        body: tab(range),
        type,
      });
    expect((await patch({ max: 4 })).body.message).toContain('spec: Invalid value: "object": max was 5');
    expect((await patch({ max: 4 }, "application/apply-patch+yaml")).status).toBe(422);
    expect((await patch({ max: 6 })).body.spec).toEqual({ min: 1, max: 6 });
    const lost = await server.call("PATCH", `${TABS}/a/status`, {
      body: { status: { phase: "Lost" } },
      type: "application/merge-patch+json",
    });
    expect(lost.body.message).toContain("status: Invalid value");
  });

  test("may give its kind the name of one of Kubernetes', and has nothing else of that one", async () => {
    const server = await startServer();
    await define(server, { names: { kind: "Namespace" } });
    const named = { ...tab(undefined, { name: "dots.are.fine" }), kind: "Namespace" };
    const { status, body } = await server.call("POST", TABS, { body: named });
    expect({ status, spec: body.spec, labels: body.metadata.labels }).toEqual({
      status: 201,
      spec: { schedule: "0 5 * * *", replicas: 1 },
      labels: undefined,
    });
    const other = { ...body, spec: { schedule: "0 6 * * *" } };
    expect(await server.call("PUT", `${TABS}/dots.are.fine`, { body: other })).toMatchObject({
      status: 200,
      body: { spec: { schedule: "0 6 * * *" }, metadata: { generation: 2 } },
    });
    expect(await server.call("PUT", `${TABS}/dots.are.fine/finalize`, { body: other })).toMatchObject({ status: 404 });
    expect(await server.call("DELETE", `${TABS}/dots.are.fine`)).toMatchObject({ status: 200 });
    expect(await server.call("GET", `${TABS}/dots.are.fine`)).toMatchObject({ status: 404 });
  });

  test("goes with its objects, waits for their finalizers, and can be made again", async () => {
    const server = await startServer();
    await define(server);
    await server.call("POST", TABS, { body: tab({ schedule: "* * * * *" }, { name: "held", finalizers: ["x.io/hold"] }) });
    await server.call("POST", TABS, { body: tab() });
    await server.call("DELETE", `${DEFINITIONS}/crontabs.stable.example.com`);
    await eventually(async () => (await server.call("GET", TABS)).body.items?.length === 1);
    await server.call("PATCH", `${TABS}/held`, { type: "application/merge-patch+json", body: { metadata: { finalizers: null } } });
    await eventually(async () => (await server.call("GET", TABS)).status === 404);
    await define(server);
    expect((await server.call("GET", TABS)).body.items).toEqual([]);
  });

  test("is served in each of its versions, and after a restart", async () => {
    const dir = await tempDir();
    onTestFinished(() => dir.remove());
    const version = (name: string, storage: boolean) => ({
      name,
      served: true,
      storage,
      schema: {
        openAPIV3Schema: { type: "object", properties: { spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true } } },
      },
    });
    const first = await startServer({ folder: dir.path });
    await define(first, { versions: [version("v1", true), version("v1beta1", false)] });
    await first.call("POST", TABS.replace("/v1/", "/v1beta1/"), { body: { ...tab(), apiVersion: "stable.example.com/v1beta1" } });
    await first.api.stop();
    const second = await startServer({ folder: dir.path });
    for (const name of ["v1", "v1beta1"]) {
      const { body } = await second.call("GET", `${TABS.replace("/v1/", `/${name}/`)}/nightly`);
      expect(body).toMatchObject({ apiVersion: `stable.example.com/${name}`, spec: { schedule: "0 5 * * *" } });
    }
  });

  test("whose names another of its group has is not accepted until they are free", async () => {
    const server = await startServer();
    await define(server);
    const other = crontabs({ names: { plural: "cronjobs", kind: "CronJob", shortNames: ["ct"] } });
    await server.call("POST", DEFINITIONS, { body: { ...other, metadata: { name: "cronjobs.stable.example.com" } } });
    const conditions = async () => (await server.call("GET", `${DEFINITIONS}/cronjobs.stable.example.com`)).body.status?.conditions;
    await eventually(async () => expect((await conditions())?.[0]).toMatchObject({ status: "False", message: '"ct" is already in use' }));
    await server.call("DELETE", `${DEFINITIONS}/crontabs.stable.example.com`);
    await eventually(async () => expect((await conditions())?.[1]).toMatchObject({ type: "Established", status: "True" }));
  });
});

describe.skipIf(!findKubectl())("kubectl with a kind of the user's own", () => {
  test("waits for it, applies, shows its columns, explains, scales, applies on the server", async () => {
    const { kubectl, fails, file } = await connectKubectl();
    await kubectl("apply", "-f", await file("crd.json", crontabs()));
    await kubectl("wait", "--for=condition=Established", "crd/crontabs.stable.example.com", "--timeout=10s");
    await kubectl("apply", "-f", await file("tab.json", tab()));
    expect(await kubectl("get", "ct")).toMatch(/^NAME\s+SCHEDULE\s+REPLICAS\s+AGE\nnightly\s+0 5 \* \* \*\s+1\s+\d+s/);
    expect(await kubectl("get", "all")).toContain("crontab.stable.example.com/nightly");
    expect(await kubectl("explain", "crontab.spec.replicas")).toContain("FIELD: replicas");
    expect(await kubectl("explain", "crontab")).toMatch(/apiVersion\t<string>\s+APIVersion defines the versioned schema/);
    expect(await kubectl("explain", "crontab.metadata")).toContain("Standard object's metadata.");
    await kubectl("scale", "crontab/nightly", "--replicas=4");
    await kubectl(
      "apply",
      "--server-side",
      "--force-conflicts",
      "-f",
      await file("hosts.json", tab({ schedule: "0 5 * * *", hosts: ["b"] })),
    );
    expect(await kubectl("get", "ct", "nightly", "-o", "jsonpath={.spec.replicas} {.spec.hosts[0]}")).toBe("4 b");
    expect(await fails("apply", "-f", await file("odd.json", tab({ schedule: "0 5 * * *", typo: 1 })))).toContain(
      'unknown field "spec.typo"',
    );
  });
});
