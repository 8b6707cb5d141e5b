import { AppName, EnvironmentName, Operation, TeamName, VersionName } from "@ebb/api";
import type { Clock, Logger, Random } from "@ebb/base";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static, type TSchema } from "typebox";
import type { Place } from "../../apps/store.ts";
import type { Authentication } from "../authentication.ts";
import type { Access } from "../../identity/access.ts";
import type { Identity } from "../../identity/identity.ts";
import type { PlatformApi } from "../port.ts";

/** What the routes of every area are made from. */
export interface RouteDeps {
  api: PlatformApi;
  identity: Identity;
  authentication: Authentication;
  clock: Clock;
  random: Random;
  uploadsRoot: string;
  log: Logger;
  /** Where people reach the platform: `https://ebb.example.com`. */
  origin: () => string;
  /** Aborted when the server stops: streams end. */
  stopping: AbortSignal;
}

export const ByTeam = Type.Object({ team: TeamName });
export const ByEnvironment = Type.Object({ team: TeamName, env: EnvironmentName });
export const ByApp = Type.Object({ app: AppName });
/** An app in an environment: what most addresses begin with. */
export const AT = "/apps/:app/environments/:env";
export const ByPlace = Type.Object({ app: AppName, env: EnvironmentName });
export const ByVersion = Type.Object({ app: AppName, env: EnvironmentName, version: VersionName });
export const ById = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
export const Flag = Type.Union([Type.Literal("true"), Type.Literal("false")]);
/** RFC 3339 in UTC. */
export const Time = Type.String({
  pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$",
  description: "RFC 3339, in UTC: 2026-03-01T10:00:00Z",
});
export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  cursor: Type.Optional(Type.String({ maxLength: 64, description: "The `next` of the page before" })),
};
export const items = <T extends TSchema>(schema: T) => Type.Object({ items: Type.Array(schema) });

/** `next` is null on the last page. */
export const page = <T extends TSchema>(schema: T) =>
  Type.Object({ items: Type.Array(schema), next: Type.Union([Type.String(), Type.Null()]) });

export const teamOf = (request: FastifyRequest): string => (request.params as Static<typeof ByTeam>).team;
export const placeOf = (request: FastifyRequest): Place => {
  const { app, env } = request.params as Static<typeof ByPlace>;
  return { app, env };
};
export const appOf = (request: FastifyRequest): string => (request.params as Static<typeof ByApp>).app;
export const idOf = (request: FastifyRequest): string => (request.params as Static<typeof ById>).id;

interface Read {
  summary: string;
  access: Access;
  answer: TSchema;
  params?: TSchema;
  query?: TSchema;
}

/** A route that answers 200 with what `run` gives. */
export function read(server: FastifyInstance, path: string, about: Read, run: (request: FastifyRequest) => Promise<unknown>): void {
  server.get(
    path,
    {
      config: { access: about.access },
      schema: {
        summary: about.summary,
        response: { 200: about.answer },
        ...(about.params ? { params: about.params } : {}),
        ...(about.query ? { querystring: about.query } : {}),
      },
    },
    run,
  );
}

interface Write {
  method: "PUT" | "POST" | "PATCH";
  summary: string;
  access: Access;
  params?: TSchema;
  body: TSchema;
  answer: TSchema;
  /** 201 when it makes something. */
  code: 200 | 201;
  /** It only says what a change would do. */
  unaudited?: true;
}

/** A route that is done when it answers. */
export function write(server: FastifyInstance, path: string, about: Write, run: (request: FastifyRequest) => Promise<unknown>): void {
  server.route({
    method: about.method,
    url: path,
    config: { access: about.access, ...(about.unaudited ? { unaudited: true } : {}) },
    schema: {
      summary: about.summary,
      body: about.body,
      response: { [about.code]: about.answer },
      ...(about.params ? { params: about.params } : {}),
    },
    handler: async (request, reply) => reply.code(about.code).send(await run(request)),
  });
}

interface Change {
  method: "PUT" | "POST" | "PATCH" | "DELETE";
  summary: string;
  access: Access;
  params: TSchema;
  body?: TSchema;
}

/** A route that begins an operation: 202 with it, and its address. */
export function change(server: FastifyInstance, path: string, about: Change, run: (request: FastifyRequest) => Promise<Operation>): void {
  server.route({
    method: about.method,
    url: path,
    config: { access: about.access },
    schema: {
      summary: about.summary,
      params: about.params,
      response: { 202: Operation },
      ...(about.body ? { body: about.body } : {}),
    },
    handler: async (request, reply) => accepted(reply, await run(request)),
  });
}

export function accepted(reply: FastifyReply, operation: Operation): FastifyReply {
  return reply.code(202).header("location", `/api/v1/operations/${operation.id}`).send(operation);
}
