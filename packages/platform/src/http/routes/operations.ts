import { AppName, EnvironmentName, Operation, OperationState, TeamName } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { visibleTeams } from "../../identity/access.ts";
import { callerOf } from "../authorisation.ts";
import { clientGone, sendStream } from "../stream.ts";
import { ById, idOf, page, PageQuery, read, type RouteDeps } from "./shapes.ts";

const OperationsQuery = Type.Object({
  team: Type.Optional(TeamName),
  app: Type.Optional(AppName),
  environment: Type.Optional(EnvironmentName),
  partOf: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: "The `id` of a change of a layer" })),
  state: Type.Optional(OperationState),
  by: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: "Who asked for it" })),
  ...PageQuery,
});

export function registerOperationRoutes(server: FastifyInstance, { api, clock, stopping }: RouteDeps): void {
  read(
    server,
    "/operations",
    { summary: "Operations, newest first", access: { signedIn: true }, answer: page(Operation), query: OperationsQuery },
    (request) => {
      const { limit = 50, ...query } = request.query as Static<typeof OperationsQuery>;
      return api.listOperations({ limit, ...query, visible: visibleTeams(callerOf(request)) });
    },
  );
  read(server, "/operations/:id", { summary: "An operation", access: { team: "viewer" }, answer: Operation, params: ById }, (request) =>
    api.getOperation(idOf(request)),
  );
  server.post(
    "/operations/:id/cancel",
    {
      config: { access: { environment: "deploy" } },
      schema: { summary: "Cancel an operation", params: ById, response: { 200: Operation } },
    },
    (request) => api.cancelOperation(idOf(request), request.user),
  );
  server.get(
    "/operations/:id/events",
    { config: { access: { team: "viewer" } }, schema: { summary: "What happens in an operation", params: ById } },
    async (request, reply) => {
      const signal = clientGone(reply, stopping);
      const source = await api.operationEvents(idOf(request), signal);
      await sendStream(reply, { source, kind: "events", clock, signal });
    },
  );
}
