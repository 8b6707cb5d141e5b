import {
  AppName,
  EnvironmentName,
  PatchVersion,
  Promote,
  PrunedVersions,
  Version,
  VersionConfiguration,
  VersionDiff,
  VersionName,
} from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { AT, ByPlace, ByVersion, change, page, PageQuery, placeOf, read, write, type RouteDeps } from "./shapes.ts";

const VersionsQuery = Type.Object(PageQuery);
const ByTwo = Type.Object({ app: AppName, env: EnvironmentName, a: VersionName, b: VersionName });
const DiffQuery = Type.Object({ fromEnvironment: Type.Optional(EnvironmentName) });
const DEFAULT_LIMIT = 50;
const Nothing = Type.Object({}, { additionalProperties: false });

/** The versions of an app in an environment, what differs between two, and the way to the next environment. */
export function registerVersionRoutes(server: FastifyInstance, { api }: RouteDeps): void {
  read(
    server,
    `${AT}/versions`,
    { summary: "Its versions, newest first", access: { team: "viewer" }, answer: page(Version), params: ByPlace, query: VersionsQuery },
    (request) => {
      const { limit = DEFAULT_LIMIT, ...rest } = request.query as Static<typeof VersionsQuery>;
      return api.listVersions(placeOf(request), { limit, ...rest });
    },
  );
  read(
    server,
    `${AT}/versions/:version`,
    { summary: "A version", access: { team: "viewer" }, answer: Version, params: ByVersion },
    (request) => api.getVersion(placeOf(request), (request.params as Static<typeof ByVersion>).version),
  );
  registerKeeping(server, api);
  read(
    server,
    `${AT}/versions/:version/configuration`,
    {
      summary: "The configuration that a version was made with",
      access: { team: "viewer" },
      answer: VersionConfiguration,
      params: ByVersion,
    },
    (request) => api.versionConfiguration(placeOf(request), (request.params as Static<typeof ByVersion>).version),
  );
  read(
    server,
    `${AT}/versions/:a/diff/:b`,
    {
      summary: "What differs between two versions: code and configuration",
      access: { team: "viewer" },
      answer: VersionDiff,
      params: ByTwo,
      query: DiffQuery,
    },
    (request) => {
      const { a, b } = request.params as Static<typeof ByTwo>;
      return api.diffVersions(placeOf(request), { from: a, to: b, ...(request.query as Static<typeof DiffQuery>) });
    },
  );
  change(
    server,
    `${AT}/promote`,
    {
      method: "POST",
      summary: "The same artifact as in another environment, with this one's configuration",
      access: { environment: "deploy" },
      params: ByPlace,
      body: Promote,
    },
    (request) => api.promote(placeOf(request), request.body as Promote, request.user),
  );
}

/** Which versions stay. */
function registerKeeping(server: FastifyInstance, api: RouteDeps["api"]): void {
  const changing = { access: { environment: "release" }, code: 200 } as const;
  write(
    server,
    `${AT}/versions/:version`,
    { ...changing, method: "PATCH", summary: "Pin a version, or unpin it", params: ByVersion, body: PatchVersion, answer: Version },
    (request) =>
      api.patchVersion(placeOf(request), (request.params as Static<typeof ByVersion>).version, request.body as PatchVersion, request.user),
  );
  const prune = { ...changing, method: "POST", params: ByPlace, body: Nothing, answer: PrunedVersions } as const;
  write(server, `${AT}/versions/prune`, { ...prune, summary: "Let go what its environment's policy does not keep" }, (request) =>
    api.pruneVersions(placeOf(request)),
  );
  write(
    server,
    `${AT}/versions/prune/plan`,
    { ...prune, summary: "What its environment's policy keeps and lets go", access: { team: "developer" }, unaudited: true },
    (request) => api.planPrune(placeOf(request)),
  );
}
