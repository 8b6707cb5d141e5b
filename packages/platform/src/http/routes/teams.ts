import {
  CreateEnvironment,
  CreatePreview,
  CreateTeam,
  Environment,
  ExtendPreview,
  MoveEnvironment,
  MovePlan,
  PatchEnvironment,
  PatchQuota,
  PatchTeam,
  SleepEnvironment,
  Team,
  TeamQuota,
} from "@ebb/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Static } from "typebox";
import { visibleTeams } from "../../identity/access.ts";
import { callerOf } from "../authorisation.ts";
import { ByEnvironment, ByTeam, change, items, read, teamOf, write, type RouteDeps } from "./shapes.ts";

const envOf = (request: FastifyRequest): string => (request.params as Static<typeof ByEnvironment>).env;

const moveOf = (request: FastifyRequest) => ({
  team: teamOf(request),
  env: envOf(request),
  body: request.body as MoveEnvironment,
});

/** Teams and their environments. */
export function registerTeamRoutes(server: FastifyInstance, { api }: RouteDeps): void {
  read(server, "/teams", { summary: "All teams", access: { signedIn: true }, answer: items(Team) }, async (request) => ({
    items: await api.listTeams(visibleTeams(callerOf(request))),
  }));
  read(server, "/teams/:team", { summary: "A team", access: { team: "viewer" }, answer: Team, params: ByTeam }, (request) =>
    api.getTeam(teamOf(request)),
  );
  write(
    server,
    "/teams",
    { method: "POST", summary: "Make a team", access: { platformAdmin: true }, body: CreateTeam, answer: Team, code: 201 },
    (request) => api.createTeam(request.body as CreateTeam),
  );
  write(
    server,
    "/teams/:team",
    { method: "PATCH", summary: "Change a team", access: { team: "admin" }, params: ByTeam, body: PatchTeam, answer: Team, code: 200 },
    (request) => api.patchTeam(teamOf(request), request.body as PatchTeam),
  );
  read(
    server,
    "/teams/:team/quota",
    { summary: "What a team may have, and has", access: { team: "viewer" }, answer: TeamQuota, params: ByTeam },
    (request) => api.getQuota(teamOf(request)),
  );
  write(
    server,
    "/teams/:team/quota",
    {
      method: "PATCH",
      summary: "Change what a team may have",
      access: { platformAdmin: true },
      params: ByTeam,
      body: PatchQuota,
      answer: TeamQuota,
      code: 200,
    },
    (request) => api.patchQuota(teamOf(request), request.body as PatchQuota),
  );
  change(
    server,
    "/teams/:team",
    { method: "DELETE", summary: "Delete a team that has no apps", access: { platformAdmin: true }, params: ByTeam },
    (request) => api.deleteTeam(teamOf(request), request.user),
  );
  registerEnvironmentRoutes(server, api);
  registerEnvironmentChanges(server, api);
  registerPreviewRoutes(server, api);
}

/** Of developers, as each branch may have its own. */
function registerPreviewRoutes(server: FastifyInstance, api: RouteDeps["api"]): void {
  const one = "/teams/:team/previews/:env";
  const access = { team: "developer" } as const;
  write(
    server,
    "/teams/:team/previews",
    {
      method: "POST",
      summary: "Make an environment that deletes itself, or let one live on",
      access,
      params: ByTeam,
      body: CreatePreview,
      answer: Environment,
      code: 200,
    },
    (request) => api.createPreview(teamOf(request), request.body as CreatePreview),
  );
  write(
    server,
    one,
    { method: "PATCH", summary: "Let it live on", access, params: ByEnvironment, body: ExtendPreview, answer: Environment, code: 200 },
    (request) => api.extendPreview(teamOf(request), envOf(request), request.body as ExtendPreview),
  );
  change(server, one, { method: "DELETE", summary: "Delete a preview with all that is in it", access, params: ByEnvironment }, (request) =>
    api.deletePreview(teamOf(request), envOf(request), request.user),
  );
}

function registerEnvironmentRoutes(server: FastifyInstance, api: RouteDeps["api"]): void {
  const all = "/teams/:team/environments";
  const one = `${all}/:env`;
  read(
    server,
    all,
    { summary: "A team's environments, in the order of its chain", access: { team: "viewer" }, answer: items(Environment), params: ByTeam },
    async (request) => ({ items: await api.listEnvironments(teamOf(request)) }),
  );
  read(server, one, { summary: "An environment", access: { team: "viewer" }, answer: Environment, params: ByEnvironment }, (request) =>
    api.getEnvironment(teamOf(request), envOf(request)),
  );
  write(
    server,
    all,
    {
      method: "POST",
      summary: "Make an environment",
      access: { team: "admin" },
      params: ByTeam,
      body: CreateEnvironment,
      answer: Environment,
      code: 201,
    },
    (request) => api.createEnvironment(teamOf(request), request.body as CreateEnvironment),
  );
  write(
    server,
    one,
    {
      method: "PATCH",
      summary: "Change its policies",
      access: { team: "admin" },
      params: ByEnvironment,
      body: PatchEnvironment,
      answer: Environment,
      code: 200,
    },
    (request) => api.patchEnvironment(teamOf(request), envOf(request), request.body as PatchEnvironment),
  );
  change(
    server,
    one,
    {
      method: "DELETE",
      summary: "Delete an environment with all that is in it, and its namespace",
      access: { team: "admin" },
      params: ByEnvironment,
    },
    (request) => api.deleteEnvironment(teamOf(request), envOf(request), request.user),
  );
}

/** What is done to all apps in one at once. */
function registerEnvironmentChanges(server: FastifyInstance, api: RouteDeps["api"]): void {
  const one = "/teams/:team/environments/:env";
  change(
    server,
    `${one}/sleep`,
    {
      method: "POST",
      summary: "Let all apps in it sleep",
      access: { environment: "release" },
      params: ByEnvironment,
      body: SleepEnvironment,
    },
    (request) =>
      api.changeSleep({ team: teamOf(request), env: envOf(request), to: "sleep", body: request.body as SleepEnvironment }, request.user),
  );
  change(
    server,
    `${one}/wake`,
    { method: "POST", summary: "Wake it, in the order of what depends on what", access: { environment: "deploy" }, params: ByEnvironment },
    (request) => api.changeSleep({ team: teamOf(request), env: envOf(request), to: "wake" }, request.user),
  );
  change(
    server,
    `${one}/move`,
    { method: "POST", summary: "Move it to another cluster", access: { team: "admin" }, params: ByEnvironment, body: MoveEnvironment },
    (request) => api.moveEnvironment(moveOf(request), request.user),
  );
  write(
    server,
    `${one}/move/plan`,
    {
      method: "POST",
      summary: "What moving it would do, and what keeps it from being done",
      access: { team: "admin" },
      params: ByEnvironment,
      body: MoveEnvironment,
      answer: MovePlan,
      code: 200,
      unaudited: true,
    },
    (request) => api.planMove(moveOf(request)),
  );
}
