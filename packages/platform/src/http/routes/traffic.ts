import { Rollback, SetTraffic } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { appOf, ByApp, change, type RouteDeps } from "./shapes.ts";

/** Which version answers. */
export function registerTrafficRoutes(server: FastifyInstance, { api }: RouteDeps): void {
  change(
    server,
    "/apps/:app/traffic",
    { method: "PUT", summary: "Split the traffic", access: { environment: "release" }, params: ByApp, body: SetTraffic },
    (request) => api.setTraffic(appOf(request), request.body as SetTraffic, request.user),
  );
  change(
    server,
    "/apps/:app/rollback",
    { method: "POST", summary: "Back to an earlier version", access: { environment: "release" }, params: ByApp, body: Rollback },
    (request) => api.rollback(appOf(request), request.body as Rollback, request.user),
  );
}
