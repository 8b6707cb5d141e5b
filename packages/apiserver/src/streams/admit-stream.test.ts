import { text } from "node:stream/consumers";
import { silentLogger, type Logger } from "@ebb/base";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { localStreams } from "../testing/local-streams.fixture.ts";
import { startServer, TEST_TOKEN, type TestServer } from "../testing/server.ts";
import { patchOf, startWebhook, webhooks } from "../testing/webhook-server.ts";

const PODS = "/api/v1/namespaces/default/pods";
const POD = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [{ name: "user-container", image: "i" }] } };
const GROUP = "/apis/admissionregistration.k8s.io/v1";
const RULE = { operations: ["CONNECT"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods/exec", "pods/portforward"] };

async function serverWithPod() {
  const { podStreams } = localStreams();
  const lines: { fields: object; message: string }[] = [];
  const log: Logger = { ...silentLogger, info: (fields: object, message: string) => void lines.push({ fields, message }) };
  const server = await startServer({ podStreams, log });
  await server.call("POST", PODS, { body: POD });
  return { ...server, lines };
}

/** What came over the socket until it was closed, or with what it was refused. */
async function run({ api, authority }: TestServer, path: string, protocol = "v5.channel.k8s.io"): Promise<string> {
  const { host, port } = api.address();
  const headers = { authorization: `Bearer ${TEST_TOKEN}` };
  const socket = new WebSocket(`wss://${host}:${port}${path}`, [protocol], { ca: authority, headers });
  const { promise, resolve } = Promise.withResolvers<string>();
  let out = "";
  socket.on("message", (data: Buffer) => (out += data[0] === 1 ? data.subarray(1).toString() : ""));
  socket.once(
    "unexpected-response",
    (_, response) => void text(response).then((body) => resolve(`${response.statusCode} ${JSON.parse(body).message}`)),
  );
  socket.once("close", () => resolve(out));
  socket.on("error", () => undefined);
  return promise;
}

const exec = (script: string) => `${PODS}/p/exec?command=sh&command=-c&command=${encodeURIComponent(script)}&stdout=true`;

test("webhooks see what a stream is asked for, refuse it, and change it", async () => {
  const server = await serverWithPod();
  const hook = await startWebhook(({ object }) => {
    const script = object.command?.[2] ?? "";
    if (script.includes("rm")) return { allowed: false, status: { message: "no rm here" } };
    return { ...patchOf({ op: "replace", path: "/command/2", value: `${script}; echo watched` }), auditAnnotations: { command: script } };
  });
  const clientConfig = { url: hook.url("/"), caBundle: hook.caBundle };
  const configuration = webhooks("Mutating", "m", { name: "m.example.com", rules: [RULE], clientConfig });
  await server.call("POST", `${GROUP}/mutatingwebhookconfigurations`, { body: configuration });

  expect(await run(server, exec("rm -rf x"))).toBe('400 admission webhook "m.example.com" denied the request: no rm here');
  expect(await run(server, exec("echo hi"))).toBe("hi\nwatched\n");
  expect(hook.reviews[1]).toMatchObject({
    operation: "CONNECT",
    kind: { group: "", version: "v1", kind: "PodExecOptions" },
    resource: { group: "", version: "v1", resource: "pods" },
    subResource: "exec",
    name: "p",
    namespace: "default",
    object: { kind: "PodExecOptions", apiVersion: "v1", stdout: true, command: ["sh", "-c", "echo hi"] },
    oldObject: null,
    options: null,
    dryRun: false,
    userInfo: { username: "ann" },
  });
  expect(server.lines).toContainEqual({
    message: "annotations for an audit",
    fields: expect.objectContaining({ operation: "CONNECT", user: "ann", annotations: { "m.example.com/command": "echo hi" } }),
  });
});

test("policies judge streams too, and say what an audit should know", async () => {
  const server = await serverWithPod();
  const policy = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    metadata: { name: "no-shell" },
    spec: {
      matchConstraints: { resourceRules: [RULE] },
      validations: [{ expression: "request.subResource != 'exec' || object.command[0] != 'sh'", message: "no shells" }],
      auditAnnotations: [
        { key: "what", valueExpression: "'asked for ' + object.kind" },
        { key: "nothing", valueExpression: "null" },
      ],
    },
  };
  const binding = { metadata: { name: "b" }, spec: { policyName: "no-shell", validationActions: ["Deny"] } };
  expect((await server.call("POST", `${GROUP}/validatingadmissionpolicies`, { body: policy })).status).toBe(201);
  await server.call("POST", `${GROUP}/validatingadmissionpolicybindings`, { body: binding });
  expect(await run(server, exec("true"))).toContain("ValidatingAdmissionPolicy 'no-shell' with binding 'b' denied request: no shells");
  const before = server.lines.length;
  expect(await run(server, `${PODS}/p/exec?command=echo&command=x&stdout=true`)).toBe("x\n");
  expect(server.lines[before]).toEqual({
    message: "annotations for an audit",
    fields: expect.objectContaining({ subresource: "exec", annotations: { "no-shell/what": "asked for PodExecOptions" } }),
  });
});
