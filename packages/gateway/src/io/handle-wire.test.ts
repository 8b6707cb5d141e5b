import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { systemClock } from "@ebb/base";
import { eventually } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { listen, rawClient } from "../test-gateway.ts";
import { createTransport } from "./transport.ts";
import { TurnClock } from "./turn-clock.ts";
import type { Wire } from "./wire.ts";

const transport = createTransport("native", new TurnClock(systemClock));

async function serve(onSocket?: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, onSocket);
  const port = await listen(server);
  onTestFinished(() => void server.close());
  return { server, port };
}

/** What becomes of a wire, in order; what it has read together. */
function record(wire: Wire): string[] {
  const events: string[] = [];
  const told = (event: string) => void events.push(event);
  wire.events = {
    connected: () => told("connected"),
    read: (bytes, count) => told(bytes.toString("latin1", 0, count)),
    drained: () => told("drained"),
    ended: () => told("ended"),
    closed: (reason) => told(`closed: ${reason}`),
  };
  onTestFinished(() => wire.destroy());
  return events;
}

/** A wire to a peer that reads nothing; paused. */
async function begun() {
  const peers: Socket[] = [];
  const { port } = await serve((socket) => void peers.push(socket));
  const wire = transport.connect("127.0.0.1", port);
  const events = record(wire);
  const peer = await eventually(() => (events.length > 0 ? peers[0] : undefined));
  wire.pause();
  return { wire, events, peer };
}

test.each<[string, (peer: Socket) => void, string[]]>([
  ["crashed", (peer) => void peer.write("half", () => peer.resetAndDestroy()), ["half", "closed: ECONNRESET"]],
  ["said all and closed", (peer) => void peer.end("whole", () => peer.destroy()), ["whole", "ended", "closed: EPIPE"]],
])(
  "a peer that has %s: what it had sent by then is read after a write has failed, also when nobody wanted to just then",
  async (_, leave, told) => {
    const { wire, events, peer } = await begun();
    wire.write("what the peer does not read");
    leave(peer);
    await once(peer, "close");
    expect(wire.writable).toBe(true);
    wire.write("too late");
    await new Promise((resolve) => setImmediate(resolve));
    expect([events, wire.writable]).toEqual([["connected"], false]);
    wire.resume();
    await eventually(() => events.at(-1)?.startsWith("closed"));
    expect(events).toEqual(["connected", ...told]);
  },
);

test("whoever waits to write to a peer that has crashed goes on: nobody takes it any more", async () => {
  const { wire, events, peer } = await begun();
  expect(wire.write("", Buffer.alloc(16 * 1024 * 1024))).toBe(false);
  peer.resetAndDestroy();
  await eventually(() => events.length > 1);
  expect([events, wire.roomy, wire.write("more")]).toEqual([["connected", "drained"], true, true]);
});

test("a client that has left is known to have when it cannot be written to, though nobody reads what it sends", async () => {
  const { server, port } = await serve();
  const accepted: Wire[] = [];
  transport.accept(server, (wire) => void accepted.push(wire));
  const client = await rawClient(port);
  const wire = await eventually(() => accepted[0]);
  const events = record(wire);
  wire.pause();
  client.socket.resetAndDestroy();
  await client.ended;
  wire.write("too late");
  await eventually(() => events.length > 0);
  expect(events).toEqual(["closed: ECONNRESET"]);
});
