import { App, Instance, Version } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { appOf, ByApp, change, items, read, type RouteDeps } from "./shapes.ts";

/** Apps, their versions and what runs of them. */
export function registerAppRoutes(server: FastifyInstance, { api }: RouteDeps): void {
  read(server, "/apps", { summary: "All apps", access: { team: "viewer" }, answer: items(App) }, async () => ({
    items: await api.listApps(),
  }));
  read(server, "/apps/:app", { summary: "An app", access: { team: "viewer" }, answer: App, params: ByApp }, (request) =>
    api.getApp(appOf(request)),
  );
  read(
    server,
    "/apps/:app/versions",
    { summary: "Its versions, newest first", access: { team: "viewer" }, answer: items(Version), params: ByApp },
    async (request) => ({
      items: await api.listVersions(appOf(request)),
    }),
  );
  read(
    server,
    "/apps/:app/instances",
    { summary: "What runs of it", access: { team: "viewer" }, answer: items(Instance), params: ByApp },
    async (request) => ({
      items: await api.listInstances(appOf(request)),
    }),
  );
  change(server, "/apps/:app", { method: "DELETE", summary: "Delete an app", access: { team: "admin" }, params: ByApp }, (request) =>
    api.deleteApp(appOf(request), request.user),
  );
}
