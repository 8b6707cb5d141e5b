import {
  Explanation,
  PatchTrafficPolicy,
  RecentRequests,
  REQUEST_STATUSES,
  Rollback,
  SetTraffic,
  TrafficMoves,
  GuardInForce,
  VersionName,
} from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { AT, ByPlace, change, placeOf, read, write, type RouteDeps } from "./shapes.ts";

const ExplainQuery = Type.Object({
  method: Type.Optional(Type.String({ pattern: "^[A-Z-]{1,32}$", description: "In capital letters; GET when absent" })),
  path: Type.Optional(
    Type.String({ pattern: "^/[\\x21-\\x7e]*$", maxLength: 8192, description: "From its /, with the query; / when absent" }),
  ),
  request: Type.Optional(Type.String({ pattern: "^[\\x21-\\x7e]{1,256}$", description: "The id of a remembered request, instead" })),
  host: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9.:_-]{1,253}$", description: "The app's own when absent" })),
  header: Type.Optional(
    Type.Array(Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+:[\\t\\x20-\\x7e]*$", maxLength: 4096, description: "Name:value" }), {
      maxItems: 50,
      description: "`Name: value`",
    }),
  ),
});

const RequestsQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: "50 when absent" })),
  version: Type.Optional(VersionName),
  status: Type.Optional(
    Type.Union(
      REQUEST_STATUSES.map((status) => Type.Literal(status)),
      { description: "failed: 5xx, and answers that broke off" },
    ),
  ),
});

/** Which version answers. */
export function registerTrafficRoutes(server: FastifyInstance, { api }: RouteDeps): void {
  read(
    server,
    `${AT}/explain`,
    {
      summary: "Which rule and version a request gets, and why",
      access: { team: "viewer" },
      params: ByPlace,
      query: ExplainQuery,
      answer: Explanation,
    },
    (request) => {
      const { header = [], ...question } = request.query as Static<typeof ExplainQuery>;
      return api.explain(placeOf(request), { ...question, headers: header });
    },
  );
  read(
    server,
    `${AT}/requests`,
    {
      summary: "Its last requests from outside as the gateway remembers them, with their answers: a sample, newest first",
      access: { team: "viewer" },
      params: ByPlace,
      query: RequestsQuery,
      answer: RecentRequests,
    },
    (request) => api.recent.list(placeOf(request), request.query as Static<typeof RequestsQuery>),
  );
  write(
    server,
    `${AT}/traffic/plan`,
    {
      method: "POST",
      summary: "Which of those a change of traffic would move; changes nothing",
      access: { team: "developer" },
      params: ByPlace,
      body: SetTraffic,
      answer: TrafficMoves,
      code: 200,
      unaudited: true,
    },
    (request) => api.recent.planTraffic(placeOf(request), request.body as SetTraffic),
  );
  read(
    server,
    `${AT}/traffic-policy`,
    {
      summary: "What guards its hosts: access lists, rate limits, affinity, ejection, retries",
      access: { team: "viewer" },
      params: ByPlace,
      answer: GuardInForce,
    },
    (request) => api.trafficPolicy(placeOf(request)),
  );
  write(
    server,
    `${AT}/traffic-policy`,
    {
      method: "PATCH",
      summary: "Change parts of that, at once and without a new version",
      access: { environment: "release" },
      params: ByPlace,
      body: PatchTrafficPolicy,
      answer: GuardInForce,
      code: 200,
    },
    (request) => api.patchTrafficPolicy(placeOf(request), request.body as PatchTrafficPolicy),
  );
  change(
    server,
    `${AT}/traffic`,
    {
      method: "PUT",
      summary: "Rules, and the split of what they leave",
      access: { environment: "release" },
      params: ByPlace,
      body: SetTraffic,
    },
    (request) => api.setTraffic(placeOf(request), request.body as SetTraffic, request.user),
  );
  change(
    server,
    `${AT}/rollback`,
    { method: "POST", summary: "Back to an earlier version", access: { environment: "release" }, params: ByPlace, body: Rollback },
    (request) => api.rollback(placeOf(request), request.body as Rollback, request.user),
  );
}
