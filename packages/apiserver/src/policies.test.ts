import { eventually } from "@ebb/testkit";
import { expect, test } from "vitest";
import { configMap, startServer, type TestServer } from "./testing/server.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const GROUP = "/apis/admissionregistration.k8s.io/v1";
const RULE = { operations: ["CREATE", "UPDATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] };

function policy(name: string, spec: object) {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    metadata: { name },
    spec: { matchConstraints: { resourceRules: [RULE] }, ...spec },
  };
}

function binding(name: string, policyName: string, spec: object = {}) {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicyBinding",
    metadata: { name },
    spec: { policyName, validationActions: ["Deny"], ...spec },
  };
}

async function make(server: TestServer, ...objects: { kind: string }[]): Promise<void> {
  for (const object of objects) {
    const plural = object.kind === "ValidatingAdmissionPolicy" ? "validatingadmissionpolicies" : "validatingadmissionpolicybindings";
    const reply = await server.call("POST", `${GROUP}/${plural}`, { body: object });
    expect(reply.body).toMatchObject({ kind: object.kind });
  }
}

test("a policy with a binding refuses what breaks it, in upstream's words; one without has no effect", async () => {
  const server = await startServer();
  const rules = {
    variables: [{ name: "colour", expression: "object.data[?'colour'].orValue('none')" }],
    validations: [
      {
        expression: "variables.colour != 'red'",
        messageExpression: "'colour ' + variables.colour + ' is not allowed'",
        reason: "Forbidden",
      },
      { expression: "size(object.data) < 3" },
    ],
  };
  await make(server, policy("colours", rules), policy("loose", { validations: [{ expression: "false" }] }));
  expect((await server.call("POST", MAPS, { body: configMap("before", { colour: "red" }) })).status).toBe(201);
  await make(server, binding("everywhere", "colours"));

  const red = await server.call("POST", MAPS, { body: configMap("a", { colour: "red" }) });
  const said = "ValidatingAdmissionPolicy 'colours' with binding 'everywhere' denied request: colour red is not allowed";
  expect(red).toMatchObject({
    status: 403,
    body: {
      reason: "Forbidden",
      message: `configmaps "a" is forbidden: ${said}`,
      details: { name: "a", kind: "configmaps", causes: [{ message: said }] },
    },
  });
  const many = await server.call("POST", MAPS, { body: configMap("a", { x: "1", y: "2", z: "3" }) });
  expect(many).toMatchObject({
    status: 422,
    body: { reason: "Invalid", message: expect.stringContaining("denied request: failed expression: size(object.data) < 3") },
  });
  expect((await server.call("POST", MAPS, { body: configMap("a", { colour: "blue" }) })).status).toBe(201);
  const patched = await server.call("PATCH", `${MAPS}/a?dryRun=All`, {
    body: { data: { colour: "red" } },
    type: "application/merge-patch+json",
  });
  expect(patched.status).toBe(403);
  expect((await server.call("DELETE", `${MAPS}/before`)).status).toBe(200);
});

test("parameters come from the objects that a binding names; without them it is as the binding says", async () => {
  const server = await startServer();
  const limits = {
    paramKind: { apiVersion: "v1", kind: "ConfigMap" },
    matchConditions: [{ name: "not-itself", expression: "object.metadata.name != params.metadata.name" }],
    validations: [{ expression: "size(object.data) <= int(params.data.most)", message: "too many keys" }],
  };
  const ref = { name: "limits", namespace: "default", parameterNotFoundAction: "Deny" };
  await make(server, policy("keys", limits));
  expect((await server.call("POST", MAPS, { body: configMap("limits", { most: "1" }) })).status).toBe(201);
  await make(server, binding("keys", "keys", { paramRef: ref }));
  const refused = await server.call("POST", MAPS, { body: configMap("b", { x: "1", y: "2" }) });
  expect(refused.body.message).toMatch(/denied request: too many keys$/);
  expect((await server.call("POST", MAPS, { body: configMap("b", { x: "1" }) })).status).toBe(201);
  expect((await server.call("DELETE", `${MAPS}/limits`)).status).toBe(200);
  const missing = await server.call("POST", MAPS, { body: configMap("c", { x: "1" }) });
  expect(missing.body.message).toMatch(
    /failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction$/,
  );
});

