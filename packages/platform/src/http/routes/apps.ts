import { App, AppEnvironment, CreateApp, Instance, PatchApp, PatchAppEnvironment, TeamName } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { visibleTeams } from "../../identity/access.ts";
import { callerOf } from "../authorisation.ts";
import { appOf, AT, ByApp, ByPlace, change, items, placeOf, read, write, type RouteDeps } from "./shapes.ts";

const AppsQuery = Type.Object({ team: Type.Optional(TeamName) });

/** Apps, each with the environments that it is in. */
export function registerAppRoutes(server: FastifyInstance, { api }: RouteDeps): void {
  read(server, "/apps", { summary: "All apps", access: { signedIn: true }, answer: items(App), query: AppsQuery }, async (request) => ({
    items: await api.listApps({ ...(request.query as Static<typeof AppsQuery>), visible: visibleTeams(callerOf(request)) }),
  }));
  read(server, "/apps/:app", { summary: "An app", access: { team: "viewer" }, answer: App, params: ByApp }, (request) =>
    api.getApp(appOf(request)),
  );
  write(
    server,
    "/apps",
    { method: "POST", summary: "Make an app with nothing in it", access: { team: "developer" }, body: CreateApp, answer: App, code: 201 },
    (request) => api.createApp(request.body as CreateApp),
  );
  write(
    server,
    "/apps/:app",
    {
      method: "PATCH",
      summary: "Change what is known of it",
      access: { team: "developer" },
      params: ByApp,
      body: PatchApp,
      answer: App,
      code: 200,
    },
    (request) => api.patchApp(appOf(request), request.body as PatchApp),
  );
  change(
    server,
    "/apps/:app",
    { method: "DELETE", summary: "Delete an app in all environments", access: { team: "admin" }, params: ByApp },
    (request) => api.deleteApp(appOf(request), request.user),
  );

  read(
    server,
    AT,
    { summary: "An app in an environment", access: { team: "viewer" }, answer: AppEnvironment, params: ByPlace },
    (request) => api.getPlace(placeOf(request)),
  );
  change(
    server,
    AT,
    {
      method: "PATCH",
      summary: "Give it another host there",
      access: { environment: "release" },
      params: ByPlace,
      body: PatchAppEnvironment,
    },
    (request) => api.patchPlace(placeOf(request), request.body as PatchAppEnvironment, request.user),
  );
  change(
    server,
    AT,
    { method: "DELETE", summary: "Delete it in this environment alone", access: { team: "admin" }, params: ByPlace },
    (request) => api.deletePlace(placeOf(request), request.user),
  );
  read(
    server,
    `${AT}/instances`,
    { summary: "What runs of it", access: { team: "viewer" }, answer: items(Instance), params: ByPlace },
    async (request) => ({
      items: await api.listInstances(placeOf(request)),
    }),
  );
}
