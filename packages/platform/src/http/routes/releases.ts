import { MirrorReport, Release, ReleaseMoves, SetMirror, StartRelease } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { AT, ByPlace, change, items, placeOf, read, write, type RouteDeps } from "./shapes.ts";

const Nothing = Type.Object({}, { additionalProperties: false });

/** Moving the traffic to a version step by step. */
export function registerReleaseRoutes(server: FastifyInstance, { api }: RouteDeps): void {
  read(
    server,
    `${AT}/releases`,
    { summary: "Its releases, newest first", access: { team: "viewer" }, params: ByPlace, answer: items(Release) },
    async (request) => ({ items: await api.listReleases(placeOf(request)) }),
  );
  change(
    server,
    `${AT}/releases`,
    { method: "POST", summary: "Release a version step by step", access: { environment: "release" }, params: ByPlace, body: StartRelease },
    (request) => api.startRelease(placeOf(request), request.body as StartRelease, request.user),
  );
  write(
    server,
    `${AT}/releases/plan`,
    {
      method: "POST",
      summary: "Which of its last requests a release would move with its first and with its last step; changes nothing",
      access: { team: "developer" },
      params: ByPlace,
      body: StartRelease,
      answer: ReleaseMoves,
      code: 200,
      unaudited: true,
    },
    (request) => api.recent.planRelease(placeOf(request), request.body as StartRelease),
  );
  read(
    server,
    `${AT}/mirror`,
    {
      summary: "Which version gets copies of its requests, and how its answers compare",
      access: { team: "viewer" },
      params: ByPlace,
      answer: MirrorReport,
    },
    (request) => api.mirrors.report(placeOf(request)),
  );
  const mirror = { access: { environment: "release" }, params: ByPlace } as const;
  change(
    server,
    `${AT}/mirror`,
    { ...mirror, method: "PUT", summary: "Send copies of its requests to a version", body: SetMirror },
    (request) => api.mirrors.set(placeOf(request), request.body as SetMirror, request.user),
  );
  change(server, `${AT}/mirror`, { ...mirror, method: "DELETE", summary: "Send no more copies" }, (request) =>
    api.mirrors.stop(placeOf(request), request.user),
  );
  const say = { method: "POST", access: { environment: "release" }, params: ByPlace, body: Nothing, answer: Release, code: 200 } as const;
  write(server, `${AT}/releases/continue`, { ...say, summary: "Let the running release leave its step" }, (request) =>
    api.continueRelease(placeOf(request)),
  );
  write(server, `${AT}/releases/abort`, { ...say, summary: "End the running release and take it back" }, (request) =>
    api.abortRelease(placeOf(request)),
  );
}
