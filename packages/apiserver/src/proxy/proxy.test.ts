import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { connectKubectl, findKubectl, KUBECTL } from "../testing/kubectl.ts";
import { localStreams } from "../testing/local-streams.fixture.ts";
import { startServer, TEST_TOKEN, VISITOR_TOKEN } from "../testing/server.ts";
import { parseProxyPath } from "./proxy-path.ts";

const NAMESPACE = "/api/v1/namespaces/default";

/** What was asked, as JSON. */
async function tell(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headers } = request;
  const { authorization, cookie, host, "x-forwarded-host": forwarded, "impersonate-user": impersonated } = headers;
  const body = await text(request);
  if (url === "/moved") return void response.writeHead(302, { location: "/there?a=b" }).end();
  response.writeHead(url === "/teapot" ? 418 : 200, { "content-type": "application/json", "x-own": "1" });
  response.end(JSON.stringify({ method, url, body, authorization, impersonated, cookie, host, forwarded: forwarded !== undefined }));
}

async function application(serve: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
  const server = createServer(serve).listen(0, "127.0.0.1");
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => socket.on("message", (data: Buffer) => socket.send(`heard ${data.toString()}`)));
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A Pod whose first port is the application's, behind a Service that calls it `web`; and a Service without anything behind it. */
const objects = (port: number): [string, object][] => [
  ["pods", { kind: "Pod", metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i", ports: [{ containerPort: port }] }] } }],
  ["services", { kind: "Service", metadata: { name: "s" }, spec: { ports: [{ name: "web", port: 80 }] } }],
  [
    "endpoints",
    {
      kind: "Endpoints",
      metadata: { name: "s" },
      subsets: [
        { addresses: [{ ip: "10.1.1.1" }], ports: [{ name: "web", port }] },
        { addresses: [{ ip: "10.1.1.2", targetRef: { kind: "Pod", name: "p" } }], ports: [{ name: "web", port }] },
      ],
    },
  ],
  ["services", { kind: "Service", metadata: { name: "empty" }, spec: { ports: [{ port: 80 }] } }],
  ["endpoints", { kind: "Endpoints", metadata: { name: "empty" }, subsets: [{ addresses: [{ ip: "127.0.0.1" }], ports: [{ port }] }] }],
];

async function cluster(serve: (request: IncomingMessage, response: ServerResponse) => void = tell) {
  const port = await application(serve);
  const server = await startServer(localStreams());
  for (const [plural, object] of objects(port)) {
    expect(await server.call("POST", `${NAMESPACE}/${plural}`, { body: { apiVersion: "v1", ...object } })).toMatchObject({ status: 201 });
  }
  return { server, port, call: server.call };
}

test.each([
  ["/api/v1/namespaces/a/pods/p/proxy", { namespace: "a", name: "p", port: "", secure: false, rest: "", query: "" }],
  [
    "/api/v1/namespaces/a/pods/https:p:8443/proxy/x%2Fy//z/?a=?b",
    { name: "p", port: "8443", secure: true, rest: "/x%2Fy//z/", query: "?a=?b" },
  ],
  ["/api/v1/namespaces/a/services/s%3Aweb/proxy/", { name: "s", port: "web", rest: "/" }],
  ["/api/v1/namespaces/a/services/s/status", undefined],
  ["/api/v1/namespaces/a/configmaps/s/proxy/", undefined],
  ["/apis/v1/namespaces/a/pods/s/proxy/", undefined],
])("%s", (url, expected) => {
  if (expected === undefined) expect(parseProxyPath(url)).toBeUndefined();
  else expect(parseProxyPath(url)).toMatchObject(expected);
});

describe("pods/proxy and services/proxy", () => {
  test("pass on the request without who asked, and the answer", async () => {
    const { call } = await cluster();
    const headers = { cookie: "a=b", "impersonate-user": "ann", "impersonate-group": "system:masters" };
    const answer = await call("POST", `${NAMESPACE}/pods/p/proxy/x/y?q=1&watch=true`, { body: "some text", type: "text/plain", headers });
    expect(answer).toMatchObject({ status: 200, headers: { "x-own": "1" } });
    expect(answer.body).toMatchObject({ method: "POST", url: "/x/y?q=1&watch=true", body: "some text", cookie: "a=b", forwarded: true });
    expect(answer.body).not.toHaveProperty("authorization");
    expect(answer.body).not.toHaveProperty("impersonated");
    expect(await call("DELETE", `${NAMESPACE}/services/s:web/proxy/teapot`)).toMatchObject({ status: 418, body: { method: "DELETE" } });
  });

  test("where the application sends a client is below the proxy's path; the path itself ends with a slash", async () => {
    const { call, port } = await cluster();
    expect((await call("GET", `${NAMESPACE}/pods/p:${port}/proxy?a=b`)).headers.location).toBe(`${NAMESPACE}/pods/p:${port}/proxy/?a=b`);
    expect((await call("GET", `${NAMESPACE}/services/s:80/proxy/moved`)).headers.location).toBe(
      `${NAMESPACE}/services/s:80/proxy/there?a=b`,
    );
  });

  test("an answer comes as it is made", async () => {
    const { server } = await cluster((_, response) => void response.writeHead(200).write("first"));
    const response = await server.open(`${NAMESPACE}/pods/p/proxy/`);
    expect(String((await once(response, "data"))[0])).toBe("first");
  });

  test("a WebSocket, and an application that takes none", async () => {
    const { server } = await cluster();
    const { host, port } = server.api.address();
    const open = (path: string) => {
      const socket = new WebSocket(`wss://${host}:${port}${path}`, {
        ca: server.authority,
        headers: { authorization: `Bearer ${TEST_TOKEN}` },
      });
      onTestFinished(() => socket.terminate());
      return socket;
    };
    const socket = open(`${NAMESPACE}/services/s/proxy/socket`);
    await once(socket, "open");
    socket.send("hello");
    expect(String((await once(socket, "message"))[0])).toBe("heard hello");
    const [refused] = await once(open(`${NAMESPACE}/pods/none/proxy/`), "error");
    expect(String(refused)).toContain("404");
  });

  test("a request for another protocol has no body", async () => {
    const { call } = await cluster();
    const headers = { connection: "Upgrade", upgrade: "SPDY/3.1" };
    expect(await call("POST", `${NAMESPACE}/pods/p/proxy/`, { body: "some text", headers })).toMatchObject({
      status: 400,
      body: { message: "a request for another protocol cannot have a body" },
    });
  });

  test.each<[what: string, act: (socket: Socket) => void, status: number]>([
    ["does not want", (socket) => void socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n"), 413],
    ["breaks off in", (socket) => void socket.destroy(), 503],
  ])("a body that the application %s keeps no next request waiting", async (_, act, status) => {
    const { server } = await cluster(({ socket }) => act(socket));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const post = (body: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = { authorization: `Bearer ${TEST_TOKEN}` };
        const options = {
          ...server.api.address(),
          ca: server.authority,
          agent,
          headers,
          method: "POST",
          path: `${NAMESPACE}/pods/p/proxy/`,
        };
        const asked = httpsRequest(options, (answer) => answer.resume().once("end", () => resolve(answer.statusCode)));
        asked.on("error", reject).end(body);
      });
    expect(await post("x".repeat(32 * 1024 * 1024))).toBe(status);
    expect(await post("x")).toBe(status);
  });

  test("what cannot be reached is said in Kubernetes' words", async () => {
    const { call } = await cluster();
    const wrong: [string, number, string][] = [
      ["pods/none/proxy/", 404, 'pods "none" not found'],
      ["pods/p:1/proxy/", 503, "error trying to reach service: "],
      ["pods/p:web/proxy/", 400, 'invalid pod request "p:web"'],
      ["pods/ftp:p:1/proxy/", 400, 'invalid pod request "ftp:p:1"'],
      ["services/none/proxy/", 404, 'services "none" not found'],
      ["services/s:other/proxy/", 503, 'no service port "other" found for service "s"'],
      // Its one address is no Pod's.
      ["services/empty/proxy/", 503, 'no endpoints available for service "empty"'],
    ];
    for (const [path, status, message] of wrong)
      expect(await call("GET", `${NAMESPACE}/${path}`)).toMatchObject({ status, body: { message: expect.stringContaining(message) } });
  });

  test("needs the verb of its method on the subresource", async () => {
    const { call } = await cluster();
    const rules = [{ apiGroups: [""], resources: ["pods/proxy"], verbs: ["get"] }];
    await call("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles", {
      body: { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: { name: "r" }, rules },
    });
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "r" };
    const subjects = [{ kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "visitors" }];
    await call("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings", {
      body: { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", metadata: { name: "r" }, subjects, roleRef },
    });
    const visit = (method: string, path: string) => call(method, `${NAMESPACE}/${path}`, { token: VISITOR_TOKEN });
    expect(await visit("GET", "pods/p/proxy/")).toMatchObject({ status: 200 });
    expect(await visit("PUT", "pods/p/proxy/")).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining('cannot update resource "pods/proxy"') },
    });
    expect(await visit("GET", "services/s/proxy/")).toMatchObject({ status: 403 });
  });
});

test.skipIf(!findKubectl())("kubectl get --raw, and kubectl proxy", async () => {
  const port = await application((_, response) => void response.end("from the application"));
  const { server, base, kubectl } = await connectKubectl(localStreams());
  const [[, pod] = []] = objects(port);
  await server.call("POST", `${NAMESPACE}/pods`, { body: { apiVersion: "v1", ...pod } });
  expect(await kubectl("get", "--raw", `${NAMESPACE}/pods/p/proxy/`)).toBe("from the application");
  const child = spawn(KUBECTL, [...base, "proxy", "--port=0"], { stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void child.kill());
  const [said] = await once(child.stdout, "data");
  const address = /127\.0\.0\.1:\d+/.exec(String(said))?.[0];
  expect(await (await fetch(`http://${address}${NAMESPACE}/pods/p/proxy`)).text()).toBe("from the application");
});
