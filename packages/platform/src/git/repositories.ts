import type { BranchRule, Delivery, Repository } from "@ebb/api";
import type { Selectable } from "kysely";
import type { Database } from "../database/database.ts";
import type { RepositoryTable } from "../database/git-tables.ts";
import { refuse } from "../errors.ts";

export type RepositoryRow = Selectable<RepositoryTable>;

/** A day of a busy branch: enough to see why something did not come. */
const KEEP_DELIVERIES = 20;

export function findRepository(db: Database, app: string): Promise<RepositoryRow | undefined> {
  return db.selectFrom("repositories").selectAll().where("app", "=", app).executeTakeFirst();
}

/** Throws `repository_not_linked`. */
export async function getRepository(db: Database, app: string): Promise<RepositoryRow> {
  const row = await findRepository(db, app);
  if (row) return row;
  throw refuse("repository_not_linked", `${app} has no repository`, { hint: `Give it one: ebb repo link ${app} URL.` });
}

/** Of an app that has none. */
export function emptyRepository(app: string): RepositoryRow {
  return {
    app,
    url: "",
    folder: "",
    rules_json: "[]",
    preview_hours: null,
    hook_sealed: "",
    hook_at: null,
    deliveries_json: "[]",
    updated_at: 0,
    updated_by: "",
  };
}

export function rulesOf(row: Pick<RepositoryRow, "rules_json">): BranchRule[] {
  return JSON.parse(row.rules_json) as BranchRule[];
}

export async function putRepository(db: Database, row: RepositoryRow): Promise<void> {
  const { app: _app, ...values } = row;
  await db
    .insertInto("repositories")
    .values(row)
    .onConflict((conflict) => conflict.column("app").doUpdateSet(values))
    .execute();
}

/** Two that come at once are both kept: the row is written to before it is read. */
export async function addDelivery(db: Database, app: string, delivery: Delivery): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const held = await transaction
      .updateTable("repositories")
      .set((eb) => ({ deliveries_json: eb.ref("deliveries_json") }))
      .where("app", "=", app)
      .returning("deliveries_json")
      .executeTakeFirst();
    if (!held) return;
    const deliveries = [delivery, ...(JSON.parse(held.deliveries_json) as Delivery[])].slice(0, KEEP_DELIVERIES);
    await transaction
      .updateTable("repositories")
      .set({ deliveries_json: JSON.stringify(deliveries) })
      .where("app", "=", app)
      .execute();
  });
}

export function viewRepository(row: RepositoryRow, hookUrl: string): Repository {
  return {
    app: row.app,
    url: row.url,
    folder: row.folder,
    rules: rulesOf(row),
    previewHours: row.preview_hours,
    hookUrl,
    hookSince: row.hook_at === null ? null : new Date(row.hook_at).toISOString(),
    deliveries: JSON.parse(row.deliveries_json) as Delivery[],
    updated: row.updated_at === 0 ? null : { at: new Date(row.updated_at).toISOString(), by: row.updated_by },
  };
}
