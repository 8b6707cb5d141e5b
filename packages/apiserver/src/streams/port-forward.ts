import { PassThrough, type Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { keepAlive, type Clock } from "@ebb/base";
import { badRequest, type StatusError } from "@ebb/kube";
import { createWebSocketStream, type WebSocket } from "ws";
import { ChannelSocket } from "./channel-socket.ts";
import { runSession, SpdySession, type SpdyStream } from "./spdy/session.ts";

/** kubectl's, since 1.31: SPDY/3.1 inside of a WebSocket, a pair of streams for each connection. */
const TUNNEL = "SPDY/3.1+portforward.k8s.io";
/** The other client libraries': a pair of channels for each port. */
const CHANNELS = "v4.channel.k8s.io";
export const FORWARD_PROTOCOLS = [TUNNEL, CHANNELS];
/** The same as the tunnel's, on a connection of its own. */
export const FORWARD_OVER_SPDY = "portforward.k8s.io";
const MOST_PORTS = 32;

export interface ForwardSocket {
  socket: WebSocket;
  protocol: string;
  clock: Clock;
  /** Of the query; only clients that speak channels name them there. */
  ports: readonly number[];
  connect(port: number): Promise<Duplex>;
  failure: (error: unknown) => StatusError;
}

/** `ports=80&ports=81` or `ports=80,81`. Throws BadRequest. */
export function portsOf(query: URLSearchParams): number[] {
  const texts = query.getAll("ports").flatMap((text) => text.split(","));
  const ports = texts.map((text) => {
    const port = portOf(text);
    if (port === undefined) throw badRequest(`unable to parse ${JSON.stringify(text.slice(0, 20))} as a port`);
    return port;
  });
  if (ports.length > MOST_PORTS) throw badRequest(`at most ${MOST_PORTS} ports can be forwarded at once`);
  return ports;
}

function portOf(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** Forwards until the client goes; never throws. */
export async function serveForward(forward: ForwardSocket): Promise<void> {
  if (forward.protocol === TUNNEL) {
    keepAlive(forward.socket, forward.clock);
    await sessionOf(createWebSocketStream(forward.socket), forward).run();
  } else await serveChannels(forward);
}

/** The same for a client without WebSocket. */
export async function serveForwardOverSpdy(connection: Duplex, forward: Joint & Pick<ForwardSocket, "clock">): Promise<void> {
  await runSession(sessionOf(connection, forward), connection, forward.clock);
}

type Joint = Pick<ForwardSocket, "connect" | "failure">;

/** As k8s.io/kubelet/pkg/cri/streaming/portforward pairs them: a stream for errors and one for data with the same `requestID`. */
function sessionOf(connection: Duplex, { connect, failure }: Joint): SpdySession {
  const errors = new Map<string, SpdyStream>();
  return new SpdySession(connection, (stream) => {
    const id = stream.headers.get("requestid") ?? "";
    stream.input.resume();
    if (stream.headers.get("streamtype") === "error") return void errors.set(id, stream);
    stream.input.pause();
    const error = errors.get(id);
    errors.delete(id);
    if (!error) return stream.finish();
    void joinStreams(stream, error, { connect, failure });
  });
}

async function joinStreams(data: SpdyStream, error: SpdyStream, { connect, failure }: Joint): Promise<void> {
  const text = data.headers.get("port") ?? "";
  try {
    const port = portOf(text);
    if (port === undefined) throw badRequest(`unable to parse ${JSON.stringify(text.slice(0, 20))} as a port`);
    const target = await connect(port);
    await Promise.all([
      pipeline(data.input, target),
      (async () => {
        for await (const chunk of target as AsyncIterable<Buffer>) await data.send(chunk);
        data.finish();
      })(),
    ]);
  } catch (cause) {
    // When it is the client that went, there is nobody to tell.
    await error.send(Buffer.from(`error forwarding port ${text.slice(0, 20)}: ${failure(cause).message}`)).catch(() => undefined);
  }
  data.input.destroy();
  data.finish();
  error.finish();
}

/** As k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go: on each channel first the port, 16 bits little endian. */
async function serveChannels({ socket, clock, ports, connect, failure }: ForwardSocket): Promise<void> {
  const channels = new ChannelSocket(socket, clock);
  const inputs = ports.map(() => new PassThrough());
  channels.onMessage((channel, body) => {
    const input = channel % 2 === 0 ? inputs[channel / 2] : undefined;
    if (input) channels.pass(body, input);
  });
  channels.onClose(() => {
    for (const input of inputs) input.destroy();
  });
  const join = async (port: number, at: number) => {
    const input = inputs[at];
    if (!input) return;
    const greeting = Buffer.alloc(2);
    greeting.writeUInt16LE(port);
    for (const channel of [2 * at, 2 * at + 1]) await channels.send(channel, greeting);
    try {
      const target = await connect(port);
      await Promise.race([pipeline(input, target), channels.sendAll(2 * at, target as AsyncIterable<Uint8Array>)]);
      target.destroy();
    } catch (error) {
      if (channels.isOpen) await channels.send(2 * at + 1, `error forwarding port ${port}: ${failure(error).message}`);
    }
  };
  // A client that goes in the middle ends everything.
  await Promise.all(ports.map(join)).catch(() => undefined);
  channels.close();
}
