import type { Clock } from "@ebb/base";
import type { FastifyRequest } from "fastify";
import type { Bus } from "../database/bus.ts";
import { refuse } from "../errors.ts";
import type { Access, Caller } from "../identity/access.ts";
import type { Callers } from "../identity/callers.ts";
import { SESSION_COOKIE } from "../identity/sessions.ts";
import { FailureLimit } from "./failure-limit.ts";

/** So many wrong tokens, codes or passwords a minute from one address; after that it waits for the minute to end. */
const FAILURES_A_MINUTE = 20;
const MINUTE = 60_000;
/** Of one user's password, from anywhere: guesses from many addresses; a name that nobody has is counted alike. */
const FAILURES_OF_A_NAME = 30;
const NAME_PERIOD = 15 * MINUTE;
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks, as it stands in operations and the audit trail; empty before authentication and on public routes. */
    user: string;
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** Who may use the route; without it the route refuses to register. */
    access?: Access;
    /** A POST that changes nothing worth a row in the audit trail. */
    unaudited?: true;
    /** Its answer holds a secret, which is kept nowhere. */
    secretAnswer?: true;
    /** Set by preconditions.ts: a change that answers as a GET of the same address would. */
    showsResource?: true;
  }
}

export interface Authentication {
  /** A hook for every request: throws `unauthenticated`, `forbidden_origin`, `too_many_failures`. */
  check(request: FastifyRequest): Promise<void>;
  /** Throws `forbidden_origin` unless the request comes from the console's own pages, or from no page at all. */
  requireOwnPage(request: FastifyRequest): void;
  /** Failed sign-ins by address. */
  addresses: FailureLimit;
  /** Failed sign-ins by the user's name. */
  names: FailureLimit;
  /** Command lines that ask to be let in, by address: each is two rows until it expires. */
  devices: FailureLimit;
  /** Deliveries of Git servers that are not signed as they should be, by address and app. */
  hooks: FailureLimit;
}

/**
 * `hosts`: the Host headers under which this server is meant to be reached. Others are refused: a page of somebody else's whose name
 * resolves to this machine (DNS rebinding) would otherwise speak with the rights of whoever looks at it.
 */
export function createAuthentication(callers: Callers, hosts: () => ReadonlySet<string>, clock: Clock, bus?: Bus): Authentication {
  const again = "Too many failed sign-ins";
  const limit = (name: string, most: number, period: number, message: string) => {
    const tell = (key: string, by: 1 | -1) => bus?.tell({ kind: "attempt", limit: name, key, by });
    const made = new FailureLimit({ clock, most, period, message, tell });
    // Somebody who guesses at all platforms in turn has no more guesses than at one.
    bus?.heard.on((notice) => {
      if (notice.kind === "attempt" && notice.limit === name) made.add(notice.key, notice.by);
    });
    return made;
  };
  const addresses = limit("addresses", FAILURES_A_MINUTE, MINUTE, `${again} from this address; try again in a minute`);
  const names = limit("names", FAILURES_OF_A_NAME, NAME_PERIOD, `${again} with this name; try again in a quarter of an hour`);
  const devices = limit("devices", FAILURES_A_MINUTE, MINUTE, "Too many of these; try again in a minute");
  const unsigned = "Too many deliveries that are not signed as they should be; try again in a minute";
  const hooks = limit("hooks", FAILURES_A_MINUTE, MINUTE, unsigned);
  const refuseCaller = (request: FastifyRequest, message: string): never => {
    addresses.failed(request.ip);
    throw refuse("unauthenticated", message, { hint: "Sign in again: `ebb login URL`, or on this machine `ebb open console`." });
  };
  const identify = async (request: FastifyRequest): Promise<Caller> => {
    const bearer = /^Bearer (\S{1,512})$/i.exec(request.headers.authorization ?? "")?.[1];
    if (bearer !== undefined) return (await callers.bearer(bearer)) ?? refuseCaller(request, "This token is not valid");
    const cookie = request.cookies[SESSION_COOKIE];
    if (cookie === undefined)
      throw refuse("unauthenticated", "Not signed in", { hint: "Run `ebb open console`, or send Authorization: Bearer TOKEN." });
    const caller = (await callers.cookie(cookie)) ?? refuseCaller(request, "This session has ended");
    if (!SAFE_METHODS.has(request.method)) requireOwnOrigin(request, hosts());
    return caller;
  };

  return {
    addresses,
    names,
    devices,
    hooks,
    requireOwnPage(request) {
      if (request.headers.origin !== undefined) requireOwnOrigin(request, hosts());
    },
    async check(request) {
      if (!hosts().has((request.headers.host ?? "").toLowerCase())) {
        throw refuse("forbidden_origin", `This server is not reached as ${request.headers.host ?? "(no host)"}`, {
          hint: `Use ${[...hosts()].join(" or ")}.`,
        });
      }
      // By the route that was matched, never by the address as it was written: `/%61pi/` is `/api/` to the router.
      if (request.is404 || !request.routeOptions.url?.startsWith("/api/")) return;
      const { access } = request.routeOptions.config;
      if (access && "public" in access) return;
      addresses.require(request.ip);
      request.caller = await identify(request);
      request.user = request.caller.name;
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
