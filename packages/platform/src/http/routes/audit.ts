import { AuditPage, AuditVerification } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { listAudit, readAudit, verifyAudit, viewAudit } from "../../audit/store.ts";
import { refuse } from "../../errors.ts";
import { isPlatformAdmin, roleIn, type Caller } from "../../identity/access.ts";
import { atLeast } from "../../identity/roles.ts";
import { callerOf } from "../authorisation.ts";
import { clientGone, sendStream } from "../stream.ts";
import { read, Time, type RouteDeps } from "./shapes.ts";

const Words = Type.String({ minLength: 1, maxLength: 256 });
const Query = Type.Object({
  actor: Type.Optional(Words),
  action: Type.Optional(Words),
  object: Type.Optional(Words),
  team: Type.Optional(Words),
  from: Type.Optional(Time),
  to: Type.Optional(Time),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  cursor: Type.Optional(Type.String({ pattern: "^[0-9]{1,15}$", description: "As the page before gave it" })),
});
const Known = Type.Object({
  seq: Type.Optional(Type.Integer({ minimum: 0 })),
  hash: Type.Optional(Type.String({ pattern: "^[0-9a-f]{64}$", description: "64 hexadecimal digits" })),
});

/** What was done, by whom. */
export function registerAuditRoutes(server: FastifyInstance, { identity, clock, stopping }: RouteDeps): void {
  const { database } = identity;
  read(
    server,
    "/audit",
    {
      summary: "What was changed, newest first; a team's administrators see their teams'",
      access: { signedIn: true },
      answer: AuditPage,
      query: Query,
    },
    async (request) => {
      const { limit = 50, cursor, from, to, team, ...filter } = request.query as Static<typeof Query>;
      const teams = teamsFor(callerOf(request), team);
      const rows = await listAudit(database, {
        ...filter,
        teams,
        ...(from === undefined ? {} : { from: Date.parse(from) }),
        ...(to === undefined ? {} : { to: Date.parse(to) }),
        ...(cursor === undefined ? {} : { before: Number(cursor) }),
        limit: limit + 1,
      });
      const shown = rows.slice(0, limit);
      return { items: shown.map(viewAudit), next: rows.length > limit ? String(shown.at(-1)?.seq ?? 0) : null };
    },
  );
  server.get(
    "/audit/export",
    { config: { access: { platformAdmin: true } }, schema: { summary: "Every row, oldest first (application/x-ndjson)" } },
    async (_, reply) => {
      const signal = clientGone(reply, stopping);
      await sendStream(reply, { source: exported(), kind: "ndjson", clock, signal });
    },
  );
  async function* exported() {
    for await (const row of readAudit(database)) yield viewAudit(row);
  }
  read(
    server,
    "/audit/verification",
    { summary: "Whether the trail is what was written", access: { platformAdmin: true }, answer: AuditVerification, query: Known },
    (request) => {
      const { seq, hash } = request.query as Static<typeof Known>;
      if ((seq === undefined) !== (hash === undefined))
        throw refuse("invalid_request", "Give both seq and hash of the row that you noted, or neither");
      return verifyAudit(database, seq === undefined || hash === undefined ? undefined : { seq, hash });
    },
  );
}

/** Undefined: all, also the platform's own rows. Throws `forbidden`. */
function teamsFor(caller: Caller, asked: string | undefined): readonly string[] | undefined {
  if (isPlatformAdmin(caller)) return asked === undefined ? undefined : [asked];
  const own = [...caller.roles.keys()].filter((team) => atLeast(roleIn(caller, team), "admin"));
  if (own.length === 0 || (asked !== undefined && !own.includes(asked))) {
    throw refuse("forbidden", "The audit trail is for administrators: of a team for its own, of the platform for all of it");
  }
  return asked === undefined ? own : [asked];
}