test("a binding narrows a policy, may only warn, and an expression that fails is as failurePolicy says", async () => {
  const server = await startServer();
  const missing = [{ expression: "object.data.absent == 'x'" }];
  await make(
    server,
    policy("strict", { validations: missing }),
    policy("lenient", { validations: missing, failurePolicy: "Ignore" }),
    policy("warns", { validations: [{ expression: "namespaceObject.metadata.name != 'default'", message: "not here" }] }),
    binding("strict", "strict", { matchResources: { objectSelector: { matchLabels: { strict: "yes" } } } }),
    binding("lenient", "lenient"),
    binding("warns", "warns", { validationActions: ["Warn", "Audit"] }),
  );
  const passed = await server.call("POST", MAPS, { body: configMap("a", { x: "1" }) });
  expect(passed.status).toBe(201);
  expect(passed.headers.warning).toBe(`299 - "Validation failed for ValidatingAdmissionPolicy 'warns' with binding 'warns': not here"`);
  const refused = await server.call("POST", MAPS, {
    body: { ...configMap("b", { x: "1" }), metadata: { name: "b", labels: { strict: "yes" } } },
  });
  expect(refused.body.message).toMatch(
    /'strict' with binding 'strict' denied request: expression 'object\.data\.absent == 'x'' resulted in error: no such key: absent/i,
  );
});

test("what is wrong with a policy or a binding is told by field", async () => {
  const server = await startServer();
  const causesOf = async (plural: string, body: object) => {
    const reply = await server.call("POST", `${GROUP}/${plural}`, { body });
    expect(reply.status).toBe(422);
    return (reply.body.details.causes as { field: string; message: string }[]).map(({ field, message }) => `${field}: ${message}`);
  };
  expect(await causesOf("validatingadmissionpolicies", policy("p", { matchConstraints: {} }))).toEqual([
    "spec.matchConstraints.resourceRules: Required value",
    "spec.validations: Required value: validations or auditAnnotations must contain at least one item",
    "spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item",
  ]);
  const wrong = {
    variables: [{ name: "in", expression: "1" }],
    validations: [{ expression: "1 + 1" }, { expression: "params.x", reason: "Odd" }, { expression: "variables.y == 1" }],
  };
  expect(await causesOf("validatingadmissionpolicies", policy("p", wrong))).toEqual([
    'spec.variables[0].name: Invalid value: "in": name is not a valid CEL identifier',
    'spec.validations[0].expression: Invalid value: "1 + 1": must evaluate to bool',
    expect.stringMatching(/^spec\.validations\[1\]\.expression: Invalid value: "params\.x": compilation failed: .*params/),
    'spec.validations[1].reason: Unsupported value: "Odd": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"',
    `spec.validations[2].expression: Invalid value: "variables.y == 1": compilation failed: undefined field 'y'`,
  ]);
  expect(
    await causesOf("validatingadmissionpolicybindings", binding("b", "", { paramRef: {}, validationActions: ["Deny", "Warn"] })),
  ).toEqual([
    "spec.policyName: Required value",
    "spec.paramRef: Required value: one of name or selector must be specified",
    "spec.paramRef.parameterNotFoundAction: Required value",
    expect.stringMatching(/^spec\.validationActions: Invalid value: .*must not contain both Deny and Warn/),
  ]);
});

test("the status of a policy tells what does not fit the kinds that it is about, and follows it", async () => {
  const server = await startServer();
  await make(server, policy("typos", { validations: [{ expression: "object.dat.size() < 3" }] }));
  const path = `${GROUP}/validatingadmissionpolicies/typos`;
  const statusAt = (generation: number) =>
    eventually(async () => {
      const { status } = (await server.call("GET", path)).body;
      return status?.observedGeneration === generation ? (status as object) : undefined;
    });
  expect(await statusAt(1)).toEqual({
    observedGeneration: 1,
    typeChecking: {
      expressionWarnings: [
        {
          fieldRef: "spec.validations[0].expression",
          warning: "v1, Kind=ConfigMap: ERROR: <input>:1:7: undefined field 'dat'\n | object.dat.size() < 3\n | ......^",
        },
      ],
    },
  });
  const body = { spec: { validations: [{ expression: "object.data.size() < 3" }] } };
  await server.call("PATCH", path, { type: "application/merge-patch+json", body });
  expect(await statusAt(2)).toEqual({ observedGeneration: 2, typeChecking: {} });
});
