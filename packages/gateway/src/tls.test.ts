import { X509Certificate } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { connect as connectTcp, type AddressInfo } from "node:net";
import { join } from "node:path";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { makeCertificate } from "@ebb/apiserver";
import { systemClock, systemRandom } from "@ebb/base";
import { eventually } from "@ebb/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import type { CertificateEntry } from "./route-table.ts";
import { backend, exchange, get, rawServer, rule, startGateway, type TestGateway, type TestGatewayOptions } from "./test-gateway.ts";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async function entry(key: string, hosts: string[]): Promise<CertificateEntry> {
  const made = await makeCertificate(hosts.length > 0 ? hosts : ["default.test"], systemClock.now(), systemRandom);
  return { key, hosts, source: { certificate: made.certificate, privateKey: made.key } };
}

async function startTls(certificates: CertificateEntry[], options: TestGatewayOptions = {}): Promise<TestGateway> {
  const app = await rawServer((socket) => socket.write(ANSWER));
  const test = await startGateway({ tls: true, ...options });
  test.client.begin();
  await test.client.putBackend(backend("ns/app", [app.port]));
  await test.client.putRoute({ key: "ns/app", hash: "1", hosts: [rule("app.test", "ns/app", { redirectToTls: true })] });
  for (const certificate of certificates) await test.client.putCertificate(certificate);
  return test;
}

interface Secure {
  socket: TLSSocket;
  /** A name of the certificate that was shown. */
  name: string;
  text(): string;
}

async function secure(port: number, options: ConnectionOptions = {}): Promise<Secure> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
  onTestFinished(() => void socket.destroy());
  let received = "";
  socket.on("data", (chunk) => (received += chunk.toString("latin1")));
  await new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve);
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed in the handshake")));
  });
  const names = new X509Certificate(socket.getPeerCertificate(true).raw).subjectAltName ?? "";
  return { socket, name: names.replace("DNS:", ""), text: () => received };
}

const CLOSING = get();
const KEPT = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";

