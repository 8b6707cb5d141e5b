import {
  App,
  AppName,
  DeployImage,
  EnvVariables,
  Instance,
  Metrics,
  Operation,
  PatchEnv,
  PatchSecrets,
  PlatformStatus,
  Rollback,
  ScalingDecisions,
  SecretList,
  SessionCode,
  SetTraffic,
  Version,
  VersionName,
} from "@ebb/api";
import type { Clock, Random } from "@ebb/base";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Readable } from "node:stream";
import { Type, type Static, type TSchema } from "typebox";
import { refuse } from "../errors.ts";
import { RESOLUTIONS } from "../metrics/store.ts";
import type { Authentication } from "./authentication.ts";
import type { PlatformApi } from "./port.ts";
import { SESSION_COOKIE, SESSION_SECONDS, type Sessions } from "./sessions.ts";
import { clientGone, sendStream } from "./stream.ts";
import { storeUpload } from "./upload.ts";

export interface RouteDeps {
  api: PlatformApi;
  sessions: Sessions;
  authentication: Authentication;
  clock: Clock;
  random: Random;
  uploadsRoot: string;
  /** Aborted when the server stops: streams end. */
  stopping: AbortSignal;
}

const ByApp = Type.Object({ app: AppName });
const ById = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
const Flag = Type.Union([Type.Literal("true"), Type.Literal("false")]);
/** RFC 3339 in UTC. */
const Time = Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$" });
const LogsQuery = Type.Object({
  version: Type.Optional(VersionName),
  instance: Type.Optional(Type.String({ maxLength: 253 })),
  follow: Type.Optional(Flag),
  tail: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000 })),
  since: Type.Optional(Time),
});
const DecisionsQuery = Type.Object({
  version: Type.Optional(VersionName),
  at: Type.Optional(Time),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
});
const MetricsQuery = Type.Object({
  from: Type.Optional(Time),
  to: Type.Optional(Time),
  step: Type.Optional(Type.Union(RESOLUTIONS.map(({ step }) => Type.Literal(step)))),
});
const UploadQuery = Type.Object({
  name: Type.Optional(AppName),
  defaultName: Type.Optional(Type.String({ maxLength: 255 })),
  noTraffic: Type.Optional(Flag),
});
const OperationsQuery = Type.Object({ app: Type.Optional(AppName), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })) });
const SignIn = Type.Object({ code: Type.String({ minLength: 1, maxLength: 256 }) }, { additionalProperties: false });
const items = <T extends TSchema>(schema: T) => Type.Object({ items: Type.Array(schema) });

interface Read {
  summary: string;
  answer: TSchema;
  params?: TSchema;
  query?: TSchema;
}

/** All routes below /api/v1, in the order of docs/reference/rest-api.md. */
export function registerRoutes(server: FastifyInstance, deps: RouteDeps): void {
  const { api } = deps;
  const app = (request: FastifyRequest) => (request.params as Static<typeof ByApp>).app;
  const id = (request: FastifyRequest) => (request.params as Static<typeof ById>).id;
  const read = (path: string, about: Read, run: (request: FastifyRequest) => Promise<unknown>) =>
    server.get(
      path,
      {
        schema: {
          summary: about.summary,
          response: { 200: about.answer },
          ...(about.params ? { params: about.params } : {}),
          ...(about.query ? { querystring: about.query } : {}),
        },
      },
      run,
    );

  read("/status", { summary: "How the platform is", answer: PlatformStatus }, (request) => api.status(request.user));
  read("/apps", { summary: "All apps", answer: items(App) }, async () => ({ items: await api.listApps() }));
  read("/apps/:app", { summary: "An app", answer: App, params: ByApp }, (request) => api.getApp(app(request)));
  read("/apps/:app/versions", { summary: "Its versions, newest first", answer: items(Version), params: ByApp }, async (request) => ({
    items: await api.listVersions(app(request)),
  }));
  read("/apps/:app/instances", { summary: "What runs of it", answer: items(Instance), params: ByApp }, async (request) => ({
    items: await api.listInstances(app(request)),
  }));
  read(
    "/apps/:app/decisions",
    { summary: "Why it has as many instances, newest first", answer: ScalingDecisions, params: ByApp, query: DecisionsQuery },
    (request) => {
      const { limit = 100, ...query } = request.query as Static<typeof DecisionsQuery>;
      return api.decisions(app(request), { limit, ...query });
    },
  );
  read(
    "/apps/:app/metrics",
    { summary: "Its requests, latencies, errors and instances over time", answer: Metrics, params: ByApp, query: MetricsQuery },
    (request) => api.metrics(app(request), request.query as Static<typeof MetricsQuery>),
  );
  read("/apps/:app/env", { summary: "Its variables", answer: EnvVariables, params: ByApp }, (request) => api.getEnv(app(request)));
  read("/apps/:app/secrets", { summary: "Names of its secrets", answer: SecretList, params: ByApp }, (request) =>
    api.listSecrets(app(request)),
  );
  read("/operations", { summary: "Operations, newest first", answer: items(Operation), query: OperationsQuery }, async (request) => {
    const { app: of, limit } = request.query as Static<typeof OperationsQuery>;
    return { items: await api.listOperations({ limit: limit ?? 50, ...(of === undefined ? {} : { app: of }) }) };
  });
  read("/operations/:id", { summary: "An operation", answer: Operation, params: ById }, (request) => api.getOperation(id(request)));
  server.get("/kubeconfig", { schema: { summary: "The cluster's kubeconfig" } }, async (_, reply) =>
    reply
      .header("content-type", "application/yaml")
      .header("cache-control", "no-store")
      .send(await api.kubeconfig()),
  );
  server.get("/schemas/ebb.json", { config: { public: true }, schema: { summary: "JSON Schema of ebb.yaml" } }, async (_, reply) =>
    reply.header("content-type", "application/schema+json").send(JSON.stringify(api.ebbYamlSchema())),
  );
  registerChanges(server, deps);
  registerStreams(server, deps);
  registerSessions(server, deps);
}

