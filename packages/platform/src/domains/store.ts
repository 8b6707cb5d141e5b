import type { DomainProblem } from "@ebb/api";
import type { Selectable, Updateable } from "kysely";
import type { Database } from "../database/database.ts";
import type { DomainTable } from "../database/domain-tables.ts";
import type { Place } from "../apps/store.ts";
import { refuse } from "../errors.ts";

export type DomainRow = Selectable<DomainTable>;

/** Throws `domain_not_found`. */
export async function getDomain(db: Database, place: Place, name: string): Promise<DomainRow> {
  const row = await findDomain(db, name);
  if (row?.app === place.app && row.env === place.env) return row;
  throw refuse("domain_not_found", `${place.app} has no domain ${name} in ${place.env}`, {
    hint: `List them with: ebb domain list ${place.app} --env ${place.env}.`,
  });
}

export function findDomain(db: Database, name: string): Promise<DomainRow | undefined> {
  return db.selectFrom("domains").selectAll().where("name", "=", name).executeTakeFirst();
}

export function listDomains(db: Database, { app, env }: Place): Promise<DomainRow[]> {
  return db.selectFrom("domains").selectAll().where("app", "=", app).where("env", "=", env).orderBy("name").execute();
}

/** By name; `teams` undefined: of all. */
export async function listAllDomains(db: Database, teams: readonly string[] | undefined): Promise<DomainRow[]> {
  if (teams?.length === 0) return [];
  return db
    .selectFrom("domains")
    .selectAll()
    .$if(teams !== undefined, (query) => query.where("team", "in", [...(teams ?? [])]))
    .orderBy("name")
    .execute();
}

/** Only as long as it is the row that was meant: one of that name may have been removed and added by others. */
export async function updateDomain(
  db: Database,
  { name, token }: Pick<DomainRow, "name" | "token">,
  set: Updateable<DomainTable>,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("domains")
    .set(set)
    .where("name", "=", name)
    .where("token", "=", token)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** When to look at it again, unless somebody has changed it since it was read: that is looked at as soon as they have said. */
export async function plan(db: Database, { name, token, updated_at }: DomainRow, look_at: number): Promise<void> {
  await db
    .updateTable("domains")
    .set({ look_at })
    .where("name", "=", name)
    .where("token", "=", token)
    .where("updated_at", "=", updated_at)
    .execute();
}

export function problemOf({ problem_json }: Pick<DomainRow, "problem_json">): Omit<DomainProblem, "retryAt"> | undefined {
  return problem_json === "" ? undefined : (JSON.parse(problem_json) as Omit<DomainProblem, "retryAt">);
}

/** For one look: nobody else looks at the domain until it is let go or the lease has lapsed. */
export async function leaseDomain(
  db: Database,
  name: string,
  lease: { owner: string; now: number; until: number },
): Promise<DomainRow | undefined> {
  return db
    .updateTable("domains")
    .set({ lease_owner: lease.owner, lease_until: lease.until })
    .where("name", "=", name)
    .where("lease_until", "<=", lease.now)
    .returningAll()
    .executeTakeFirst();
}

export async function dueDomains(db: Database, now: number, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom("domains")
    .select("name")
    .where("look_at", "<=", now)
    .where("lease_until", "<=", now)
    .orderBy("look_at")
    .limit(limit)
    .execute();
  return rows.map(({ name }) => name);
}
