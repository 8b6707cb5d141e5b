import type { Database } from "../database/database.ts";
import { refuse } from "../errors.ts";
import { getTeam } from "../teams/store.ts";
import { parseQuota } from "./quota.ts";

/** Throws `quota_exceeded` when the team has as many apps as it may have. A bound for planning: two at once may go over it by one. */
export async function checkAppQuota(db: Database, team: string): Promise<void> {
  const { apps } = parseQuota((await getTeam(db, team)).quota_json);
  if (apps === null) return;
  const present = await countApps(db, team);
  if (present < apps) return;
  throw refuse("quota_exceeded", `The team ${team} has ${present} ${present === 1 ? "app" : "apps"}, and may have ${apps}`, {
    hint: `Delete one that is not needed, or ask a platform administrator: ebb team quota ${team} --apps N.`,
  });
}

export async function countApps(db: Database, team: string): Promise<number> {
  const { count } = await db
    .selectFrom("apps")
    .select(({ fn }) => fn.countAll<number | string>().as("count"))
    .where("team", "=", team)
    .executeTakeFirstOrThrow();
  return Number(count);
}
