import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { systemCode, UserError, type Clock, type Logger } from "@ebb/base";
import { badRequest } from "@ebb/kube";
import type { Certificate } from "../certificate.ts";
import type { Authenticate } from "./authenticate.ts";
import type { Exchange } from "./http-types.ts";
import { send, sendFailure, statusOf } from "./respond.ts";
import { isPublic, routeRequest } from "./route-request.ts";
import type { ResourceDeps } from "./serve-resource.ts";

/** Requests under way get this long when the server stops, milliseconds; watches are ended at once. */
const DRAIN = 5000;
/** Bytes and milliseconds; slow and endless senders are cut off. */
const LIMITS = { maxHeaderSize: 64 * 1024, requestTimeout: 60_000, headersTimeout: 20_000, keepAliveTimeout: 90_000 };

export interface HttpServerOptions {
  listen: { host: string; port: number };
  authenticate: Authenticate;
  resources: () => ResourceDeps;
  clock: Clock;
  log: Logger;
}

/** The wire: HTTP/1.1 over TLS on one address. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  #server: Server | undefined;
  readonly #stopping = new AbortController();

  constructor(options: HttpServerOptions) {
    this.#options = options;
  }

  /** Throws UserError when the address cannot be had. */
  async start({ certificate, key }: Certificate): Promise<void> {
    const { host, port } = this.#options.listen;
    const server = createServer({ ...LIMITS, cert: certificate, key, minVersion: "TLSv1.2" });
    this.#server = server;
    server.on("request", (request, response) => void this.#serve(request, response));
    server.on("clientError", (_error, socket) => {
      if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      else socket.destroy();
    });
    const listening = Promise.withResolvers<void>();
    const fail = (error: Error) => listening.reject(explain(error, host, port));
    server.once("error", fail);
    server.listen(port, host, () => listening.resolve());
    await listening.promise;
    server.off("error", fail);
  }

  address(): { host: string; port: number } {
    const bound = this.#server?.address() as AddressInfo | null | undefined;
    return { host: this.#options.listen.host, port: bound?.port ?? this.#options.listen.port };
  }

  /** Ends watches and log streams, lets other requests finish within the drain time, and closes. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const server = this.#server;
    if (!server?.listening) return;
    const closed = Promise.withResolvers<void>();
    server.close(() => closed.resolve());
    server.closeIdleConnections();
    const timer = this.#options.clock.after(DRAIN, () => server.closeAllConnections());
    await closed.promise;
    timer.cancel();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { log } = this.#options;
    // A client that goes away in the middle is its own affair.
    response.on("error", (error) => log.debug({ error }, "a client went away"));
    if (this.#stopping.signal.aborted) response.setHeader("connection", "close");
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    try {
      const exchange = this.#exchange(request, response, AbortSignal.any([gone.signal, this.#stopping.signal]));
      const answer = await routeRequest(exchange, this.#options.resources());
      if (answer) send(response, answer);
    } catch (error) {
      if (gone.signal.aborted) return;
      const failure = statusOf(error, log);
      // Half an answer must not look like a whole one.
      if (response.headersSent) response.destroy();
      else sendFailure(response, failure);
    }
    log.debug({ method: request.method, path: request.url?.split("?")[0], status: response.statusCode }, "request");
  }

  #exchange(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Exchange {
    const [rawPath = "", rawQuery = ""] = (request.url ?? "/").split("?", 2);
    const path = segmentsOf(rawPath);
    const user = isPublic(path) ? { name: "system:anonymous", groups: [] } : this.#options.authenticate(request.headers.authorization);
    return { request, response, method: request.method ?? "GET", path, query: new URLSearchParams(rawQuery), user, signal };
  }
}

function segmentsOf(path: string): string[] {
  try {
    const segments = path.split("/").filter((segment) => segment !== "");
    return segments.map((segment) => decodeURIComponent(segment));
  } catch (error) {
    throw Object.assign(badRequest("the path is not valid percent-encoding"), { cause: error });
  }
}

function explain(error: Error, host: string, port: number): Error {
  const code = systemCode(error);
  const at = `${host}:${port}`;
  if (code === "EADDRINUSE") {
    return new UserError("address_in_use", `the API server cannot listen on ${at}: it is in use`, {
      hint: "Stop what listens there, or choose another port.",
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EADDRNOTAVAIL") {
    return new UserError("address_unusable", `the API server cannot listen on ${at} (${code})`, {
      hint: "Choose an address of this machine and a port above 1023.",
      cause: error,
    });
  }
  return error;
}
