import { Happening, HAPPENING_KINDS, Metrics, VersionName } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { RESOLUTIONS } from "../../metrics/store.ts";
import { clientGone, sendStream } from "../stream.ts";
import { AT, placeOf, ByPlace, Flag, items, read, Time, type RouteDeps } from "./shapes.ts";

const LogsQuery = Type.Object({
  version: Type.Optional(VersionName),
  instance: Type.Optional(Type.String({ maxLength: 253 })),
  follow: Type.Optional(Flag),
  tail: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000 })),
  since: Type.Optional(Time),
  until: Type.Optional(Time),
});
const MetricsQuery = Type.Object({
  from: Type.Optional(Time),
  to: Type.Optional(Time),
  step: Type.Optional(Type.Union(RESOLUTIONS.map(({ step }) => Type.Literal(step)))),
});

const HappeningsQuery = Type.Object({
  kinds: Type.Optional(
    Type.String({
      pattern: `^(${HAPPENING_KINDS.join("|")})(,(${HAPPENING_KINDS.join("|")}))*$`,
      description: "With commas between them; all otherwise",
    }),
  ),
  before: Type.Optional(Time),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
});

/** What an app did: metrics, logs. */
export function registerObserveRoutes(server: FastifyInstance, { api, clock, stopping }: RouteDeps): void {
  read(
    server,
    `${AT}/metrics`,
    {
      summary: "Its requests, latencies, errors and instances over time",
      access: { team: "viewer" },
      answer: Metrics,
      params: ByPlace,
      query: MetricsQuery,
    },
    (request) => api.metrics(placeOf(request), request.query as Static<typeof MetricsQuery>),
  );
  read(
    server,
    `${AT}/happenings`,
    {
      summary: "What happened to it: operations, releases, decisions, events of the cluster, changes and alerts, newest first",
      access: { team: "viewer" },
      answer: items(Happening),
      params: ByPlace,
      query: HappeningsQuery,
    },
    async (request) => {
      const { kinds, limit = 100, ...query } = request.query as Static<typeof HappeningsQuery>;
      const named = kinds === undefined ? {} : { kinds: HAPPENING_KINDS.filter((kind) => kinds.split(",").includes(kind)) };
      return { items: await api.happenings(placeOf(request), { limit, ...query, ...named }) };
    },
  );
  server.get(
    `${AT}/logs`,
    { config: { access: { team: "viewer" } }, schema: { summary: "Log lines", params: ByPlace, querystring: LogsQuery } },
    async (request, reply) => {
      const { follow, ...rest } = request.query as Static<typeof LogsQuery>;
      const signal = clientGone(reply, stopping);
      const source = await api.logs(placeOf(request), { ...rest, follow: follow === "true", signal });
      await sendStream(reply, { source, kind: "ndjson", clock, signal });
    },
  );
}
