import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { silentLogger, systemClock } from "@ebb/base";
import { eventually } from "@ebb/testkit";
import { decode, encode, type DecodedPacket, type RecordType } from "dns-packet";
import { describe, expect, onTestFinished, test } from "vitest";
import { createDns } from "./dns-server.ts";
import { readTcpMessages, tcpMessage } from "./tcp-framing.ts";

async function start(upstreams: string[] = []) {
  const dns = createDns({
    listen: { host: "127.0.0.1", port: 0 },
    clusterDomain: "cluster.local",
    answer: "169.254.20.11",
    api: "169.254.20.10",
    clock: systemClock,
    log: silentLogger,
    upstreams,
  });
  await dns.start();
  onTestFinished(() => dns.stop());
  return dns.address().port;
}

function query(name: string, type: RecordType = "A"): Buffer {
  return encode({ type: "query", id: 4711, flags: 256, questions: [{ type, name }] });
}

function askUdp(port: number, bytes: Buffer): Promise<DecodedPacket> {
  const socket = createSocket("udp4");
  onTestFinished(() => void socket.close());
  return new Promise((resolve) => {
    socket.on("message", (answer) => resolve(decode(answer)));
    socket.send(bytes, port, "127.0.0.1");
  });
}

function askTcp(port: number, bytes: Buffer): Promise<DecodedPacket> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  return new Promise((resolve) => {
    readTcpMessages(socket, (answer) => resolve(decode(answer)));
    for (const byte of tcpMessage(bytes)) socket.write(Buffer.of(byte));
  });
}

describe("cluster names", () => {
  test.each([askUdp, askTcp])("lead to the gateway, in any case", async (ask) => {
    const answer = await ask(await start(), query("App.Ns.svc.Cluster.Local"));
    expect(answer).toMatchObject({
      id: 4711,
      rcode: "NOERROR",
      answers: [{ name: "App.Ns.svc.Cluster.Local", type: "A", data: "169.254.20.11" }],
    });
  });

  test.each(["kubernetes.default.svc", "Kubernetes.default.svc.cluster.local"])("%s leads to the API", async (name) => {
    expect((await askUdp(await start(), query(name))).answers).toMatchObject([{ type: "A", data: "169.254.20.10" }]);
  });

  test.each([
    ["kubernetes.team.svc", "NOERROR", 1],
    ["app.default.svc.cluster.local", "NOERROR", 1],
    // What is left of `www.example.com` after a search list.
    ["www.example.com.default.svc.cluster.local", "NXDOMAIN", 0],
    ["example.com.default.svc.cluster.local", "NXDOMAIN", 0],
    ["default.svc.cluster.local", "NXDOMAIN", 0],
  ])("%s is %s", async (name, rcode, answers) => {
    const answer = await askUdp(await start(), query(name));
    expect(answer).toMatchObject({ rcode, answers: Array.from({ length: answers }, () => ({ type: "A" })) });
  });

  test("have no other records, and that is no error", async () => {
    expect(await askUdp(await start(), query("app.ns.svc.cluster.local", "AAAA"))).toMatchObject({ rcode: "NOERROR", answers: [] });
  });
});

test("other names are asked of the resolvers in turn", async () => {
  const upstream = createSocket("udp4");
  upstream.on("message", (bytes, peer) => {
    const { id, questions = [] } = decode(bytes);
    const name = questions[0]?.name ?? "";
    upstream.send(encode({ type: "response", id, questions, answers: [{ type: "A", name, data: "192.0.2.1" }] }), peer.port, peer.address);
  });
  await new Promise<void>((resolve) => upstream.bind(0, "127.0.0.1", resolve));
  onTestFinished(() => void upstream.close());
  const port = await start(["127.0.0.1:1", `127.0.0.1:${upstream.address().port}`]);
  expect(await askUdp(port, query("example.test"))).toMatchObject({ answers: [{ data: "192.0.2.1" }] });
  // Near misses of the cluster's zone are not the cluster's.
  expect(await askUdp(port, query("svc.cluster.local.example.test"))).toMatchObject({ answers: [{ data: "192.0.2.1" }] });
});

test("SERVFAIL when no resolver answers", async () => {
  expect(await askUdp(await start(["127.0.0.1:1"]), query("example.test"))).toMatchObject({ rcode: "SERVFAIL" });
});

test("malformed packets get no answer and do no harm", async () => {
  const port = await start();
  const socket = createSocket("udp4");
  onTestFinished(() => void socket.close());
  let answers = 0;
  socket.on("message", () => answers++);
  const response = encode({ type: "response", id: 1, questions: [{ type: "A", name: "a.svc.cluster.local" }] });
  const loop = Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 0x0c, 0, 1, 0, 1]);
  for (const bytes of [Buffer.alloc(0), Buffer.from("x"), Buffer.alloc(500, 0xff), response, loop]) socket.send(bytes, port, "127.0.0.1");
  const tcp = connect(port, "127.0.0.1");
  tcp.write(tcpMessage(Buffer.from("garbage")));
  tcp.resume();
  await eventually(() => tcp.destroyed);
  expect(await askUdp(port, query("a.b.svc.cluster.local"))).toMatchObject({ rcode: "NOERROR" });
  expect(answers).toBe(0);
});
