import { EnvVariables, PatchEnv, PatchSecrets, SecretList } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { appOf, ByApp, change, read, type RouteDeps } from "./shapes.ts";

/** Variables and secrets: a change makes a new version. */
export function registerSettingsRoutes(server: FastifyInstance, { api }: RouteDeps): void {
  read(server, "/apps/:app/env", { summary: "Its variables", access: { team: "viewer" }, answer: EnvVariables, params: ByApp }, (request) =>
    api.getEnv(appOf(request)),
  );
  read(
    server,
    "/apps/:app/secrets",
    { summary: "Names of its secrets", access: { team: "viewer" }, answer: SecretList, params: ByApp },
    (request) => api.listSecrets(appOf(request)),
  );
  change(
    server,
    "/apps/:app/env",
    { method: "PATCH", summary: "Change variables", access: { environment: "deploy" }, params: ByApp, body: PatchEnv },
    (request) => api.patchEnv(appOf(request), request.body as PatchEnv, request.user),
  );
  change(
    server,
    "/apps/:app/secrets",
    { method: "PATCH", summary: "Change secrets", access: { environment: "deploy" }, params: ByApp, body: PatchSecrets },
    (request) => api.patchSecrets(appOf(request), request.body as PatchSecrets, request.user),
  );
}
