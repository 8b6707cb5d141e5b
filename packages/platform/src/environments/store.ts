import type { Database } from "../database/database.ts";
import { refuse } from "../errors.ts";
import { inOrder, type EnvironmentRow } from "./policies.ts";

/** The cluster that the platform was started with. */
export const MAIN_CLUSTER = "main";

/** Throws `environment_not_found`. */
export async function getEnvironment(db: Database, team: string, name: string): Promise<EnvironmentRow> {
  const row = await findEnvironment(db, team, name);
  if (!row) {
    throw refuse("environment_not_found", `The team ${team} has no environment ${name}`, {
      hint: `List them with: ebb env list --team ${team}.`,
    });
  }
  return row;
}

/** Reads it in order to change it: who else does waits until this transaction has ended. Throws `environment_not_found`. */
export async function holdEnvironment(transaction: Database, team: string, name: string): Promise<EnvironmentRow> {
  await transaction
    .updateTable("environments")
    .set((eb) => ({ updated_at: eb.ref("updated_at") }))
    .where("team", "=", team)
    .where("name", "=", name)
    .execute();
  return getEnvironment(transaction, team, name);
}

export function findEnvironment(db: Database, team: string, name: string): Promise<EnvironmentRow | undefined> {
  return db.selectFrom("environments").selectAll().where("team", "=", team).where("name", "=", name).executeTakeFirst();
}

/** In the order of the chain; of all teams when none is named. */
export async function listEnvironments(db: Database, team?: string): Promise<EnvironmentRow[]> {
  const query = db.selectFrom("environments").selectAll();
  return inOrder(await (team === undefined ? query : query.where("team", "=", team)).execute());
}

/** Where a deploy goes when nobody says. Throws `environment_not_found`. */
export async function firstEnvironment(db: Database, team: string): Promise<EnvironmentRow> {
  const [first] = await listEnvironments(db, team);
  if (!first) {
    throw refuse("environment_not_found", `The team ${team} has no environment yet`, {
      hint: `Make one: ebb env create test --team ${team}.`,
    });
  }
  return first;
}
