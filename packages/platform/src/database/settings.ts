import type { Database } from "./database.ts";

/** What platform administrators have settled under that name; what they have not is as in `defaults`. */
export async function readSettings<T extends object>(db: Database, name: string, defaults: T): Promise<T> {
  const row = await db.selectFrom("settings").select("value_json").where("name", "=", name).executeTakeFirst();
  return row ? { ...defaults, ...(JSON.parse(row.value_json) as Partial<T>) } : defaults;
}

export async function writeSettings(db: Database, name: string, settings: object): Promise<void> {
  const value_json = JSON.stringify(settings);
  await db
    .insertInto("settings")
    .values({ name, value_json })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value_json }))
    .execute();
}
