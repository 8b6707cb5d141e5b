import { SessionCode } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { refuse } from "../../errors.ts";
import { SESSION_COOKIE, SESSION_SECONDS } from "../sessions.ts";
import type { RouteDeps } from "./shapes.ts";

const SignIn = Type.Object({ code: Type.String({ minLength: 1, maxLength: 256 }) }, { additionalProperties: false });

export function registerSessionRoutes(server: FastifyInstance, { sessions, authentication }: RouteDeps): void {
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
