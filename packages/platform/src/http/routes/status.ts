import { PlatformStatus } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { visibleTeams } from "../../identity/access.ts";
import { callerOf } from "../authorisation.ts";
import { clientGone, sendStream } from "../stream.ts";
import { read, type RouteDeps } from "./shapes.ts";

const ChangesQuery = Type.Object({
  ago: Type.Optional(Type.Integer({ minimum: 0, description: "Milliseconds since the reader began to read what it has" })),
});

/** The platform itself: how it is, what changes, its cluster's kubeconfig, the schema of ebb.yaml. */
export function registerStatusRoutes(server: FastifyInstance, { api, clock, stopping }: RouteDeps): void {
  read(server, "/status", { summary: "How the platform is", access: { signedIn: true }, answer: PlatformStatus }, (request) =>
    api.status(request.user, visibleTeams(callerOf(request))),
  );
  server.get(
    "/events",
    { config: { access: { signedIn: true } }, schema: { summary: "What changes", querystring: ChangesQuery } },
    async (request, reply) => {
      const signal = clientGone(reply, stopping);
      const { ago } = request.query as Static<typeof ChangesQuery>;
      const source = api.changes({ signal, visible: visibleTeams(callerOf(request)), ago });
      await sendStream(reply, { source, kind: "events", clock, signal });
    },
  );
  server.get(
    "/kubeconfig",
    { config: { access: { platformAdmin: true } }, schema: { summary: "The cluster's kubeconfig" } },
    async (_, reply) =>
      reply
        .header("content-type", "application/yaml")
        .header("cache-control", "no-store")
        .send(await api.kubeconfig()),
  );
  server.get(
    "/schemas/ebb.json",
    { config: { access: { public: true } }, schema: { summary: "JSON Schema of ebb.yaml" } },
    async (_, reply) => reply.header("content-type", "application/schema+json").send(JSON.stringify(api.ebbYamlSchema())),
  );
}
