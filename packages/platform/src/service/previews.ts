import type { CreatePreview, Environment, Operation } from "@ebb/api";
import { changed, record } from "../audit/store.ts";
import type { Database } from "../database/database.ts";
import type { EnvironmentRow } from "../environments/policies.ts";
import { findEnvironment, getEnvironment } from "../environments/store.ts";
import { refuse } from "../errors.ts";
import { getTeam } from "../teams/store.ts";
import { environmentExists, environmentValues, viewEnvironment, type EnvironmentDeps } from "./environments.ts";
import { isUniqueViolation } from "../database/database.ts";
import type { Places } from "./places.ts";

const HOUR = 3_600_000;
/** Behind every stage of a chain: nothing goes there that was not sent there. */
const ORDER = 900;

/**
 * Makes an environment that deletes itself when its time is over; one that is there already lives on as long as this one would, so that a
 * pipeline may ask for it each time. Throws `too_many_previews`, `environment_being_deleted`, and `environment_exists` for one that is no preview.
 */
export async function createPreview(deps: EnvironmentDeps, places: Places, team: string, body: CreatePreview): Promise<Environment> {
  const { db, clock } = deps;
  await getTeam(db, team);
  const { name, branch = "", ttlHours } = body;
  const now = clock.now();
  await places.environmentStays({ team, name });
  const expires_at = now + Math.round(ttlHours * HOUR);
  const values = { ...environmentValues(team, { name, template: "test", order: ORDER }, now), branch, expires_at };
  try {
    await db.transaction().execute(async (transaction) => {
      const limit = await lockedLimit(transaction, team);
      const present = await findEnvironment(transaction, team, name);
      if (present) return extend(transaction, present, { expires_at, now, ...(branch === "" ? {} : { branch }) });
      await refuseMore(transaction, team, limit);
      await transaction.insertInto("environments").values(values).execute();
      const after = { branch, expiresAt: new Date(expires_at).toISOString() };
      await record(transaction, now, { action: "preview.created", object: `environment/${team}/${name}`, team, after });
    });
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw environmentExists(values, cause);
  }
  return viewEnvironment(deps, team, name);
}

export interface Extension {
  team: string;
  name: string;
  ttlHours: number;
}

/** From now on. Throws `environment_not_found`, `environment_being_deleted` and `not_a_preview`. */
export async function extendPreview(deps: EnvironmentDeps, places: Places, { team, name, ttlHours }: Extension): Promise<Environment> {
  const { db, clock } = deps;
  await getTeam(db, team);
  await places.environmentStays({ team, name });
  await db.transaction().execute(async (transaction) => {
    const present = await getEnvironment(transaction, team, name);
    await extend(transaction, present, { expires_at: clock.now() + Math.round(ttlHours * HOUR), now: clock.now() });
  });
  return viewEnvironment(deps, team, name);
}

/** Throws `environment_not_found` and `not_a_preview`. */
export async function deletePreview(
  { db }: EnvironmentDeps,
  places: Places,
  at: { team: string; env: string },
  user: string,
): Promise<Operation> {
  requirePreview(await getEnvironment(db, at.team, at.env));
  return places.delete({ ...at, app: "" }, user);
}

async function extend(
  transaction: Database,
  row: EnvironmentRow,
  { now, ...values }: { now: number; expires_at: number; branch?: string },
): Promise<void> {
  requirePreview(row);
  const { team, name } = row;
  await transaction
    .updateTable("environments")
    .set({ ...values, updated_at: now })
    .where("team", "=", team)
    .where("name", "=", name)
    .execute();
  const told = ({ expires_at, branch }: Pick<EnvironmentRow, "expires_at" | "branch">) => ({
    branch,
    expiresAt: new Date(expires_at ?? 0).toISOString(),
  });
  const change = changed(told(row), told({ ...row, ...values }));
  await record(transaction, now, { action: "preview.extended", object: `environment/${team}/${name}`, team, ...change });
}

function requirePreview({ expires_at, name, team }: EnvironmentRow): void {
  if (expires_at !== null) return;
  throw refuse("not_a_preview", `${name} of ${team} is an environment that stays`, {
    hint: "Choose another name for a preview; delete this one with: ebb env delete.",
  });
}

/** The team's row is written to, so that two at once count one after the other. */
async function lockedLimit(transaction: Database, team: string): Promise<number> {
  const { preview_limit } = await transaction
    .updateTable("teams")
    .set((eb) => ({ preview_limit: eb.ref("preview_limit") }))
    .where("name", "=", team)
    .returning("preview_limit")
    .executeTakeFirstOrThrow();
  return preview_limit;
}

async function refuseMore(transaction: Database, team: string, limit: number): Promise<void> {
  const rows = await transaction
    .selectFrom("environments")
    .select("name")
    .where("team", "=", team)
    .where("expires_at", "is not", null)
    .orderBy("expires_at")
    .execute();
  if (rows.length < limit) return;
  const next = rows[0] ? `; the next that ends is ${rows[0].name}` : "";
  throw refuse("too_many_previews", `The team ${team} has ${rows.length} previews, and may have ${limit}${next}`, {
    hint: "Delete one: ebb env delete NAME. An administrator raises the limit: ebb team set --previews N.",
  });
}
