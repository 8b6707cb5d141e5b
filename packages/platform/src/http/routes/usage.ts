import { PatchPrices, Prices, UsageQuery, UsageReport } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { visibleTeams } from "../../identity/access.ts";
import { callerOf } from "../authorisation.ts";
import { read, write, type RouteDeps } from "./shapes.ts";

/** What apps use, and what it costs. */
export function registerUsageRoutes(server: FastifyInstance, { api }: RouteDeps): void {
  read(
    server,
    "/usage",
    {
      summary: "What apps used, against instances that are always kept",
      access: { signedIn: true },
      answer: UsageReport,
      query: UsageQuery,
    },
    (request) => api.usage(request.query as UsageQuery, visibleTeams(callerOf(request))),
  );
  write(
    server,
    "/prices",
    { method: "PATCH", summary: "Say what an hour costs", access: { platformAdmin: true }, body: PatchPrices, answer: Prices, code: 200 },
    (request) => api.patchPrices(request.body as PatchPrices),
  );
}
