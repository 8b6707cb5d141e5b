import type { Clock } from "@ebb/base";
import type { FastifyReply, FastifyRequest } from "fastify";
import { refuse } from "../errors.ts";
import { SESSION_COOKIE, type Sessions } from "./sessions.ts";

/** So many wrong tokens or codes a minute from one address; after that it waits for the minute to end. */
const FAILURES_A_MINUTE = 20;
const MINUTE = 60_000;
/** Addresses remembered at once; a flood from more than these is let in to the (constant-time) check again. */
const MOST_ADDRESSES = 10_000;
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks; empty before authentication and on public routes. */
    user: string;
  }
  interface FastifyContextConfig {
    /** Served without authentication. */
    public?: boolean;
  }
}

export interface Authentication {
  /** A hook for every request: throws `unauthenticated`, `forbidden_origin`, `too_many_failures`. */
  check(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Counts a failed sign-in, and throws `too_many_failures` when there were too many. */
  failed(address: string): void;
}

/**
 * `hosts`: the Host headers under which this server is meant to be reached. Others are refused: a page of somebody else's whose name
 * resolves to this machine (DNS rebinding) would otherwise speak with the rights of whoever looks at it.
 */
export function createAuthentication(sessions: Sessions, hosts: () => ReadonlySet<string>, clock: Clock): Authentication {
  const failures = new Map<string, { count: number; until: number }>();

  const require = (address: string) => {
    const seen = failures.get(address);
    if (seen && seen.until <= clock.now()) failures.delete(address);
    else if (seen && seen.count >= FAILURES_A_MINUTE)
      throw refuse("too_many_failures", "Too many failed sign-ins from this address; try again in a minute");
  };
  const failed = (address: string) => {
    require(address);
    if (failures.size >= MOST_ADDRESSES) failures.clear();
    const seen = failures.get(address) ?? { count: 0, until: clock.now() + MINUTE };
    seen.count++;
    failures.set(address, seen);
  };
  const refuseCaller = (request: FastifyRequest, message: string): never => {
    failed(request.ip);
    throw refuse("unauthenticated", message, { hint: "The CLI signs in by itself; `ebb open console` opens the console signed in." });
  };

  return {
    failed,
    async check(request) {
      if (!hosts().has((request.headers.host ?? "").toLowerCase())) {
        throw refuse("forbidden_origin", `This server is not reached as ${request.headers.host ?? "(no host)"}`, {
          hint: `Use ${[...hosts()].join(" or ")}.`,
        });
      }
      // By the route that was matched, never by the address as it was written: `/%61pi/` is `/api/` to the router.
      if (request.is404 || request.routeOptions.config.public || !request.routeOptions.url?.startsWith("/api/")) return;
      require(request.ip);
      const bearer = /^Bearer (\S{1,512})$/i.exec(request.headers.authorization ?? "")?.[1];
      if (bearer !== undefined) {
        request.user = sessions.bearer(bearer) ?? refuseCaller(request, "This token is not valid");
        return;
      }
      const cookie = request.cookies[SESSION_COOKIE];
      if (cookie === undefined)
        throw refuse("unauthenticated", "Not signed in", { hint: "Run `ebb open console`, or send Authorization: Bearer TOKEN." });
      request.user = (await sessions.cookie(cookie)) ?? refuseCaller(request, "This session has ended");
      if (!SAFE_METHODS.has(request.method)) requireOwnOrigin(request, hosts());
    },
  };
}

/** A browser sends the cookie along with requests that other sites make it send; it also says who made it. */
function requireOwnOrigin(request: FastifyRequest, hosts: ReadonlySet<string>): void {
  const { origin } = request.headers;
  const host = origin === undefined ? undefined : URL.parse(origin)?.host;
  if (host === undefined || !hosts.has(host))
    throw refuse("forbidden_origin", "Changes with a session cookie are taken from the console only");
}
