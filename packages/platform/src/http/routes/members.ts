import { SetMember, TeamMember, UserName } from "@ebb/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { listMembers, removeMember, setMember } from "../../identity/members.ts";
import { items, read, type RouteDeps } from "./shapes.ts";

const Team = Type.String({ minLength: 1, maxLength: 63 });
const ByTeam = Type.Object({ team: Team });
const ByMember = Type.Object({ team: Team, user: UserName });

/** Who is in a team, with which role. */
export function registerMemberRoutes(server: FastifyInstance, { identity, clock }: RouteDeps): void {
  const { database } = identity;
  const memberOf = (request: FastifyRequest) => request.params as Static<typeof ByMember>;
  read(
    server,
    "/teams/:team/members",
    { summary: "A team's members", access: { team: "viewer" }, answer: items(TeamMember), params: ByTeam },
    async (request) => ({ items: await listMembers(database, (request.params as Static<typeof ByTeam>).team) }),
  );
  server.put(
    "/teams/:team/members/:user",
    {
      config: { access: { team: "admin" } },
      schema: { summary: "Add a member, or change a role", params: ByMember, body: SetMember },
    },
    async (request, reply) => {
      const { role } = request.body as SetMember;
      await setMember(database, clock.now(), { ...memberOf(request), role });
      return reply.code(204).send();
    },
  );
  server.delete(
    "/teams/:team/members/:user",
    { config: { access: { team: "admin" } }, schema: { summary: "Remove a member", params: ByMember } },
    async (request, reply) => {
      await removeMember(database, clock.now(), memberOf(request));
      return reply.code(204).send();
    },
  );
}