describe("TLS", () => {
  test("a connection counts from before its handshake, over all listeners", async () => {
    const { port, tlsPort, gateway } = await startTls([await entry("c", ["app.test"])], { limits: { connections: 2 } });
    const silent = [1, 2].map(() => connectTcp({ port: tlsPort, host: "127.0.0.1" }));
    onTestFinished(() => silent.forEach((socket) => void socket.destroy()));
    await eventually(() => gateway.totals().connections === 2);
    await expect(secure(tlsPort, { servername: "app.test" })).rejects.toThrow(/before secure TLS|ECONNRESET|in the handshake/);
    expect(await exchange(port, get())).toBe("");
    for (const socket of silent) socket.resetAndDestroy();
    await eventually(() => gateway.totals().connections === 0);
    await secure(tlsPort, { servername: "app.test" });
    expect(gateway.totals().connections).toBe(1);
    expect(await exchange(port, get())).toContain("HTTP/1.1 ");
  });

  test("a client that leaves in its handshake is forgotten at once", async () => {
    const { tlsPort, gateway } = await startTls([await entry("c", ["app.test"])]);
    const leaving = connectTcp({ port: tlsPort, host: "127.0.0.1" });
    await eventually(() => gateway.totals().connections === 1);
    leaving.end();
    await eventually(() => gateway.totals().connections === 0);
  });

  test("HTTP/1.1 is served, and the instance learns how it came", async () => {
    const app = await rawServer((socket) => socket.write(ANSWER));
    const { tlsPort, client } = await startTls([await entry("c", ["app.test"])]);
    await client.putBackend(backend("ns/app", [app.port]));
    const { socket, text } = await secure(tlsPort, { servername: "app.test", ALPNProtocols: ["http/1.1"] });
    expect(socket.alpnProtocol).toBe("http/1.1");
    socket.write(CLOSING);
    await eventually(() => text().endsWith("ok"));
    expect(app.received()).toContain("X-Forwarded-Proto: https\r\n");
    expect(app.received()).toMatch(/Forwarded: for=127\.0\.0\.1;host="app\.test";proto=https\r\n/);
  });

  test("HTTP/2 is agreed on where the client speaks it", async () => {
    const { tlsPort } = await startTls([await entry("c", ["app.test"])]);
    const session = connectHttp2(`https://127.0.0.1:${tlsPort}`, { rejectUnauthorized: false, servername: "app.test" });
    onTestFinished(() => session.destroy());
    const stream = session.request({ ":path": "/", ":authority": "app.test" });
    let status: unknown;
    stream.on("response", (headers) => (status = headers[":status"]));
    stream.resume();
    await eventually(() => status === 200);
    expect(session.alpnProtocol).toBe("h2");
  });

  test("a gRPC call: messages both ways, and the status in trailers", async () => {
    const server = createHttp2Server();
    server.on("stream", (stream) => {
      stream.on("error", () => {});
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.pipe(stream);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { tlsPort, client } = await startTls([await entry("c", ["app.test"])]);
    await client.putBackend(backend("ns/app", [(server.address() as AddressInfo).port], { protocol: "h2c" }));
    const session = connectHttp2(`https://127.0.0.1:${tlsPort}`, { rejectUnauthorized: false, servername: "app.test" });
    onTestFinished(() => session.destroy());
    const call = session.request({ ":method": "POST", ":path": "/s/m", ":authority": "app.test", te: "trailers" });
    let text = "";
    let status: unknown;
    call.on("data", (chunk: Buffer) => (text += chunk.toString()));
    call.on("trailers", (trailers) => (status = trailers["grpc-status"]));
    call.write("one");
    await eventually(() => text === "one");
    call.end("two".repeat(100_000));
    await eventually(() => status === "0" && text.length === 300_003);
  });

  test.each<[sentence: string, servername: string | undefined, shown: string]>([
    ["the certificate of a name", "app.test", "app.test"],
    ["a name in capitals is the same name", "APP.test", "app.test"],
    ["a wildcard for one label", "x.wild.test", "*.wild.test"],
    ["an exact name before the wildcard", "exact.wild.test", "exact.wild.test"],
    ["a wildcard is not for two labels", "a.b.wild.test", "default.test"],
    ["the default for a name that nobody has", "other.test", "default.test"],
    ["the default for a client that names no host", undefined, "default.test"],
  ])("%s", async (_sentence, servername, shown) => {
    const names = [["app.test"], ["*.wild.test"], ["exact.wild.test"], []];
    const { tlsPort } = await startTls(await Promise.all(names.map((hosts, i) => entry(`c${i}`, hosts))));
    const { name } = await secure(tlsPort, servername === undefined ? {} : { servername });
    expect(name).toBe(shown);
  });

  test("without a certificate for it the handshake fails, and the next connection is served", async () => {
    const { tlsPort, client } = await startTls([]);
    await expect(secure(tlsPort, { servername: "app.test" })).rejects.toThrow();
    await client.putCertificate(await entry("c", ["app.test"]));
    expect((await secure(tlsPort, { servername: "app.test" })).name).toBe("app.test");
  });

  test("a certificate is swapped: open connections go on, new ones see it", async () => {
    const { tlsPort, client } = await startTls([await entry("c", ["app.test"])]);
    const before = await secure(tlsPort, { servername: "app.test" });
    const serial = before.socket.getPeerCertificate().serialNumber;
    await client.putCertificate(await entry("c", ["app.test"]));
    const after = await secure(tlsPort, { servername: "app.test" });
    expect(after.socket.getPeerCertificate().serialNumber).not.toBe(serial);
    before.socket.write(KEPT);
    await eventually(() => before.text().endsWith("ok"));
  });

  test("one that cannot be used never replaces one that can", async () => {
    const { tlsPort, client } = await startTls([await entry("c", ["app.test"])]);
    await client.putCertificate({ key: "c", hosts: ["app.test"], source: { certificate: "no PEM", privateKey: "none" } });
    expect((await secure(tlsPort, { servername: "app.test" })).name).toBe("app.test");
  });

  test("a renewed file is seen without being told of", async () => {
    const test = await startTls([]);
    const [certificateFile, privateKeyFile] = [join(test.folder, "tls.crt"), join(test.folder, "tls.key")];
    const write = async (name: string) => {
      const made = await makeCertificate([name], systemClock.now(), systemRandom);
      await writeFile(`${certificateFile}.new`, made.certificate);
      await writeFile(`${privateKeyFile}.new`, made.key);
      await rename(`${privateKeyFile}.new`, privateKeyFile);
      await rename(`${certificateFile}.new`, certificateFile);
    };
    await write("first.test");
    await test.client.putCertificate({ key: "f", hosts: [], source: { certificateFile, privateKeyFile } });
    expect((await secure(test.tlsPort)).name).toBe("first.test");
    await write("second.test");
    await eventually(async () => (await secure(test.tlsPort)).name === "second.test");
  });

  test.each<[sentence: string, options: ConnectionOptions]>([
    ["TLS 1.1", { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }],
    ["a suite without forward secrecy", { maxVersion: "TLSv1.2", ciphers: "AES128-SHA" }],
    ["a protocol that nobody speaks here", { ALPNProtocols: ["spdy/3"] }],
  ])("refuses %s", async (_sentence, options) => {
    const { tlsPort } = await startTls([await entry("c", ["app.test"])]);
    await expect(secure(tlsPort, { servername: "app.test", ...options })).rejects.toThrow();
  });

  test("a handshake that never ends is ended, and does not hold up a stop", async () => {
    const { tlsPort, gateway } = await startTls([await entry("c", [])], { limits: { headTimeout: 200 } });
    const slow = connectTcp(tlsPort, "127.0.0.1");
    let closed = false;
    slow.on("close", () => (closed = true)).on("error", () => {});
    await eventually(() => closed);
    const waiting = connectTcp(tlsPort, "127.0.0.1").on("error", () => {});
    await new Promise((resolve) => waiting.once("connect", resolve));
    await gateway.stop();
  });
});

describe("redirect to TLS", () => {
  test("cleartext from outside is sent on, with the port and the whole target", async () => {
    const { port, tlsPort } = await startTls([await entry("c", [])]);
    const text = await exchange(port, get("/a?b=c"));
    expect(text).toContain("HTTP/1.1 301 Moved Permanently\r\n");
    expect(text).toContain(`Location: https://app.test:${tlsPort}/a?b=c\r\n`);
  });

  test("a request with a body keeps its method", async () => {
    const { port } = await startTls([await entry("c", [])]);
    const request = "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx";
    expect(await exchange(port, request)).toContain("HTTP/1.1 308 Permanent Redirect\r\n");
  });

  test("without a TLS port, from inside, and for Knative's probes nothing is redirected", async () => {
    const { port, internalPort } = await startTls([], { tls: false });
    expect(await exchange(port, get())).toContain("200 OK");
    expect(await exchange(internalPort, get())).toContain("200 OK");
    const test = await startTls([await entry("c", [])]);
    expect(await exchange(test.internalPort, get())).toContain("200 OK");
    expect(await exchange(test.port, get("/", "K-Network-Probe: probe\r\n"))).toContain("200 OK");
  });
});
