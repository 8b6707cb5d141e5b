import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { systemCode, TransientError, UserError, type Clock, type Logger } from "@ebb/base";
import { badRequest } from "@ebb/kube";
import type { Pki } from "../pki/pki.ts";
import { parseProxyPath } from "../proxy/proxy-path.ts";
import { openTunnel, type Tunnel } from "../proxy/proxy.ts";
import type { Security } from "../security.ts";
import { admitStream } from "../streams/admit-stream.ts";
import { planStream, isStream, type StreamPlan } from "../streams/plan-stream.ts";
import { Upgrades, wantsUpgrade } from "../streams/upgrades.ts";
import { isPublic } from "./health.ts";
import type { Exchange } from "./http-types.ts";
import { parseResourcePath } from "./resource-path.ts";
import { send, sendFailure, statusOf } from "./respond.ts";
import { routeRequest, type RouteDeps } from "./route-request.ts";

/** Requests under way get this long when the server stops, milliseconds; watches are ended at once. */
const DRAIN = 5000;
/** Bytes and milliseconds; slow and endless senders are cut off. */
const LIMITS = { maxHeaderSize: 64 * 1024, requestTimeout: 60_000, headersTimeout: 20_000, keepAliveTimeout: 90_000 };

interface Place {
  host: string;
  port: number;
}
type Certificates = Pick<Pki, "authorities" | "server">;

export interface HttpServerOptions {
  listen: Place;
  /** Further places; one that cannot be had is left out with a warning. */
  alsoListen: readonly Place[];
  security: () => Security;
  resources: () => RouteDeps;
  clock: Clock;
  log: Logger;
}

/** The wire: HTTP/1.1 over TLS. Client certificates are asked for, and judged with the request. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  #server: Server | undefined;
  #others: Server[] = [];
  readonly #stopping = new AbortController();
  readonly #upgrades: Upgrades;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#upgrades = new Upgrades({
      plan: (request) => this.#planUpgrade(request),
      tunnel: (request, lost) => this.#openTunnel(request, lost),
      log: options.log,
    });
  }

  /** Throws UserError when the main address cannot be had. */
  async start(certificates: Certificates): Promise<void> {
    const { listen, alsoListen, log } = this.#options;
    this.#server = this.#create(certificates);
    await bind(this.#server, listen);
    for (const place of alsoListen) {
      const server = this.#create(certificates);
      try {
        await bind(server, place);
        this.#others.push(server);
      } catch (error) {
        log.warn({ error, ...place }, "the API server does not listen here: applications in containers cannot reach it");
      }
    }
  }

  /** New certificates for new connections; the old ones stay good for those that are open. */
  renew(certificates: Certificates): void {
    for (const server of this.#all()) server.setSecureContext(contextOf(certificates));
  }

  address(): Place {
    const bound = this.#server?.address() as AddressInfo | null | undefined;
    return { host: this.#options.listen.host, port: bound?.port ?? this.#options.listen.port };
  }

  /** The first of the further places that could be had. */
  insideAddress(): Place | undefined {
    const bound = this.#others[0]?.address() as AddressInfo | null | undefined;
    return bound ? { host: bound.address, port: bound.port } : undefined;
  }

  /** Ends watches, log streams and upgraded connections, lets other requests finish within the drain time, and closes. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#upgrades.stop();
    await Promise.all(this.#all().map((server) => this.#close(server)));
  }

  #all(): Server[] {
    return [...(this.#server ? [this.#server] : []), ...this.#others];
  }

  #create(certificates: Certificates): Server {
    const client = { requestCert: true, rejectUnauthorized: false, shouldUpgradeCallback: wantsUpgrade };
    const server = createServer({ ...LIMITS, ...contextOf(certificates), ...client });
    server.on("upgrade", (request, connection, head) => void this.#upgrades.take(request, connection, head));
    server.on("request", (request, response) => void this.#serve(request, response));
    server.on("clientError", (_error, socket) => {
      if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      else socket.destroy();
    });
    return server;
  }

  async #close(server: Server): Promise<void> {
    if (!server.listening) return;
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
    try {
      const exchange = await this.#exchange(request, response);
      const answer = await routeRequest(exchange, this.#options.resources());
      if (answer) send(response, answer);
    } catch (error) {
      if (response.closed) return;
      const failure = statusOf(error, log);
      // Half an answer must not look like a whole one.
      if (response.headersSent) response.destroy();
      else sendFailure(response, failure);
    }
    log.debug({ method: request.method, path: request.url?.split("?")[0], status: response.statusCode }, "request");
  }

  async #exchange(request: IncomingMessage, response: ServerResponse): Promise<Exchange> {
    const line = lineOf(request);
    const user = isPublic(line.path) ? NOBODY : await this.#options.security().admit(request, line);
    return { request, response, ...line, user, signal: () => this.#signalOf(response) };
  }

  #signalOf(response: ServerResponse): AbortSignal {
    const gone = new AbortController();
    if (response.closed) gone.abort(GONE);
    else response.once("close", () => gone.abort(GONE));
    return AbortSignal.any([gone.signal, this.#stopping.signal]);
  }

  /** Of a request to an application in the cluster; undefined for all others. */
  #openTunnel(request: IncomingMessage, lost: AbortSignal): Promise<Tunnel> | undefined {
    const path = parseProxyPath(request.url ?? "");
    if (!path) return undefined;
    const open = async () => {
      const user = await this.#options.security().admit(request, lineOf(request));
      const signal = AbortSignal.any([lost, this.#stopping.signal]);
      return openTunnel(request, { user, path, signal }, this.#options.resources());
    };
    return open();
  }

  async #planUpgrade(request: IncomingMessage): Promise<StreamPlan> {
    const line = lineOf(request);
    const user = await this.#options.security().admit(request, line);
    const deps = this.#options.resources();
    const [root, version = "", ...segments] = line.path;
    if (root !== "api") throw badRequest("this path is not served over WebSocket or SPDY");
    const { subresource = "", name = "", ...place } = parseResourcePath(deps.kinds, "", version, segments);
    const target = { ...place, name };
    if (!isStream(target, subresource)) throw badRequest("this path is not served over WebSocket or SPDY");
    const asked = { ...line, user };
    const plan = planStream(asked, target, subresource, deps);
    const admitted = await admitStream(asked, target, { subresource, admission: deps.admission });
    return admitted === asked ? plan : planStream(admitted, target, subresource, deps);
  }
}

/** Without a reason, an abort makes an exception of its own for each request that ends. */
const GONE = new TransientError("client_gone", "the client has gone");
const NOBODY = { name: "system:anonymous", groups: ["system:unauthenticated"] };

function contextOf({ authorities, server: { certificate, key } }: Certificates) {
  return { cert: certificate, key, ca: authorities, minVersion: "TLSv1.2" } as const;
}

async function bind(server: Server, { host, port }: Place): Promise<void> {
  const listening = Promise.withResolvers<void>();
  const fail = (error: Error) => listening.reject(explain(error, host, port));
  server.once("error", fail);
  server.listen(port, host, () => listening.resolve());
  await listening.promise;
  server.off("error", fail);
}

function lineOf({ method = "GET", url = "/" }: IncomingMessage) {
  const [rawPath = "", rawQuery = ""] = url.split("?", 2);
  return { method, path: segmentsOf(rawPath), query: new URLSearchParams(rawQuery) };
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
