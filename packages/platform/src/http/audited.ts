import type { Clock } from "@ebb/base";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { withOrigin, type Origin } from "../audit/context.ts";
import { record } from "../audit/store.ts";
import type { Database } from "../database/database.ts";
import { refuse } from "../errors.ts";
import { isPlatformAdmin } from "../identity/access.ts";

declare module "fastify" {
  interface FastifyRequest {
    origin: Origin | null;
  }
}

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Tells whoever records a change who asked for it, before authentication: sign-ins are recorded too. */
export function installOrigin(server: FastifyInstance): void {
  server.decorateRequest("origin", null);
  server.addHook("onRequest", (request, _, done) => {
    request.origin = {
      actor: "",
      actorId: "",
      credential: "",
      address: request.ip,
      client: request.headers["user-agent"] ?? "",
      request: request.id,
      recorded: 0,
    };
    withOrigin(request.origin, done);
  });
}

/**
 * Hooks for after authentication. No change without a row: what a handler did not record in its own transaction is recorded before it is
 * answered, by its route.
 */
export function installAudit(server: FastifyInstance, { database, clock }: { database: Database; clock: Clock }): void {
  // Once more: a body is read by events of the socket, which do not carry the context on.
  server.addHook("preValidation", (request, _, done) => {
    const { origin, caller } = request;
    if (!origin) return done();
    if (caller) Object.assign(origin, { actor: caller.name, actorId: caller.userId, credential: caller.credential });
    const why = overrideOf(request);
    if (why !== undefined && !(caller && isPlatformAdmin(caller))) {
      return done(refuse("forbidden", "Only a platform administrator changes what is frozen", { hint: "Ask one, or wait for its end." }));
    }
    if (why !== undefined) origin.overrideFreeze = why;
    withOrigin(origin, done);
  });
  server.addHook("onSend", async (request, reply) => {
    const { origin } = request;
    const { access, unaudited } = request.routeOptions.config;
    const changed = access && !unaudited && !SAFE_METHODS.has(request.method) && reply.statusCode < 400;
    if (!origin || !changed || origin.recorded > 0) return;
    const action = `${request.method as Uppercase<string>} /${request.routeOptions.url?.slice(1) ?? ""}` as const;
    await withOrigin(origin, () =>
      database
        .transaction()
        .execute((transaction) => record(transaction, clock.now(), { action, object: request.url.replace(/\?.*/, "") })),
    );
  });
}

const LONGEST_WHY = 500;

/** The reason in the header `ebb-override-freeze`, percent-encoded as headers are ASCII. Empty is none. */
function overrideOf(request: FastifyRequest): string | undefined {
  const value = request.headers["ebb-override-freeze"];
  if (typeof value !== "string" || value.trim() === "") return undefined;
  try {
    return decodeURIComponent(value).trim().slice(0, LONGEST_WHY);
  } catch {
    return value.trim().slice(0, LONGEST_WHY);
  }
}