/** Routes that begin an operation: 202 with it, and its address. */
function registerChanges(server: FastifyInstance, { api, uploadsRoot, random }: RouteDeps): void {
  const app = (request: FastifyRequest) => (request.params as Static<typeof ByApp>).app;
  const change = (
    method: "PUT" | "POST" | "PATCH" | "DELETE",
    path: string,
    about: { summary: string; body?: TSchema },
    run: (request: FastifyRequest) => Promise<Operation>,
  ) =>
    server.route({
      method,
      url: path,
      schema: { summary: about.summary, params: ByApp, response: { 202: Operation }, ...(about.body ? { body: about.body } : {}) },
      handler: async (request, reply) => accepted(reply, await run(request)),
    });

  change("DELETE", "/apps/:app", { summary: "Delete an app" }, (request) => api.deleteApp(app(request), request.user));
  change("PUT", "/apps/:app/traffic", { summary: "Split the traffic", body: SetTraffic }, (request) =>
    api.setTraffic(app(request), request.body as SetTraffic, request.user),
  );
  change("POST", "/apps/:app/rollback", { summary: "Back to an earlier version", body: Rollback }, (request) =>
    api.rollback(app(request), request.body as Rollback, request.user),
  );
  change("PATCH", "/apps/:app/env", { summary: "Change variables", body: PatchEnv }, (request) =>
    api.patchEnv(app(request), request.body as PatchEnv, request.user),
  );
  change("PATCH", "/apps/:app/secrets", { summary: "Change secrets", body: PatchSecrets }, (request) =>
    api.patchSecrets(app(request), request.body as PatchSecrets, request.user),
  );

  server.post(
    "/deployments",
    {
      schema: {
        summary: "Deploy source (application/gzip, a tar) or an image (application/json)",
        querystring: UploadQuery,
        body: { content: { "application/json": { schema: DeployImage }, "application/gzip": { schema: {} } } },
        response: { 202: Operation },
      },
    },
    async (request, reply) => {
      if (request.headers["content-type"]?.startsWith("application/json")) {
        return accepted(reply, await api.deployImage(request.body as DeployImage, request.user));
      }
      const { name, defaultName, noTraffic } = request.query as Static<typeof UploadQuery>;
      const archive = await storeUpload(request.body as Readable, uploadsRoot, random);
      return accepted(reply, await api.deploySource({ name, defaultName, noTraffic: noTraffic === "true", archive }, request.user));
    },
  );
  server.post(
    "/operations/:id/cancel",
    { schema: { summary: "Cancel an operation", params: ById, response: { 200: Operation } } },
    (request) => api.cancelOperation((request.params as Static<typeof ById>).id, request.user),
  );
}

function registerStreams(server: FastifyInstance, { api, clock, stopping }: RouteDeps): void {
  server.get("/apps/:app/logs", { schema: { summary: "Log lines", params: ByApp, querystring: LogsQuery } }, async (request, reply) => {
    const query = request.query as Static<typeof LogsQuery>;
    const signal = clientGone(reply, stopping);
    const { follow, ...rest } = query;
    const source = await api.logs((request.params as Static<typeof ByApp>).app, { ...rest, follow: follow === "true", signal });
    await sendStream(reply, { source, kind: "ndjson", clock, signal });
  });
  server.get("/operations/:id/events", { schema: { summary: "What happens in an operation", params: ById } }, async (request, reply) => {
    const signal = clientGone(reply, stopping);
    const source = await api.operationEvents((request.params as Static<typeof ById>).id, signal);
    await sendStream(reply, { source, kind: "events", clock, signal });
  });
  server.get("/events", { schema: { summary: "What changes" } }, async (_, reply) => {
    const signal = clientGone(reply, stopping);
    await sendStream(reply, { source: api.changes(signal), kind: "events", clock, signal });
  });
}

function registerSessions(server: FastifyInstance, { sessions, authentication }: RouteDeps): void {
  const cookie = { path: "/", httpOnly: true, sameSite: "strict" } as const;
  server.post(
    "/session",
    { config: { public: true }, schema: { summary: "Sign in with a one-time code", body: SignIn } },
    async (request, reply) => {
      try {
        const session = await sessions.exchange((request.body as Static<typeof SignIn>).code);
        return await reply
          .setCookie(SESSION_COOKIE, session, { ...cookie, maxAge: SESSION_SECONDS })
          .code(204)
          .send();
      } catch (error) {
        authentication.failed(request.ip);
        throw error;
      }
    },
  );
  server.post(
    "/session/codes",
    { schema: { summary: "A one-time code to sign in with", response: { 201: SessionCode } } },
    async (_, reply) => reply.code(201).send({ code: await sessions.createCode() }),
  );
  server.delete("/session", { schema: { summary: "Sign out" } }, async (request, reply) => {
    const value = request.cookies[SESSION_COOKIE];
    if (value === undefined) throw refuse("invalid_request", "There is no session to end");
    await sessions.end(value);
    return reply.clearCookie(SESSION_COOKIE, cookie).code(204).send();
  });
}

function accepted(reply: FastifyReply, operation: Operation): FastifyReply {
  return reply.code(202).header("location", `/api/v1/operations/${operation.id}`).send(operation);
}
