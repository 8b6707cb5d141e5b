import { AppName, Operation } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { clientGone, sendStream } from "../stream.ts";
import { ById, idOf, items, read, type RouteDeps } from "./shapes.ts";

const OperationsQuery = Type.Object({ app: Type.Optional(AppName), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })) });

export function registerOperationRoutes(server: FastifyInstance, { api, clock, stopping }: RouteDeps): void {
  read(
    server,
    "/operations",
    { summary: "Operations, newest first", access: { team: "viewer" }, answer: items(Operation), query: OperationsQuery },
    async (request) => {
      const { app: of, limit } = request.query as Static<typeof OperationsQuery>;
      return { items: await api.listOperations({ limit: limit ?? 50, ...(of === undefined ? {} : { app: of }) }) };
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
