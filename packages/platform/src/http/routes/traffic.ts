import { Rollback, SetTraffic } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { AT, placeOf, ByPlace, change, type RouteDeps } from "./shapes.ts";

/** Which version answers. */
export function registerTrafficRoutes(server: FastifyInstance, { api }: RouteDeps): void {
  change(
    server,
    `${AT}/traffic`,
    { method: "PUT", summary: "Split the traffic", access: { environment: "release" }, params: ByPlace, body: SetTraffic },
    (request) => api.setTraffic(placeOf(request), request.body as SetTraffic, request.user),
  );
  change(
    server,
    `${AT}/rollback`,
    { method: "POST", summary: "Back to an earlier version", access: { environment: "release" }, params: ByPlace, body: Rollback },
    (request) => api.rollback(placeOf(request), request.body as Rollback, request.user),
  );
}
