import type { Selectable } from "kysely";
import type { Database } from "../database/database.ts";
import type { TeamTable } from "../database/schema.ts";
import { refuse } from "../errors.ts";

export type TeamRow = Selectable<TeamTable>;

/** There from the first start; apps of nobody else's are its. */
export const DEFAULT_TEAM = "default";

/** Reads it in order to change it: who else does waits until this transaction has ended. Throws `team_not_found`. */
export async function holdTeam(transaction: Database, name: string): Promise<TeamRow> {
  await transaction
    .updateTable("teams")
    .set((eb) => ({ updated_at: eb.ref("updated_at") }))
    .where("name", "=", name)
    .execute();
  return getTeam(transaction, name);
}

/** Throws `team_not_found`. */
export async function getTeam(db: Database, name: string): Promise<TeamRow> {
  const row = await db.selectFrom("teams").selectAll().where("name", "=", name).executeTakeFirst();
  if (!row) throw refuse("team_not_found", `There is no team ${name}`, { hint: "List them with: ebb team list." });
  return row;
}
