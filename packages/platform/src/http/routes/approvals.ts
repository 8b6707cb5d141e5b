import { Approval, Approve, Operation, Reject } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { listApprovals } from "../../approvals/store.ts";
import { visibleTeams } from "../../identity/access.ts";
import { callerOf } from "../authorisation.ts";
import { ById, Flag, idOf, items, read, type RouteDeps } from "./shapes.ts";

const Query = Type.Object({ all: Type.Optional(Flag) });
/** Whoever may release there may decide. */
const RELEASE = { environment: "release" } as const;

/** Operations that wait for people. */
export function registerApprovalRoutes(server: FastifyInstance, { api, identity }: RouteDeps): void {
  read(
    server,
    "/approvals",
    {
      summary: "What waits for approval in your teams, newest first; all=true: also what was decided",
      access: { signedIn: true },
      answer: items(Approval),
      query: Query,
    },
    async (request) => {
      const { all } = request.query as Static<typeof Query>;
      return { items: await listApprovals(identity.database, { teams: visibleTeams(callerOf(request)), waiting: all !== "true" }) };
    },
  );
  server.post(
    "/operations/:id/approve",
    {
      config: { access: RELEASE },
      schema: { summary: "Approve an operation of somebody else's", params: ById, body: Approve, response: { 200: Operation } },
    },
    (request) => {
      const { why = "" } = request.body as Approve;
      return api.voteOperation(idOf(request), { voter: callerOf(request), vote: "approve", why });
    },
  );
  server.post(
    "/operations/:id/reject",
    {
      config: { access: RELEASE },
      schema: { summary: "Reject an operation, which ends it", params: ById, body: Reject, response: { 200: Operation } },
    },
    (request) => {
      const { why } = request.body as Reject;
      return api.voteOperation(idOf(request), { voter: callerOf(request), vote: "reject", why });
    },
  );
}
