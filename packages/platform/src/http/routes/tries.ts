import { Rates, TriedRequest, TryRequest } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { refuse } from "../../errors.ts";
import { visibleTeams } from "../../identity/access.ts";
import { callerOf } from "../authorisation.ts";
import { clientGone } from "../stream.ts";
import { AT, ByPlace, placeOf, read, type RouteDeps } from "./shapes.ts";

/** One person waits for one; more is somebody who means to send load, which is not for the platform to carry. */
const MOST_AT_ONCE = 20;

/** A request through the gateway for somebody to look at, and how many there are of others. */
export function registerTryRoutes(server: FastifyInstance, { api, stopping }: RouteDeps): void {
  let running = 0;
  server.post(
    `${AT}/requests`,
    {
      config: { access: { environment: "developer" } },
      schema: {
        summary: "Send it a request through the gateway, and see what happens",
        params: ByPlace,
        body: TryRequest,
        response: { 200: TriedRequest },
      },
    },
    async (request, reply) => {
      if (running >= MOST_AT_ONCE) {
        throw refuse("too_many_tries", `${MOST_AT_ONCE} such requests are under way`, { hint: "Try again when some have ended." });
      }
      running++;
      try {
        return await api.tryRequest(placeOf(request), request.body as TryRequest, clientGone(reply, stopping));
      } finally {
        running--;
      }
    },
  );
  read(
    server,
    "/rates",
    { summary: "Requests per second of each app in each environment", access: { signedIn: true }, answer: Rates },
    (request) => api.rates(visibleTeams(callerOf(request))),
  );
}
