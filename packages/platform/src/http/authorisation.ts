import { BugError, type EbbError } from "@ebb/base";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { refuse } from "../errors.ts";
import { decideAccess, type Access, type Caller, type Facts } from "../identity/access.ts";

/** What a request is about, and what to answer whoever may not know that it exists. */
export interface Subject {
  facts: Facts;
  hidden: EbbError;
}

/** Finds the team (and the environment) of a request. Throws the same refusal as `hidden` for what does not exist. */
export type FindSubject = (request: FastifyRequest) => Promise<Subject>;

export interface DeclaredRoute {
  method: string;
  /** With its parameters: `/api/v1/apps/:app`. */
  url: string;
  access: Access;
}

/**
 * Deny by default: a route of the API that does not declare its access cannot be registered, and each request is decided before its input is
 * looked at any further.
 */
export function installAuthorisation(server: FastifyInstance, find: FindSubject): readonly DeclaredRoute[] {
  const declared: DeclaredRoute[] = [];
  server.addHook("onRoute", (route) => {
    if (!route.url.startsWith("/api/")) return;
    const access = route.config?.access;
    if (access) return void declared.push({ method: String(route.method), url: route.url, access });
    throw new BugError("route_without_access", `${String(route.method)} ${route.url} does not declare who may use it (config.access)`);
  });
  server.addHook("preValidation", async (request) => {
    const { access } = request.routeOptions.config;
    if (request.is404 || !access) return;
    await authorise(request, access, find);
  });
  return declared;
}

async function authorise(request: FastifyRequest, access: Access, find: FindSubject): Promise<void> {
  const caller = request.caller ?? undefined;
  const subject = "team" in access || "environment" in access ? await find(request) : undefined;
  const decision = decideAccess(caller, access, subject?.facts ?? {});
  if (decision.allowed) return;
  if (decision.reason === "unauthenticated") throw refuse("unauthenticated", "Not signed in");
  if (decision.reason === "hidden") throw subject?.hidden ?? refuse("forbidden", "You may not do this");
  throw refuse("forbidden", `This takes ${decision.needs}`, { hint: decision.hint });
}

/** Who may use a route, for readers of the OpenAPI document; public ones take no token. */
export function accessInOpenApi(access: Access | undefined): Record<string, unknown> {
  if (!access) return {};
  return { "x-access": access, ...("public" in access ? { security: [] } : {}) };
}

/** The caller of a route that takes one; its access has been decided. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new BugError("no_caller", "a route that takes a caller has none");
  return request.caller;
}
