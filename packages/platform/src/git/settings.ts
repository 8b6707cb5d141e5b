import type { GitSettings } from "@ebb/api";
import type { Database } from "../database/database.ts";

const NAME = "git";

/** The Internet's servers, and nothing inside of the networks that the platform stands in. */
const DEFAULT_SETTINGS: GitSettings = { publicServers: true, allow: [] };

export async function readGitSettings(db: Database): Promise<GitSettings> {
  const row = await db.selectFrom("settings").select("value_json").where("name", "=", NAME).executeTakeFirst();
  return row ? { ...DEFAULT_SETTINGS, ...(JSON.parse(row.value_json) as Partial<GitSettings>) } : DEFAULT_SETTINGS;
}

export async function writeGitSettings(db: Database, settings: GitSettings): Promise<void> {
  const value_json = JSON.stringify(settings);
  await db
    .insertInto("settings")
    .values({ name: NAME, value_json })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value_json }))
    .execute();
}
