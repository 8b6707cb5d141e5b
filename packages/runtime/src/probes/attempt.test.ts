import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer as createH2Server } from "node:http2";
import { createServer, type AddressInfo, type Server } from "node:net";
import { systemClock } from "@ebb/base";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ProbeSpec } from "../port.ts";
import { ELSEWHERE } from "./elsewhere.fixture.ts";
import { attemptProbe, type ProbeTarget } from "./attempt.ts";

const TIMES = { initialDelaySeconds: 0, periodSeconds: 0, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function probe(spec: Partial<ProbeSpec>, port: number, changes: Partial<ProbeTarget> = {}): Promise<string | undefined> {
  const target: ProbeTarget = {
    address: { host: "127.0.0.1", port },
    port: 8080,
    protocol: "http1",
    exec: () => Promise.resolve({ exitCode: 0, output: "" }),
    ...changes,
  };
  return attemptProbe({ ...TIMES, ...spec }, target, systemClock);
}

describe("HTTP probe", () => {
  it.each([
    [200, undefined],
    [302, undefined],
    [399, undefined],
    [404, /answered 404/],
    [503, /answered 503/],
  ])("%i", async (status, failure) => {
    const requests: IncomingMessage[] = [];
    const port = await listen(
      createHttpServer((request, response) => {
        requests.push(request);
        // A body without end: it must not be waited for.
        response.writeHead(status, { location: "/elsewhere" }).write("x");
      }),
    );
    const result = await probe({ http: { path: "/healthz?deep=1", headers: { "X-Check": "yes" } } }, port);
    if (failure) expect(result).toMatch(failure);
    else expect(result).toBeUndefined();
    expect(requests[0]).toMatchObject({
      url: "/healthz?deep=1",
      method: "GET",
      headers: { "x-check": "yes", "user-agent": "kube-probe/1.32" },
    });
    expect(requests).toHaveLength(1);
  });

  it("by TLS trusts whatever certificate it is shown, and a server without TLS fails", async () => {
    const http = (path: string): Partial<ProbeSpec> => ({ http: { path, headers: {}, tls: true } });
    const port = await listen(
      createTlsServer(ELSEWHERE, (request, response) => void response.writeHead(request.url === "/ok" ? 200 : 500).end()),
    );
    expect(await probe(http("/ok"), port)).toBeUndefined();
    expect(await probe(http("/ok"), port, { protocol: "h2c" })).toBeUndefined();
    expect(await probe(http("/"), port)).toMatch(/^HTTPS probe to .* answered 500/);
    const plain = await listen(createHttpServer((_, response) => void response.end()));
    expect(await probe(http("/ok"), plain)).toMatch(/^HTTPS probe to /);
  });

  it("speaks HTTP/2 to an h2c application", async () => {
    const port = await listen(createH2Server((request, response) => void response.writeHead(request.url === "/ok" ? 204 : 500).end()));
    expect(await probe({ http: { path: "/ok", headers: { Host: "x" } } }, port, { protocol: "h2c" })).toBeUndefined();
    expect(await probe({ http: { path: "/", headers: {} } }, port, { protocol: "h2c" })).toMatch(/answered 500/);
  });

  it("fails when there is no answer in time, no listener, or no HTTP", async () => {
    const silent = await listen(createServer(() => undefined));
    expect(await probe({ http: { path: "/", headers: {} } }, silent)).toMatch(/no answer within 1 s/);
    const rude = await listen(createServer((socket) => socket.end("SSH-2.0-x\r\n")));
    expect(await probe({ http: { path: "/", headers: {} } }, rude)).toMatch(/^HTTP probe to 127.0.0.1:\d+ failed/);
    expect(await probe({ http: { path: "/", headers: {} } }, rude, { protocol: "h2c" })).toMatch(/^HTTP probe to 127.0.0.1:\d+ failed/);
    const closed = createServer();
    const port = await listen(closed);
    closed.close();
    expect(await probe({ http: { path: "/", headers: {} } }, port)).toMatch(/nothing listens there/);
  });
});

describe("TCP probe", () => {
  it("takes the application's own port for the instance's, and any other as it is", async () => {
    const port = await listen(createServer((socket) => socket.on("error", () => undefined)));
    expect(await probe({ tcp: {} }, port)).toBeUndefined();
    expect(await probe({ tcp: { port: 8080 } }, port)).toBeUndefined();
    expect(await probe({ tcp: { port } }, 1)).toBeUndefined();
    expect(await probe({ tcp: {} }, 1)).toMatch(/^TCP probe to 127.0.0.1:1 failed: nothing listens there/);
  });
});

describe("gRPC probe", () => {
  /** A health service that knows `up` and `down`. */
  async function health(): Promise<number> {
    const server = createH2Server();
    server.on("stream", (stream, headers) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const body = Buffer.concat(chunks);
        const service = body.length > 5 ? body.subarray(7).toString() : "";
        if (headers[":path"] !== "/grpc.health.v1.Health/Check" || service === "unknown") {
          stream.respond(
            { ":status": 200, "content-type": "application/grpc", "grpc-status": "5", "grpc-message": "no such service" },
            { endStream: true },
          );
          return;
        }
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end(Buffer.from([0, 0, 0, 0, 2, 8, service === "down" ? 2 : 1]));
      });
    });
    return listen(server);
  }

  it("succeeds on SERVING only", async () => {
    const port = await health();
    expect(await probe({ grpc: { service: "" } }, port)).toBeUndefined();
    expect(await probe({ grpc: { service: "up" } }, port)).toBeUndefined();
    expect(await probe({ grpc: { service: "down" } }, port)).toMatch(/answered NOT_SERVING/);
    expect(await probe({ grpc: { service: "unknown" } }, port)).toMatch(/gRPC status 5 no such service/);
    expect(await probe({ grpc: { service: "" } }, 1)).toMatch(/nothing listens there/);
  });
});

describe("exec probe", () => {
  it("asks the exit code", async () => {
    expect(await probe({ exec: { command: ["true"] } }, 1)).toBeUndefined();
    const exec = () => Promise.resolve({ exitCode: 2, output: "not\n  yet\n" });
    expect(await probe({ exec: { command: ["false"] } }, 1, { exec })).toBe("exec probe failed: the command exited with code 2: not yet");
    expect(await probe({ exec: { command: ["x"] } }, 1, { exec: () => Promise.reject(new Error("gone")) })).toBe("exec probe failed: gone");
  });
});
