import type { FastifyReply } from "fastify";
import { SESSION_COOKIE, SESSION_SECONDS } from "../identity/sessions.ts";

/** Not readable by scripts, not sent along from other sites, and over TLS only where the console is reached by it. */
function options(origin: string) {
  return { path: "/", httpOnly: true, sameSite: "strict", secure: origin.startsWith("https:") } as const;
}

export function setSessionCookie(reply: FastifyReply, value: string, origin: string): FastifyReply {
  return reply.setCookie(SESSION_COOKIE, value, { ...options(origin), maxAge: SESSION_SECONDS });
}

export function clearSessionCookie(reply: FastifyReply, origin: string): FastifyReply {
  return reply.clearCookie(SESSION_COOKIE, options(origin));
}
