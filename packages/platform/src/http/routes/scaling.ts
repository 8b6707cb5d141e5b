import { ColdStarts, PatchScaling, ScalingDecisions, ScalingPolicy, VersionName, WhatIf, WhatIfQuery } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { AT, ByPlace, placeOf, read, Time, write, type RouteDeps } from "./shapes.ts";

const DecisionsQuery = Type.Object({
  version: Type.Optional(VersionName),
  at: Type.Optional(Time),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
});
const ColdStartsQuery = Type.Object({
  version: Type.Optional(VersionName),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
});

/** By what an app is scaled, what came of it, and what would have come of something else. */
export function registerScalingRoutes(server: FastifyInstance, { api }: RouteDeps): void {
  read(
    server,
    `${AT}/decisions`,
    {
      summary: "Why it has as many instances, newest first",
      access: { team: "viewer" },
      answer: ScalingDecisions,
      params: ByPlace,
      query: DecisionsQuery,
    },
    (request) => {
      const { limit = 100, ...query } = request.query as Static<typeof DecisionsQuery>;
      return api.decisions(placeOf(request), { limit, ...query });
    },
  );
  read(
    server,
    `${AT}/cold-starts`,
    {
      summary: "How its last instances came to serve, phase by phase, newest first",
      answer: ColdStarts,
      params: ByPlace,
      query: ColdStartsQuery,
      access: { team: "viewer" },
    },
    (request) => {
      const { limit = 50, ...query } = request.query as Static<typeof ColdStartsQuery>;
      return api.coldStarts(placeOf(request), { limit, ...query });
    },
  );
  read(
    server,
    `${AT}/scaling`,
    {
      summary: "By what all its versions are scaled, over what each says itself",
      answer: ScalingPolicy,
      params: ByPlace,
      access: { team: "viewer" },
    },
    (request) => api.scaling(placeOf(request)),
  );
  write(
    server,
    `${AT}/scaling`,
    {
      method: "PATCH",
      summary: "Change that, at once and without a new version",
      access: { environment: "release" },
      params: ByPlace,
      body: PatchScaling,
      answer: ScalingPolicy,
      code: 200,
    },
    (request) => api.patchScaling(placeOf(request), request.body as PatchScaling),
  );
  read(
    server,
    `${AT}/what-if`,
    {
      summary: "What the recorded load of a version would have cost under another policy",
      answer: WhatIf,
      params: ByPlace,
      query: WhatIfQuery,
      access: { team: "viewer" },
    },
    (request) => api.whatIf(placeOf(request), request.query as WhatIfQuery),
  );
}
