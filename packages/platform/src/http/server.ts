import cookie from "@fastify/cookie";
import websocket from "@fastify/websocket";
import { systemCode, UserError, type Clock, type Logger, type Random, type Runnable } from "@ebb/base";
import { fastify, type FastifyInstance } from "fastify";
import type { Bus } from "../database/bus.ts";
import type { SignInConfig } from "../identity/sign-in-config.ts";
import type { Identity } from "../identity/identity.ts";
import { installAudit, installOrigin } from "./audited.ts";
import { createAuthentication } from "./authentication.ts";
import { installAuthorisation, type DeclaredRoute } from "./authorisation.ts";
import { registerConsole } from "./console-files.ts";
import type { PlatformApi } from "./port.ts";
import { installIdempotency } from "./idempotency.ts";
import { describeRoutes, openApiDocument } from "./openapi.ts";
import { installPreconditions } from "./preconditions.ts";
import { problem, sendProblem, toProblem } from "./problem.ts";
import { registerRoutes } from "./routes.ts";
import { subjectFinder } from "./subjects.ts";
import { validatorCompiler } from "./validation.ts";

const JSON_LIMIT = 1024 * 1024;
/** Of a WebSocket: a terminal's input comes in words, a file's in pieces. */
const LARGEST_MESSAGE = 1024 * 1024;
/** A head that does not come within this is a client that holds connections open. */
const HEADERS_TIMEOUT = 15_000;
/** An upload of a gigabyte over a slow line. */
const REQUEST_TIMEOUT = 30 * 60_000;

export interface HttpOptions {
  api: PlatformApi;
  identity: Identity;
  listen: { host: string; port: number };
  uploadsRoot: string;
  /** Where people reach it, and the proxies in between. */
  signIn: SignInConfig;
  consoleRoot: string | undefined;
  version: string;
  /** Whether what it answers with can be read and changed now. */
  ready: () => Promise<boolean>;
  /** To the other platforms on the database. */
  bus?: Bus;
  clock: Clock;
  random: Random;
  log: Logger;
}

export interface HttpServer extends Runnable {
  readonly fastify: FastifyInstance;
  /** Every route of the API with who may use it. */
  readonly routes: readonly DeclaredRoute[];
  /** Where it listens; the port is the chosen one when 0 was asked for. */
  address(): { host: string; port: number };
}

/** The REST API and the console on one listener. */
export async function createHttpServer(options: HttpOptions): Promise<HttpServer> {
  const { log, clock, listen } = options;
  const stopping = new AbortController();
  const server = fastify({
    bodyLimit: JSON_LIMIT,
    requestTimeout: REQUEST_TIMEOUT,
    http: { headersTimeout: HEADERS_TIMEOUT },
    forceCloseConnections: true,
    trustProxy: options.signIn.trustedProxies ?? false,
  });
  let bound = { host: listen.host, port: listen.port };
  const origin = () => new URL(options.signIn.publicUrl ?? `http://${bound.host}:${bound.port}`).origin;
  const authentication = createAuthentication(options.identity.callers, () => hostsOf(bound, options.signIn.publicUrl), clock, options.bus);

  server.setErrorHandler((error, _, reply) => sendProblem(reply, toProblem(error, log)));
  server.setValidatorCompiler(validatorCompiler);
  // Answers are made by us from typed values: checking each again would cost more than it finds.
  server.setSerializerCompiler(() => (value) => JSON.stringify(value));
  server.addContentTypeParser("application/gzip", { bodyLimit: Number.MAX_SAFE_INTEGER }, (_, payload, done) => done(null, payload));
  server.decorateRequest("user", "");
  server.decorateRequest("caller", null);
  await server.register(cookie);
  await server.register(websocket, { options: { maxPayload: LARGEST_MESSAGE, perMessageDeflate: false } });
  installOrigin(server);
  server.addHook("onRequest", (request) => authentication.check(request));
  installAudit(server, { database: options.identity.database, clock });
  const routes = installAuthorisation(server, subjectFinder(options.identity.database));
  installIdempotency(server, { database: options.identity.database, clock });
  installPreconditions(server, options.identity.database);
  server.addHook("onSend", async (_, reply) => {
    reply.header("x-content-type-options", "nosniff").header("referrer-policy", "no-referrer").header("x-frame-options", "DENY");
  });
  await describeRoutes(server, options.version);
  server.get("/healthz", { schema: { hide: true } }, (_, reply) => reply.type("text/plain").send("ok"));
  server.get("/readyz", { schema: { hide: true } }, async (_, reply) => {
    if (await options.ready()) return reply.type("text/plain").send("ok");
    return sendProblem(reply, problem("database_unavailable", "The platform's database does not answer"));
  });
  await server.register(
    async (api) => {
      registerRoutes(api, { ...options, authentication, origin, stopping: stopping.signal });
      let document: object | undefined;
      api.get(
        "/openapi.json",
        { config: { access: { signedIn: true } }, schema: { hide: true } },
        () => (document ??= openApiDocument(server)),
      );
      api.setNotFoundHandler((request, reply) =>
        sendProblem(reply, problem("route_not_found", `There is no ${request.method} ${request.url}`)),
      );
    },
    { prefix: "/api/v1" },
  );
  await registerConsole(server, options.consoleRoot);
  await server.ready();

  return {
    name: "REST API",
    fastify: server,
    routes,
    address: () => bound,
    async start() {
      try {
        await server.listen(listen);
      } catch (error) {
        if (systemCode(error) !== "EADDRINUSE") throw error;
        throw new UserError("port_in_use", `port ${listen.port} is in use`, {
          hint: "Choose another with --platform-port PORT.",
          cause: error,
        });
      }
      const address = server.server.address();
      if (address !== null && typeof address === "object") bound = { host: listen.host, port: address.port };
    },
    async stop() {
      stopping.abort();
      await server.close();
    },
  };
}

/** The names under which a listener is meant to be reached. */
function hostsOf({ host, port }: { host: string; port: number }, publicUrl: string | undefined): ReadonlySet<string> {
  const names = [`${host}:${port}`, `localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, `console.localhost:${port}`];
  return new Set(publicUrl === undefined ? names : [...names, new URL(publicUrl).host]);
}
