import { currentOrigin } from "../audit/context.ts";
import type { Database } from "../database/database.ts";
import { policiesOf } from "../environments/policies.ts";
import { listEnvironments } from "../environments/store.ts";
import type { ApprovalNeed } from "./store.ts";

/**
 * What an operation needs before it may run: as its environment asks; what is about all of them, as the strictest asks. Undefined: nothing.
 * Its author is whoever the request that is being answered comes from.
 */
export async function approvalNeed(db: Database, { team, env }: { team: string; env: string }): Promise<ApprovalNeed | undefined> {
  const environments = (await listEnvironments(db, team)).filter(({ name }) => env === "" || name === env);
  const needed = Math.max(0, ...environments.map((environment) => policiesOf(environment).approvals));
  return needed === 0 ? undefined : { needed, authorId: currentOrigin().actorId, team, environment: env };
}
