import { ServerResponse, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TransientError, type Logger } from "@ebb/base";
import { badRequest, StatusError } from "@ebb/kube";
import { WebSocketServer, type WebSocket } from "ws";
import { sendFailure, statusOf } from "../rest/respond.ts";
import type { OpenStream, StreamPlan } from "./plan-stream.ts";

/** Each is a process or a connection in an instance. */
const MOST_SOCKETS = 256;
/** kubectl sends 32 KiB at once. */
const LARGEST_MESSAGE = 1024 * 1024;

export interface UpgradesOptions {
  /** Reads, authenticates, authorises and checks a request. Throws StatusError. */
  plan(request: IncomingMessage): Promise<StreamPlan>;
  log: Logger;
}

/** Whether a request wants to become a WebSocket; any other upgrade is not taken, and the request answered as if none had been offered. */
export function wantsWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && headers.upgrade?.toLowerCase() === "websocket";
}

/** Requests that become WebSockets: bounded, and none left when the server has stopped. */
export class Upgrades {
  readonly #options: UpgradesOptions;
  readonly #sockets = new Set<WebSocket>();
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
      const { stream, protocol } = await this.#open(request);
      if (lost.signal.aborted || this.#stopped) {
        stream.abandon();
        connection.destroy();
        return;
      }
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
    for (const socket of this.#sockets) socket.terminate();
  }

  async #open(request: IncomingMessage): Promise<{ stream: OpenStream; protocol: string }> {
    if (this.#stopped) throw new TransientError("server_stopping", "the server is stopping");
    const plan = await this.#options.plan(request);
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
    const protocol = plan.protocols.find((name) => offered.includes(name));
    if (protocol === undefined) throw badRequest(`none of the offered subprotocols is served: offer ${plan.protocols.join(" or ")}`);
    if (this.#sockets.size + this.#opening > MOST_SOCKETS)
      throw new StatusError("TooManyRequests", "too many streams are open at this server, please try again later", {
        retryAfterSeconds: 5,
      });
    return { stream: await plan.open(), protocol };
  }

  #serve(socket: WebSocket, stream: OpenStream, protocol: string): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
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
