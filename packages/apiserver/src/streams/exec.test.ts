import { spawn } from "node:child_process";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { Attach, Exec, KubeConfig, type V1Status } from "@kubernetes/client-node";
import { eventually } from "@ebb/testkit";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { connectKubectl, findKubectl, KUBECTL } from "../testing/kubectl.ts";
import { localStreams } from "../testing/local-streams.fixture.ts";
import { startServer, TEST_TOKEN, VISITOR_TOKEN, type TestServer } from "../testing/server.ts";
import { sizeOf } from "./remote-command.ts";

const PODS = "/api/v1/namespaces/default/pods";
const POD = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [{ name: "user-container", image: "i" }] } };
const RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";

async function serverWithPod(): Promise<TestServer & ReturnType<typeof localStreams>> {
  const streams = localStreams();
  const server = await startServer({ podStreams: streams.podStreams });
  await server.call("POST", PODS, { body: POD });
  return { ...server, ...streams };
}

function kubeConfig(server: TestServer): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(server.kubeconfig);
  return config;
}

/** A raw client: messages as `CHANNEL:TEXT`. */
function open({ api, authority }: TestServer, path: string, { protocols = ["v5.channel.k8s.io"], token = TEST_TOKEN } = {}) {
  const { host, port } = api.address();
  const socket = new WebSocket(`wss://${host}:${port}${path}`, protocols, { ca: authority, headers: { authorization: `Bearer ${token}` } });
  const messages: string[] = [];
  socket.on("message", (data: Buffer) => messages.push(`${data[0]}:${data.subarray(1).toString()}`));
  const refused = new Promise<{ status: number; message: string }>((resolve) =>
    socket.once("unexpected-response", (_request, response) => {
      void text(response).then((body) => resolve({ status: response.statusCode ?? 0, message: JSON.parse(body).message }));
    }),
  );
  socket.on("error", () => undefined);
  return { socket, messages, refused, opened: once(socket, "open"), closed: once(socket, "close") };
}

const execPath = (words: readonly string[], more = "stdout=true&stderr=true") =>
  `${PODS}/p/exec?${words.map((word) => `command=${encodeURIComponent(word)}`).join("&")}&${more}`;
const shell = (script: string, more?: string) => execPath(["sh", "-c", script], more);

