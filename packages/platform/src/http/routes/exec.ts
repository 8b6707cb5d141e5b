import { pipeline, type Duplex } from "node:stream";
import { VersionName, type Problem } from "@ebb/api";
import { keepAlive } from "@ebb/base";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { createWebSocketStream } from "ws";
import { refuse } from "../../errors.ts";
import { toProblem } from "../problem.ts";
import { AT, ByPlace, Flag, placeOf, type RouteDeps } from "./shapes.ts";

/** Each is a process in an instance, and two connections here. */
const MOST_AT_ONCE = 100;

const Word = Type.String({ maxLength: 32_768 });
const ExecQuery = Type.Object({
  command: Type.Union([Word, Type.Array(Word, { minItems: 1, maxItems: 1024 })]),
  instance: Type.Optional(Type.String({ maxLength: 253 })),
  version: Type.Optional(VersionName),
  stdin: Type.Optional(Flag),
  terminal: Type.Optional(Flag),
});

declare module "fastify" {
  interface FastifyRequest {
    /** The command that a WebSocket will be joined to. */
    session: Duplex | null;
    /** Why there is none, for a page. */
    refusal: Problem | null;
  }
}

/** Of `v5.channel.k8s.io`: how the command ended. */
const STATUS_CHANNEL = 3;

/** A command in an instance, over WebSocket: what Kubernetes calls `exec`, and in its messages. */
export function registerExecRoutes(server: FastifyInstance, { api, authentication, clock, log }: RouteDeps): void {
  let running = 0;
  server.decorateRequest("session", null);
  server.decorateRequest("refusal", null);
  server.route({
    method: "GET",
    url: `${AT}/exec`,
    // As mighty as a deployment: it is for who may deploy there.
    config: { access: { environment: "deploy" } },
    schema: { summary: "Run a command in one of its instances (WebSocket)", params: ByPlace, querystring: ExecQuery },
    // The command is started before the handshake is answered, so that a refusal is an answer like any other.
    preHandler: async (request) => {
      if (!request.ws) throw refuse("invalid_request", "This is served over WebSocket alone", { hint: "Use `ebb exec`." });
      // The cookie comes along with what other sites' pages open, and a WebSocket asks nobody (no CORS).
      authentication.requireOwnPage(request);
      if (running >= MOST_AT_ONCE) throw refuse("too_many_commands", `${MOST_AT_ONCE} commands are under way`);
      try {
        request.session = await start(request);
      } catch (error) {
        // Browsers keep the answer to a refused handshake from the page: it is told in the stream's own words.
        if (request.headers.origin === undefined) throw error;
        request.refusal = toProblem(error, log);
      }
    },
    handler: () => {
      throw refuse("invalid_request", "This is served over WebSocket alone");
    },
    wsHandler: (socket, request) => {
      const { session, refusal } = request;
      if (refusal) {
        const { detail: message, code, hint } = refusal;
        const status = {
          kind: "Status",
          apiVersion: "v1",
          status: "Failure",
          reason: code,
          message,
          ...(hint === undefined ? {} : { hint }),
        };
        socket.send(Buffer.concat([Buffer.of(STATUS_CHANNEL), Buffer.from(JSON.stringify(status))]), { binary: true });
        return socket.close();
      }
      if (!session) return socket.terminate();
      running++;
      socket.once("close", () => running--);
      keepAlive(socket, clock);
      const client = createWebSocketStream(socket, { readableObjectMode: true });
      pipeline(client, session, client, () => undefined);
    },
  });

  async function start(request: FastifyRequest): Promise<Duplex> {
    const { command, instance, version, stdin, terminal } = request.query as Static<typeof ExecQuery>;
    const flags = { stdin: stdin === "true", terminal: terminal === "true" };
    const session = await api.exec(placeOf(request), { command: [command].flat(), instance, version, ...flags });
    // Also when the handshake never comes to its end.
    request.raw.socket.once("close", () => session.destroy());
    if (request.raw.socket.destroyed) session.destroy();
    return session;
  }
}
