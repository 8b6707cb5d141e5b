import { AppName, Operation } from "@ebb/api";
import type { Clock, Random } from "@ebb/base";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static, type TSchema } from "typebox";
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
  /** Where people reach the platform: `https://ebb.example.com`. */
  origin: () => string;
  /** Aborted when the server stops: streams end. */
  stopping: AbortSignal;
}

export const ByApp = Type.Object({ app: AppName });
export const ById = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
export const Flag = Type.Union([Type.Literal("true"), Type.Literal("false")]);
/** RFC 3339 in UTC. */
export const Time = Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$" });
export const items = <T extends TSchema>(schema: T) => Type.Object({ items: Type.Array(schema) });

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
