import { ServerResponse, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TransientError, type Logger } from "@ebb/base";
import { badRequest, StatusError } from "@ebb/kube";
import { WebSocketServer, type WebSocket } from "ws";
import { sendFailure, statusOf } from "../rest/respond.ts";
import type { Tunnel } from "../proxy/proxy.ts";
import type { OpenStream, StreamPlan } from "./plan-stream.ts";

/** Each is a process or a connection in an instance. */
const MOST_SOCKETS = 256;
/** kubectl sends 32 KiB at once. */
const LARGEST_MESSAGE = 1024 * 1024;

export interface UpgradesOptions {
  /** Reads, authenticates, authorises and checks a request. Throws StatusError. */
  plan(request: IncomingMessage): Promise<StreamPlan>;
  /** The same for one whose other end is an application, unless the client is lost; undefined for all others. Throws StatusError, at once or later. */
  tunnel(request: IncomingMessage, lost: AbortSignal): Promise<Tunnel> | undefined;
  log: Logger;
}

/** Whether a request wants to become a stream; any other upgrade is not taken, and the request answered as if none had been offered. */
export function wantsUpgrade(request: IncomingMessage): boolean {
  return wantsSpdy(request) || (request.method === "GET" && request.headers.upgrade?.toLowerCase() === "websocket");
}

/** As client-go asks before 1.31, and Debian's kubectl: mostly by POST. */
function wantsSpdy({ method, headers }: IncomingMessage): boolean {
  return (method === "GET" || method === "POST") && headers.upgrade?.toLowerCase() === "spdy/3.1";
}

/** Requests that become WebSockets or speak SPDY: bounded, and none left when the server has stopped. */
export class Upgrades {
  readonly #options: UpgradesOptions;
  /** Ends one of those that are served. */
  readonly #served = new Set<() => void>();
  #opening = 0;
  #stopped = false;

  constructor(options: UpgradesOptions) {
    this.#options = options;
  }

  /** Takes a connection over; refusals are answered in HTTP. */
  async take(request: IncomingMessage, connection: Duplex, head: Buffer): Promise<void> {
    const { log } = this.#options;
    const lost = new AbortController();
    connection.on("error", () => lost.abort());
    connection.once("close", () => lost.abort());
    this.#opening++;
    try {
      this.#checkRoom();
      const tunnel = await this.#options.tunnel(request, lost.signal);
      if (tunnel) return this.#joinTunnel(connection, head, tunnel);
      const { stream, protocol } = await this.#open(request);
      if (lost.signal.aborted || this.#stopped) {
        stream.abandon();
        connection.destroy();
        return;
      }
      if (wantsSpdy(request)) return this.#joinSpdy(connection, head, { stream, protocol });
      const server = new WebSocketServer({
        noServer: true,
        clientTracking: false,
        perMessageDeflate: false,
        maxPayload: LARGEST_MESSAGE,
      });
      // The library takes tokens alone (RFC 6455 §4.1), which kubectl's `SPDY/3.1+portforward.k8s.io` is not: it sees none.
      delete request.headers["sec-websocket-protocol"];
      server.on("headers", (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
      let joined = false;
      // A handshake that is not well made is answered by the library, which then closes the connection.
      connection.once("close", () => joined || stream.abandon());
      server.handleUpgrade(request, connection, head, (socket) => {
        joined = true;
        this.#serve(socket, stream, protocol);
      });
    } catch (error) {
      if (!lost.signal.aborted) refuse(request, connection, statusOf(error, log));
    } finally {
      this.#opening--;
    }
  }

  /** Ends all of them. */
  stop(): void {
    this.#stopped = true;
    for (const end of this.#served) end();
  }

  async #open(request: IncomingMessage): Promise<{ stream: OpenStream; protocol: string }> {
    const plan = await this.#options.plan(request);
    const spdy = wantsSpdy(request);
    const offered = String(request.headers[spdy ? "x-stream-protocol-version" : "sec-websocket-protocol"] ?? "").split(/ *, */);
    const protocols = spdy ? [plan.spdyProtocol] : plan.protocols;
    const protocol = protocols.find((name) => offered.includes(name));
    if (protocol === undefined) throw badRequest(`none of the offered subprotocols is served: offer ${protocols.join(" or ")}`);
    return { stream: await plan.open(), protocol };
  }

  #checkRoom(): void {
    if (this.#stopped) throw new TransientError("server_stopping", "the server is stopping");
    if (this.#served.size + this.#opening > MOST_SOCKETS)
      throw new StatusError("TooManyRequests", "too many streams are open at this server, please try again later", {
        retryAfterSeconds: 5,
      });
  }

  /** What the application answers, and from then on all that either says. */
  #joinTunnel(connection: Duplex, head: Buffer, { answer, joined }: Tunnel): void {
    const end = () => [connection, joined?.socket ?? answer].forEach((one) => one.destroy());
    if (connection.destroyed || this.#stopped) return end();
    this.#served.add(end);
    connection.once("close", () => this.#served.delete(end));
    if (!joined) connection.once("close", end);
    const { statusCode = 502, statusMessage = "", rawHeaders } = answer;
    const lines = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1] ?? ""}`] : []));
    const plain = [...lines.filter((line) => !/^(connection|transfer-encoding):/i.test(line)), "Connection: close"];
    connection.write(`${[`HTTP/1.1 ${statusCode} ${statusMessage}`, ...(joined ? lines : plain)].join("\r\n")}\r\n\r\n`, "latin1");
    // An application that did not agree has said why, and that was all; what is cut off must not look like a whole answer that is yet to come.
    if (!joined) return void answer.once("close", () => answer.complete || end()).pipe(connection);
    const { socket } = joined;
    connection.write(joined.head);
    socket.write(head);
    socket.on("error", end).once("close", end).pipe(connection);
    connection.once("close", end).pipe(socket);
  }

  #joinSpdy(connection: Duplex, head: Buffer, { stream, protocol }: { stream: OpenStream; protocol: string }): void {
    const end = () => void connection.destroy();
    this.#served.add(end);
    connection.once("close", () => this.#served.delete(end));
    const lines = [
      "HTTP/1.1 101 Switching Protocols",
      "Connection: Upgrade",
      "Upgrade: SPDY/3.1",
      `X-Stream-Protocol-Version: ${protocol}`,
    ];
    connection.write(`${lines.join("\r\n")}\r\n\r\n`);
    if (head.length > 0) connection.unshift(head);
    void stream.serveSpdy(connection);
  }

  #serve(socket: WebSocket, stream: OpenStream, protocol: string): void {
    const end = () => socket.terminate();
    this.#served.add(end);
    socket.once("close", () => this.#served.delete(end));
    // A server that stops ends what is served; the stream itself takes care of errors.
    void stream.serve(socket, protocol);
  }
}

/** A whole answer on a connection that is no request's any more. */
function refuse(request: IncomingMessage, connection: Duplex, failure: StatusError): void {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(connection as Socket);
  response.once("finish", () => connection.end());
  sendFailure(response, failure);
}
