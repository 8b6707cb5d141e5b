import { Variables, PatchVariables, PatchSecrets, SecretList } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { AT, placeOf, ByPlace, change, read, type RouteDeps } from "./shapes.ts";

/** Variables and secrets: a change makes a new version. */
export function registerSettingsRoutes(server: FastifyInstance, { api }: RouteDeps): void {
  read(server, `${AT}/variables`, { summary: "Its variables", access: { team: "viewer" }, answer: Variables, params: ByPlace }, (request) =>
    api.getVariables(placeOf(request)),
  );
  read(
    server,
    `${AT}/secrets`,
    { summary: "Names of its secrets", access: { team: "viewer" }, answer: SecretList, params: ByPlace },
    (request) => api.listSecrets(placeOf(request)),
  );
  change(
    server,
    `${AT}/variables`,
    { method: "PATCH", summary: "Change variables", access: { environment: "deploy" }, params: ByPlace, body: PatchVariables },
    (request) => api.patchVariables(placeOf(request), request.body as PatchVariables, request.user),
  );
  change(
    server,
    `${AT}/secrets`,
    { method: "PATCH", summary: "Change secrets", access: { environment: "deploy" }, params: ByPlace, body: PatchSecrets },
    (request) => api.patchSecrets(placeOf(request), request.body as PatchSecrets, request.user),
  );
}
