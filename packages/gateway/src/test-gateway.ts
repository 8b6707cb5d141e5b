/** What the tests of this package share: a gateway on real sockets, a client that sends bytes as they are, and small instances. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom, type Clock, type Logger, type Random } from "@ebb/base";
import { tempDir } from "@ebb/testkit";
import { onTestFinished } from "vitest";
import { createGatewayClient, type GatewayClient } from "./control/gateway-client.ts";
import type { AccessLogEntry } from "./core/access-log.ts";
import { createGateway, type Gateway } from "./gateway.ts";
import type { GatewayLimits } from "./limits.ts";
import type { Backend, HostRule } from "./route-table.ts";

export interface TestGatewayOptions {
  clock?: Clock;
  random?: Random;
  limits?: Partial<GatewayLimits>;
  /** Reuse another one's files and ports: a restart. */
  folder?: string;
  ports?: [number, number];
  /** A third listener, with TLS. */
  tls?: boolean;
  workers?: number;
  log?: Logger;
}

export interface TestGateway {
  gateway: Gateway;
  client: GatewayClient;
  /** Of the external and the internal listener. */
  port: number;
  internalPort: number;
  tlsPort: number;
  folder: string;
  accessLog: AccessLogEntry[];
  wakes: string[];
}

export async function startGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = options.folder ?? (await freshFolder());
  const clock = options.clock ?? systemClock;
  const accessLog: AccessLogEntry[] = [];
  const wakes: string[] = [];
  const [external, internal] = options.ports ?? [0, 0];
  const gateway = createGateway({
    listeners: [
      { host: "127.0.0.1", port: external, visibility: "external" },
      { host: "127.0.0.1", port: internal, visibility: "internal" },
      ...(options.tls ? [{ host: "127.0.0.1", port: 0, visibility: "external" as const, tls: true }] : []),
    ],
    socketPath: join(folder, "gateway.sock"),
    tablePath: join(folder, "table.json"),
    clock,
    random: options.random ?? systemRandom,
    log: options.log ?? silentLogger,
    workers: options.workers ?? 1,
    accessLog: (entry) => accessLog.push(entry),
    limits: { stopGrace: 100, ...options.limits },
    transport: process.env["EBB_TEST_TRANSPORT"] === "documented" ? "documented" : "native",
  });
  await gateway.start();
  const client = createGatewayClient({ socketPath: join(folder, "gateway.sock"), clock: systemClock, log: silentLogger });
  client.onWake.on((revision) => wakes.push(revision));
  await client.start();
  onTestFinished(async () => {
    await client.stop();
    // Time may be virtual: what is open must not wait for it.
    destroySockets();
    await gateway.stop();
  });
  const [port = 0, internalPort = 0, tlsPort = 0] = gateway.addresses().map((address) => address.port);
  return { gateway, client, port, internalPort, tlsPort, folder, accessLog, wakes };
}

async function freshFolder(): Promise<string> {
  const folder = await tempDir("ebb-gateway-");
  onTestFinished(folder.remove);
  return folder.path;
}

export function backend(key: string, ports: readonly number[], more: Partial<Backend> = {}): Backend {
  return {
    key,
    protocol: "http1",
    containerConcurrency: 0,
    timeoutSeconds: 30,
    responseStartTimeoutSeconds: 0,
    idleTimeoutSeconds: 0,
    endpoints: ports.map((port) => ({ id: `${key}-${port}`, host: "127.0.0.1", port })),
    ...more,
  };
}

export function rule(host: string, revision: string, more: Partial<HostRule> = {}): HostRule {
  return { host, visibility: "external", splits: [{ revision, percent: 100 }], setHeaders: {}, ...more };
}

/** A gateway that serves `app.test` from the given ports. */
export async function startWith(
  ports: readonly number[],
  config: Partial<Backend> = {},
  options: TestGatewayOptions = {},
): Promise<TestGateway> {
  const test = await startGateway(options);
  test.client.begin();
  await test.client.putBackend(backend("ns/app", ports, config));
  await test.client.putRoute({ key: "ns/app", hash: "hash-1", hosts: [rule("app.test", "ns/app")] });
  return test;
}

const sockets = new Set<Socket>();
function destroySockets(): void {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
}

export interface RawClient {
  socket: Socket;
  /** All that was received, one character a byte. */
  text(): string;
  send(text: string | Buffer): void;
  /** Resolves when the connection has ended. */
  ended: Promise<void>;
}

/** A client that sends exactly what it is told to. */
export async function rawClient(port: number): Promise<RawClient> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  sockets.add(socket);
  let received = "";
  socket.on("data", (chunk) => (received += chunk.toString("latin1")));
  socket.on("error", () => {});
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return {
    socket,
    text: () => received,
    send: (text) => void socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text),
    ended,
  };
}

/** Sends bytes on a new connection, half-open, and returns everything until the gateway ends it. Requests should say `Connection: close`. */
export async function exchange(port: number, bytes: string | Buffer): Promise<string> {
  const client = await rawClient(port);
  client.send(bytes);
  await client.ended;
  return client.text();
}

export interface RawServer {
  port: number;
  connections: Socket[];
  /** All that every connection received, one character a byte. */
  received(): string;
}

/** An instance that does with a connection's bytes what it is told to. */
export async function rawServer(onData: (socket: Socket, text: string, connection: number) => void): Promise<RawServer> {
  const connections: Socket[] = [];
  let received = "";
  const server = createServer((socket) => {
    const connection = connections.push(socket) - 1;
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      onData(socket, chunk.toString("latin1"), connection);
    });
  });
  const port = await listen(server);
  onTestFinished(() => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  return { port, connections, received: () => received };
}

/** Listens on a free port of loopback. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** A port where nothing listens. */
export async function deadPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** A simple request that asks for the connection to be closed. */
export function get(path = "/", headers = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n${headers}\r\n`;
}

/** Numbers in [0, 1) that are the same in each run (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed;
  return {
    ...systemRandom,
    float() {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    },
  };
}
