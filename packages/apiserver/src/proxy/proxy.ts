import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { connect as secureConnect } from "node:tls";
import { badRequest, StatusError, type KubeObject } from "@ebb/kube";
import type { Admission } from "../admission/admission.ts";
import type { Registry } from "../registry/registry.ts";
import type { User } from "../registry/request-context.ts";
import type { Exchange } from "../rest/http-types.ts";
import type { PodStreams } from "../streams/pod-streams.ts";
import { findBackend } from "./find-backend.ts";
import type { ProxyPath } from "./proxy-path.ts";

export interface ProxyDeps {
  registry: Registry;
  podStreams: PodStreams;
  admission: Admission;
}

/** Of a connection, not of what travels on it (RFC 9110 §7.6.1). */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
/** What says who asks is for the API server alone: an application that got it could act as its caller. */
const CREDENTIALS = /^(?:authorization|impersonate-.*)$/;

/** `pods/NAME/proxy` and `services/NAME/proxy`: the request goes on to the application, and its answer back, as they come. */
export async function serveProxy(exchange: Exchange, path: ProxyPath, deps: ProxyDeps): Promise<undefined> {
  const { request, response, method, user } = exchange;
  const signal = exchange.signal();
  await admitProxy(user, path, deps.admission);
  const backend = findBackend(path, deps.registry);
  if (path.rest === "" && (method === "GET" || method === "HEAD")) {
    response.writeHead(301, { location: `${path.prefix}/${path.query}` }).end();
    return undefined;
  }
  const socket = await reach(path, backend, deps);
  const { answer } = await ask(request, path, { socket, headers: plainHeaders(request.headers), signal, body: request });
  response.writeHead(answer.statusCode ?? 502, answerHeaders(answer.headers, path));
  response.flushHeaders();
  await pipeline(answer, response).catch((error: unknown) => {
    // Who has the beginning of an answer must see that it was cut off.
    response.destroy(error instanceof Error ? error : undefined);
  });
  // Of a body that the application did not want to the end: the client's next request comes after it.
  request.unpipe().resume();
  return undefined;
}

export interface Tunnel {
  answer: IncomingMessage;
  /** Both ways, when the application has agreed to another protocol; `head` has been read of it already. */
  joined?: { socket: Duplex; head: Buffer };
}

/** The same for a request that asks for another protocol, a WebSocket mostly; given up with `signal`, until the application has agreed. */
export async function openTunnel(
  request: IncomingMessage,
  { user, path, signal }: { user: User; path: ProxyPath; signal: AbortSignal },
  deps: ProxyDeps,
): Promise<Tunnel> {
  const { headers } = request;
  // It would be waited for by the application, and come only once that had agreed: as the other protocol.
  if (Number(headers["content-length"] ?? 0) > 0 || headers["transfer-encoding"] !== undefined)
    throw badRequest("a request for another protocol cannot have a body");
  await admitProxy(user, path, deps.admission);
  const socket = await reach(path, findBackend(path, deps.registry), deps);
  const { upgrade = "" } = headers;
  return ask(request, path, { socket, headers: { ...plainHeaders(headers), connection: "Upgrade", upgrade }, signal });
}

interface Question {
  socket: Duplex;
  headers: OutgoingHttpHeaders;
  signal: AbortSignal;
  body?: Readable;
}

async function ask(request: IncomingMessage, { rest, query }: ProxyPath, { socket, headers, signal, body }: Question): Promise<Tunnel> {
  const { promise, resolve, reject } = Promise.withResolvers<Tunnel>();
  const { method = "GET" } = request;
  const outgoing = httpRequest({
    method,
    path: `${rest === "" ? "/" : rest}${query}`,
    headers,
    createConnection: () => socket,
    signal,
  });
  outgoing.once("response", (answer) => resolve({ answer }));
  // Without a listener, the connection of an application that changes the protocol unasked is closed.
  if (!body) outgoing.once("upgrade", (answer, joined, head) => resolve({ answer, joined: { socket: joined, head } }));
  outgoing.on("error", (error) => {
    socket.destroy();
    // What is left of it comes before the client's next request, here too.
    body?.unpipe(outgoing).resume();
    reject(unreachable(error));
  });
  if (body) body.pipe(outgoing);
  else outgoing.end();
  return promise;
}

async function reach(
  { secure, name }: ProxyPath,
  { namespace, pod, port }: { namespace: string; pod: string; port: number },
  deps: ProxyDeps,
) {
  try {
    const socket = await deps.podStreams.connect(namespace, pod, port);
    // As upstream, which knows no authority that could speak for an application in the cluster.
    return secure ? secureConnect({ socket, servername: name, rejectUnauthorized: false }) : socket;
  } catch (error) {
    throw unreachable(error);
  }
}

function unreachable(error: unknown): StatusError {
  const why = error instanceof Error ? error.message : String(error);
  return Object.assign(new StatusError("ServiceUnavailable", `error trying to reach service: ${why}`), { cause: error });
}

function plainHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const listed = (headers.connection ?? "").toLowerCase().split(/ *, */);
  const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name) && !listed.includes(name) && !CREDENTIALS.test(name));
  const chunked = headers["transfer-encoding"] === undefined ? {} : { "transfer-encoding": "chunked" };
  return { ...Object.fromEntries(kept), ...chunked, "x-forwarded-host": headers.host ?? "", "x-forwarded-proto": "https" };
}

/** The application knows nothing of the prefix: where it sends a client is below it. */
function answerHeaders(headers: IncomingHttpHeaders, { prefix }: ProxyPath): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name));
  const { location } = headers;
  return {
    ...Object.fromEntries(kept),
    ...(location?.startsWith("/") && !location.startsWith("//") ? { location: `${prefix}${location}` } : {}),
  };
}

/** As the operation CONNECT; what a webhook would change of it has no effect. */
async function admitProxy(user: User, { kind, namespace, name, rest }: ProxyPath, admission: Admission): Promise<void> {
  const line = { kind, subresource: "proxy", namespace, name, context: { user } };
  if (!admission.concerns(line, ["CONNECT"])) return;
  const object = { kind: `${kind.kind}ProxyOptions`, apiVersion: "v1", path: rest } as unknown as KubeObject;
  const attributes = { ...line, operation: "CONNECT" as const, object, options: {} };
  const admitted = (await admission.mutate(attributes)) ?? object;
  await admission.validate({ ...attributes, object: admitted });
}
