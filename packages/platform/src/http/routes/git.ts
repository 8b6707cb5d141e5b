import {
  CreateGitCredential,
  DeployGit,
  GitCredential,
  GitSettings,
  HookAnswer,
  Operation,
  PatchGitSettings,
  PutRepository,
  Repository,
  RepositoryHook,
} from "@ebb/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { accepted, appOf, ByApp, ByTeam, items, read, teamOf, write, type RouteDeps } from "./shapes.ts";

/** GitHub sends as much; a push of thousands of commits is some hundred kilobytes. */
const LARGEST_DELIVERY = 25 * 1024 ** 2;
/** Deliveries from one address to one app that are not signed as they should be, a minute. */
const ByCredential = Type.Intersect([ByTeam, Type.Object({ credential: Type.String({ minLength: 1, maxLength: 64 }) })]);
const Nothing = Type.Object({}, { additionalProperties: false });
const REPOSITORY = "/apps/:app/repository";
const CREDENTIALS = "/teams/:team/git-credentials";

/** Source from Git: deployments, the repositories of apps, what they are read with, and the pushes that Git servers tell. */
export function registerGitRoutes(server: FastifyInstance, deps: RouteDeps): void {
  const { git } = deps.api;
  server.post(
    "/deployments/git",
    {
      config: { access: { environment: "deploy" } },
      schema: { summary: "Deploy a revision of a Git repository", body: DeployGit, response: { 202: Operation } },
    },
    async (request, reply) => accepted(reply, await git.deploy(request.body as DeployGit, request.user)),
  );
  registerRepository(server, deps);
  registerCredentials(server, deps);
  registerHook(server, deps);
  const settings = { access: { platformAdmin: true }, answer: GitSettings } as const;
  read(server, "/git-settings", { ...settings, summary: "Which Git servers the platform speaks to" }, () => git.settings());
  write(server, "/git-settings", { ...settings, method: "PATCH", summary: "Change that", body: PatchGitSettings, code: 200 }, (request) =>
    git.patchSettings(request.body as PatchGitSettings),
  );
}

/** Whoever says what a push does decides for all environments at once: an administrator of the team. */
function registerRepository(server: FastifyInstance, { api: { git }, origin }: RouteDeps): void {
  const administering = { access: { team: "admin" }, params: ByApp } as const;
  read(
    server,
    REPOSITORY,
    { summary: "Its repository, and what came of the newest pushes", access: { team: "viewer" }, params: ByApp, answer: Repository },
    (request) => git.get(appOf(request), origin()),
  );
  write(
    server,
    REPOSITORY,
    {
      ...administering,
      method: "PUT",
      summary: "Say which it is, and where pushes go",
      body: PutRepository,
      answer: Repository,
      code: 200,
    },
    (request) => git.put(appOf(request), request.body as PutRepository, { user: request.user, origin: origin() }),
  );
  server.delete(
    REPOSITORY,
    { config: { access: administering.access }, schema: { summary: "Take it away: pushes do nothing any more", params: ByApp } },
    async (request, reply) => {
      await git.remove(appOf(request));
      return reply.code(204).send();
    },
  );
  server.post(
    `${REPOSITORY}/hook`,
    {
      config: { access: administering.access, secretAnswer: true },
      schema: { summary: "A new secret for its webhook, shown this once", params: ByApp, body: Nothing, response: { 200: RepositoryHook } },
    },
    (request) => git.renewHook(appOf(request), origin()),
  );
}

function registerCredentials(server: FastifyInstance, { api: { git } }: RouteDeps): void {
  read(
    server,
    CREDENTIALS,
    {
      summary: "What the team reads repositories with, without what is secret",
      access: { team: "developer" },
      params: ByTeam,
      answer: items(GitCredential),
    },
    async (request) => ({ items: await git.credentials(teamOf(request)) }),
  );
  write(
    server,
    CREDENTIALS,
    {
      method: "POST",
      summary: "Give it a token or a deploy key",
      access: { team: "admin" },
      params: ByTeam,
      body: CreateGitCredential,
      answer: GitCredential,
      code: 201,
    },
    (request) => git.addCredential(teamOf(request), request.body as CreateGitCredential, request.user),
  );
  server.delete(
    `${CREDENTIALS}/:credential`,
    { config: { access: { team: "admin" } }, schema: { summary: "Take one away", params: ByCredential } },
    async (request, reply) => {
      await git.removeCredential(teamOf(request), (request.params as { credential: string }).credential);
      return reply.code(204).send();
    },
  );
}

/** Public: the signature says who it is. Its body is taken as it came, as that is what was signed. */
function registerHook(server: FastifyInstance, { api: { git }, authentication: { hooks: failures } }: RouteDeps): void {
  const keyOf = (request: FastifyRequest) => `${request.ip} ${appOf(request)}`;
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: LARGEST_DELIVERY }, (_, body, done) => done(null, body));
    scope.post(
      "/hooks/git/:app",
      {
        config: { access: { public: true }, unaudited: true },
        // Before its body is read: nobody needs a secret to send one.
        onRequest: async (request: FastifyRequest) => failures.failed(keyOf(request)),
        schema: {
          summary: "A push, told and signed by GitHub, GitLab or Gitea",
          params: ByApp,
          response: { 200: HookAnswer },
        },
      },
      async (request: FastifyRequest) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const answer = await git.receive(appOf(request), { headers: request.headers, body });
        failures.succeeded(keyOf(request));
        return answer;
      },
    );
  });
}