describe("pods/exec", () => {
  test("@kubernetes/client-node: input, both outputs, and how it ended", async () => {
    const server = await serverWithPod();
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const ended = Promise.withResolvers<V1Status>();
    const command = ["sh", "-c", "cat; echo bad >&2; exit 3"];
    await new Exec(kubeConfig(server)).exec("default", "p", "user-container", command, stdout, stderr, stdin, false, ended.resolve);
    stdin.end("hello");
    expect(await ended.promise).toMatchObject({ status: "Failure", reason: "NonZeroExitCode" });
    expect([stdout.read()?.toString(), stderr.read()?.toString()]).toEqual(["hello", "bad\n"]);
    expect(server.asked).toEqual(["default/p/user-container stdin"]);
  });

  test("the protocol: a first empty message, channels, a size, the end of the input in v5, a Status at the end", async () => {
    const server = await serverWithPod();
    const { socket, messages, opened, closed } = open(server, shell("cat; exit 4", "stdin=true&stdout=true&tty=true"));
    await opened;
    expect(socket.protocol).toBe("v5.channel.k8s.io");
    socket.send(Buffer.from('\u0004{"Width":90,"Height":30}'));
    socket.send(Buffer.from("\u0004nonsense"));
    socket.send(Buffer.from("\u0000one"));
    await eventually(() => messages.includes("1:one"));
    socket.send(Buffer.of(255, 0));
    await closed;
    expect(messages[0]).toBe("1:");
    const [, status = ""] = messages.at(-1)?.split(/^3:/) ?? [];
    expect(JSON.parse(status)).toMatchObject({ reason: "NonZeroExitCode", details: { causes: [{ reason: "ExitCode", message: "4" }] } });
    expect(server.sizes).toEqual(["90x30"]);
    expect(server.asked).toEqual(["default/p/user-container stdin terminal"]);
  });

  test("v4 is served, and knows no message that ends the input", async () => {
    const server = await serverWithPod();
    const more = "stdin=true&stdout=true";
    const { socket, messages, opened, closed } = open(server, execPath(["head", "-n1"], more), { protocols: ["v4.channel.k8s.io"] });
    await opened;
    socket.send(Buffer.of(255, 0));
    socket.send(Buffer.from("\u0000a\n"));
    await closed;
    expect(messages).toEqual(["1:", "1:a\n", '3:{"metadata":{},"status":"Success"}']);
  });

  test("a client that reads slowly holds up the command, one that sends much is held up by it, and memory is neither's", async () => {
    const server = await serverWithPod();
    const { socket, opened } = open(server, shell("yes; cat", "stdin=true&stdout=true"));
    await opened;
    socket.pause();
    for (let sent = 0; sent < 64; sent++) socket.send(Buffer.alloc(256 * 1024));
    // Nothing of it is read by anybody: what does not fit into the buffers between stays with the client.
    await eventually(() => socket.bufferedAmount > 0);
    const before = socket.bufferedAmount;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(socket.bufferedAmount).toBeGreaterThan(before / 2);
    expect(server.running.size).toBe(1);
    socket.terminate();
    await eventually(() => server.running.size === 0);
  });

  test("a command ends with its client, and with the server", async () => {
    const server = await serverWithPod();
    const first = open(server, execPath(["sleep", "100"]));
    await first.opened;
    first.socket.close();
    await eventually(() => server.running.size === 0);
    const second = open(server, execPath(["sleep", "100"]));
    await second.opened;
    expect(server.running.size).toBe(1);
    await server.api.stop();
    await second.closed;
    await eventually(() => server.running.size === 0);
  });

  test.each([
    ["/api/v1/namespaces/default/pods/none/exec?command=ls&stdout=1", 404, 'pods "none" not found'],
    [`${PODS}/p/exec?stdout=1`, 400, "at least one command"],
    [`${PODS}/p/exec?command=ls`, 400, "at least 1 of stdin, stdout, stderr"],
    [`${PODS}/p/exec?command=ls&stdout=1&container=x`, 400, "container x is not valid for pod p"],
    [`${PODS}/several/exec?command=ls&stdout=1`, 400, "choose one of: [a b]"],
    [`${PODS}/p/log?follow=1`, 400, "not served over WebSocket or SPDY"],
    ["/healthz", 400, "not served over WebSocket or SPDY"],
    [`${PODS}/p/attach?stdin=1&stdout=1`, 400, "without an input"],
  ])("%s is refused", async (path, status, message) => {
    const server = await serverWithPod();
    const containers = ["a", "b"].map((name) => ({ name, image: "i" }));
    await server.call("POST", PODS, { body: { ...POD, metadata: { name: "several" }, spec: { containers } } });
    const { refused } = open(server, path);
    expect(await refused).toMatchObject({ status, message: expect.stringContaining(message) });
    if (/(exec|attach)\?/.test(path)) expect((await server.call("POST", path)).body).toMatchObject({ code: status });
  });

  test("without WebSocket or SPDY, or with a protocol that is not served, it says what is", async () => {
    const server = await serverWithPod();
    const message = expect.stringMatching(/over WebSocket \(.*v5\.channel\.k8s\.io.* and SPDY\/3.1 alone/);
    expect((await server.call("POST", execPath(["ls"]))).body).toMatchObject({ code: 400, message });
    const old = { connection: "Upgrade", upgrade: "SPDY/3.1", "x-stream-protocol-version": "v3.channel.k8s.io" };
    const reply = await server.call("POST", execPath(["ls"]), { headers: old });
    expect(reply.body).toMatchObject({ code: 400, message: expect.stringContaining("offer v4.channel.k8s.io") });
    expect(await open(server, execPath(["ls"]), { protocols: ["channel.k8s.io"] }).refused).toMatchObject({ status: 400 });
    expect(server.asked).toEqual([]);
    expect((await server.call("GET", "/version", { headers: { connection: "Upgrade", upgrade: "h2c" } })).status).toBe(200);
  });

  test("it is for who may create it: to see Pods is not enough, nor is `get`", async () => {
    const server = await serverWithPod();
    const bind = (name: string, roleRef: object) =>
      server.call("POST", `${RBAC}/rolebindings`, {
        body: {
          metadata: { name },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", ...roleRef },
          subjects: [{ kind: "User", name: "vic" }],
        },
      });
    const attempt = async () => {
      const { refused, opened } = open(server, execPath(["true"]), { token: VISITOR_TOKEN });
      return Promise.race([refused.then(({ status, message }) => `${status} ${message}`), opened.then(() => "opened")]);
    };
    await bind("views", { kind: "ClusterRole", name: "view" });
    expect(await attempt()).toMatch(/^403 .*"vic" cannot get resource "pods\/exec"/);
    const rules = [{ apiGroups: [""], resources: ["pods/exec"], verbs: ["get"] }];
    await server.call("POST", `${RBAC}/roles`, { body: { metadata: { name: "gets" }, rules } });
    await bind("gets", { kind: "Role", name: "gets" });
    expect(await attempt()).toMatch(/^403 .*"vic" cannot create resource "pods\/exec"/);
    await bind("edits", { kind: "ClusterRole", name: "edit" });
    expect(await attempt()).toBe("opened");
  });

  test("a size has two sides", () => {
    expect(sizeOf('{"Width":80,"Height":24}')).toEqual({ columns: 80, rows: 24 });
    for (const bad of ["", "[]", "{}", '{"Width":0,"Height":24}', '{"Width":80,"Height":70000}', '{"Width":"80","Height":24}'])
      expect(sizeOf(bad)).toBeUndefined();
  });
});

describe("pods/attach", () => {
  test("gives what is printed from now on, each on its channel, to its end", async () => {
    const asked: object[] = [];
    const server = await startServer({
      podLogs: async function* lines(_namespace, _name, { follow, tail }) {
        asked.push({ follow, tail });
        yield { time: 0, stream: "stdout", text: "out" };
        yield { time: 0, stream: "stderr", text: "err" };
      },
    });
    await server.call("POST", PODS, { body: POD });
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const socket = await new Attach(kubeConfig(server)).attach("default", "p", "user-container", stdout, stderr, null, false);
    await once(socket, "close");
    expect([stdout.read()?.toString(), stderr.read()?.toString()]).toEqual(["out\n", "err\n"]);
    expect(asked).toEqual([{ follow: true, tail: 0 }]);
  });
});

describe.skipIf(!findKubectl())("kubectl", () => {
  test.each(["true", "false"])("exec and attach: input, output, exit code, --as (over WebSocket: %s, else SPDY)", async (websockets) => {
    const streams = localStreams();
    const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: websockets };
    const { kubectl, fails, file, base } = await connectKubectl({ ...streams, env });
    await kubectl("apply", "-f", await file("pod.json", POD));
    expect(await kubectl("exec", "p", "--", "sh", "-c", "echo out")).toBe("out");
    const child = spawn(KUBECTL, [...base, "exec", "-i", "p", "--", "sh", "-c", "cat; exit 6"], { env: { ...process.env, ...env } });
    const output = text(child.stdout);
    child.stdin.end("x".repeat(300_000));
    expect(await once(child, "exit")).toEqual([6, null]);
    expect((await output).length).toBe(300_000);
    expect(await fails("exec", "none", "--", "ls")).toContain('pods "none" not found');
    expect(await fails("exec", "p", "--as", "eve", "--", "ls")).toContain('User "eve" cannot');
    expect(await kubectl("attach", "p")).toContain("hello");
  });
});
