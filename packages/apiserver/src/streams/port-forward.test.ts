import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { KubeConfig, PortForward } from "@kubernetes/client-node";
import { eventually } from "@ebb/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { connectKubectl, findKubectl, KUBECTL } from "../testing/kubectl.ts";
import { localStreams } from "../testing/local-streams.fixture.ts";
import { startServer } from "../testing/server.ts";
import { portsOf } from "./port-forward.ts";

const PODS = "/api/v1/namespaces/default/pods";
const POD = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } };
/** kubectl forwards to Pods that run only. */
const RUNNING = { ...POD, status: { phase: "Running" } };

/** Says `bye` and ends after it has heard all that its client had to say, back to front. */
async function listen(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, serve).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
const echo = (socket: Socket) => void socket.pipe(socket);

test.each([
  ["", []],
  ["ports=80", [80]],
  ["ports=80,81&ports=82", [80, 81, 82]],
])("the query %j names the ports %j", (query, ports) => expect(portsOf(new URLSearchParams(query))).toEqual(ports));
test.each(["ports=", "ports=0", "ports=65536", "ports=x", `ports=${Array(33).fill(1).join(",")}`])("%j is refused", (query) => {
  expect(() => portsOf(new URLSearchParams(query))).toThrow(/as a port|at most/);
});

describe("pods/portforward", () => {
  test("@kubernetes/client-node: bytes both ways, and why a port cannot be had", async () => {
    const server = await startServer(localStreams());
    await server.call("POST", PODS, { body: POD });
    const config = new KubeConfig();
    config.loadFromString(server.kubeconfig);
    const [output, failure, input] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const forward = new PortForward(config);
    const socket = await forward.portForward("default", "p", [await listen(echo)], output, failure, input);
    input.write("hello");
    const [chunk] = await once(output, "data");
    expect(String(chunk)).toBe("hello");
    (socket as { close(): void }).close();
    const [port, dead] = [await listen(echo), new PassThrough()];
    expect(port).toBeGreaterThan(0);
    await forward.portForward("default", "p", [1], new PassThrough(), dead, new PassThrough());
    const [words] = await once(dead, "data");
    expect(String(words)).toContain("error forwarding port 1:");
  });
});

describe.skipIf(!findKubectl())("kubectl port-forward", () => {
  async function forwarded(target: number, websockets = "true") {
    const { server, base } = await connectKubectl(localStreams());
    await server.call("POST", PODS, { body: POD });
    await server.call("PUT", `${PODS}/p/status`, { body: { ...RUNNING, metadata: { name: "p" } } });
    const child = spawn(KUBECTL, [...base, "port-forward", "pod/p", `0:${target}`], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, KUBECTL_PORT_FORWARD_WEBSOCKETS: websockets },
    });
    onTestFinished(() => void child.kill());
    const exited = once(child, "exit");
    let [said, errors] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    const port = Number(
      await eventually(() => {
        if (errors !== "") throw new Error(errors);
        return /Forwarding from 127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      }),
    );
    return { server, exited, errors: () => errors, open: () => connect({ port, host: "127.0.0.1", allowHalfOpen: true }) };
  }

  test.each(["true", "false"])("many connections at once, much data (over WebSocket: %s, else SPDY)", async (websockets) => {
    const { open } = await forwarded(await listen(echo), websockets);
    const sent = Array.from({ length: 8 }, (_, at) => String(at).repeat(200_000 + at));
    const received = sent.map(async (bytes) => {
      const socket = open();
      socket.end(bytes);
      return text(socket);
    });
    expect(await Promise.all(received)).toEqual(sent);
  });

  test("a target that speaks first and ends is heard to its end", async () => {
    const { open } = await forwarded(await listen((socket) => void socket.end("welcome and bye")));
    const socket = open();
    expect(await text(socket)).toBe("welcome and bye");
    socket.end();
  });

  test("a port that nobody listens on is told of", async () => {
    const { open, errors, exited } = await forwarded(1);
    open().on("error", () => undefined);
    await eventually(() => errors().includes("error forwarding port 1:"));
    // As it does on Kubernetes.
    await exited;
  });

  test.each(["true", "false"])("it ends with the server (over WebSocket: %s, else SPDY)", async (websockets) => {
    const { open, server, exited } = await forwarded(await listen(echo), websockets);
    const socket = open();
    socket.write("x");
    await once(socket, "data");
    await server.api.stop();
    await exited;
  });
});
