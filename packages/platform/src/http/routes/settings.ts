import {
  Configuration,
  ConfigurationChange,
  ConfigurationPatch,
  ConfigurationPlan,
  KeyRotation,
  LayerConfiguration,
  PatchSecrets,
  PatchVariables,
  SecretList,
  Variables,
} from "@ebb/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type, type TSchema } from "typebox";
import type { Access } from "../../identity/access.ts";
import type { LayerScope } from "../port.ts";
import { AT, ByEnvironment, ByPlace, ByTeam, change, placeOf, read, write, type RouteDeps } from "./shapes.ts";

const Nothing = Type.Object({}, { additionalProperties: false });

/** Variables and secrets of an app, and of the layers above it: a change makes a new version. */
export function registerSettingsRoutes(server: FastifyInstance, deps: RouteDeps): void {
  registerOfApp(server, deps);
  for (const layer of LAYERS) registerOfLayer(server, deps, layer);
  write(
    server,
    "/keys/rotate",
    {
      method: "POST",
      summary: "Change the master key that secrets are encrypted under",
      access: { platformAdmin: true },
      body: Nothing,
      answer: KeyRotation,
      code: 200,
    },
    () => deps.api.configuration.rotateKeys(),
  );
}

function registerOfApp(server: FastifyInstance, { api }: RouteDeps): void {
  const about = { access: { team: "viewer" }, params: ByPlace } as const;
  const changing = { method: "PATCH", access: { environment: "deploy" }, params: ByPlace } as const;
  read(server, `${AT}/variables`, { ...about, summary: "Its variables", answer: Variables }, (request) =>
    api.configuration.getVariables(placeOf(request)),
  );
  read(server, `${AT}/secrets`, { ...about, summary: "Names of its secrets", answer: SecretList }, (request) =>
    api.configuration.listSecrets(placeOf(request)),
  );
  read(
    server,
    `${AT}/configuration`,
    { ...about, summary: "Its variables and secrets, and the layer that each comes from", answer: Configuration },
    (request) => api.configuration.get(placeOf(request)),
  );
  change(server, `${AT}/variables`, { ...changing, summary: "Change variables", body: PatchVariables }, (request) =>
    api.configuration.patch(placeOf(request), request.body as PatchVariables, request.user),
  );
  change(server, `${AT}/secrets`, { ...changing, summary: "Change secrets", body: PatchSecrets }, (request) =>
    api.configuration.patch(placeOf(request), request.body as PatchSecrets, request.user),
  );
  change(server, `${AT}/configuration`, { ...changing, summary: "Change variables and secrets", body: ConfigurationPatch }, (request) =>
    api.configuration.patch(placeOf(request), request.body as ConfigurationPatch, request.user),
  );
  change(
    server,
    `${AT}/restart`,
    {
      method: "POST",
      summary: "Start what serves anew, as a version of its own with the configuration that there is now",
      access: { environment: "deploy" },
      params: ByPlace,
      body: Nothing,
    },
    (request) => api.configuration.restart(placeOf(request), request.user),
  );
  write(
    server,
    `${AT}/configuration/plan`,
    {
      method: "POST",
      summary: "What a change of its configuration would do",
      access: { environment: "deploy" },
      params: ByPlace,
      body: ConfigurationPatch,
      answer: ConfigurationPlan,
      code: 200,
      unaudited: true,
    },
    (request) => api.configuration.plan(placeOf(request), request.body as ConfigurationPatch),
  );
}

interface LayerRoutes {
  of: string;
  path: string;
  params?: TSchema;
  reading: Access;
  changing: Access;
}

/** A layer above apps is changed by whoever answers for all of them. */
const LAYERS: readonly LayerRoutes[] = [
  { of: "the platform", path: "", reading: { platformAdmin: true }, changing: { platformAdmin: true } },
  { of: "a team", path: "/teams/:team", params: ByTeam, reading: { team: "viewer" }, changing: { team: "admin" } },
  {
    of: "an environment",
    path: "/teams/:team/environments/:env",
    params: ByEnvironment,
    reading: { team: "viewer" },
    changing: { environment: "release" },
  },
];

function registerOfLayer(server: FastifyInstance, { api }: RouteDeps, { of, path, params, reading, changing }: LayerRoutes): void {
  const at = `${path}/configuration`;
  const given = params ? { params } : {};
  read(server, at, { ...given, summary: `Variables and secrets of ${of}`, access: reading, answer: LayerConfiguration }, (request) =>
    api.configuration.getLayer(scopeOf(request)),
  );
  const body = { ...given, access: changing, body: ConfigurationPatch, code: 200 } as const;
  write(
    server,
    `${at}/plan`,
    {
      ...body,
      method: "POST",
      summary: `What a change of the configuration of ${of} would do`,
      answer: ConfigurationPlan,
      unaudited: true,
    },
    (request) => api.configuration.planLayer(scopeOf(request), request.body as ConfigurationPatch),
  );
  write(
    server,
    at,
    { ...body, method: "PATCH", summary: `Change variables and secrets of ${of}`, answer: ConfigurationChange },
    (request) => api.configuration.patchLayer(scopeOf(request), request.body as ConfigurationPatch, request.user),
  );
}

function scopeOf(request: FastifyRequest): LayerScope {
  const { team = "", env = "" } = request.params as { team?: string; env?: string };
  return { team, env };
}
