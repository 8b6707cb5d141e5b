import { EbbError } from "@ebb/base";
import type { FastifyInstance, FastifyReply } from "fastify";
import { Type, type Static } from "typebox";
import { refuse } from "../../errors.ts";
import { setSessionCookie } from "../session-cookie.ts";
import type { RouteDeps } from "./shapes.ts";

const COOKIE = "ebb_sign_in";
const PATH = "/api/v1/session/oidc";
const Start = Type.Object({ returnTo: Type.Optional(Type.String({ maxLength: 512 })) });
const PUBLIC = { access: { public: true } } as const;

/** By the company's identity provider: out to it, and back with a session. */
export function registerSingleSignOnRoutes(server: FastifyInstance, { identity, authentication, origin }: RouteDeps): void {
  const callbackUrl = () => `${origin()}${PATH}/callback`;
  server.get(
    "/session/oidc",
    { config: PUBLIC, schema: { summary: "Sign in by single sign-on: redirects to the identity provider", querystring: Start } },
    async (request, reply) => {
      const { singleSignOn } = identity;
      if (!singleSignOn) throw refuse("single_sign_on_failed", "This platform has no single sign-on");
      authentication.devices.failed(request.ip);
      const { returnTo = "/" } = request.query as Static<typeof Start>;
      const { url, cookie } = await singleSignOn.start(callbackUrl(), ownPath(returnTo, origin()));
      // Lax: it must come along when the provider sends the browser back.
      const options = { path: PATH, httpOnly: true, sameSite: "lax", secure: origin().startsWith("https:"), maxAge: 600 } as const;
      return reply.setCookie(COOKIE, cookie, options).header("cache-control", "no-store").redirect(url);
    },
  );
  server.get(
    "/session/oidc/callback",
    { config: PUBLIC, schema: { summary: "Where the identity provider sends the browser back to" } },
    async (request, reply) => {
      const { singleSignOn, sessions } = identity;
      reply.clearCookie(COOKIE, { path: PATH }).header("cache-control", "no-store");
      try {
        if (!singleSignOn) throw refuse("single_sign_on_failed", "This platform has no single sign-on");
        authentication.addresses.require(request.ip);
        const callback = new URL(request.url, origin());
        const { user, returnTo } = await singleSignOn.finish(callback, request.cookies[COOKIE] ?? "");
        if (request.origin) request.origin.actor = user.name;
        return setSessionCookie(reply, await sessions.open(user, "oidc"), origin()).redirect(returnTo);
      } catch (error) {
        return refused(reply, error);
      }
    },
  );
}

/** A browser shows this answer to a person: the console says it in their language. */
function refused(reply: FastifyReply, error: unknown): FastifyReply {
  if (!(error instanceof EbbError)) throw error;
  return reply.redirect(`/?refused=${encodeURIComponent(error.code)}`);
}

/** Only a path of our own: a link to the sign-in must not lead on to somebody else's page. */
function ownPath(returnTo: string, origin: string): string {
  const url = URL.parse(returnTo, origin);
  return url && url.origin === new URL(origin).origin ? `${url.pathname}${url.search}` : "/";
}
