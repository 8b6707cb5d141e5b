/** Moves a platform from SQLite in its data folder to the PostgreSQL of the database URL; `ebb database copy` runs it, while Ebb is stopped. */
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { UserError, systemClock } from "@ebb/base";
import { copyDatabase, describeDatabase } from "@ebb/platform";
import { parseConfig } from "./config.ts";
import { layout, openDataFolder } from "./data-folder.ts";
import { keepIn, takeDatabaseUrl } from "./platform-database.ts";
import { report } from "./report.ts";
import { runMain } from "./run-main.ts";

async function main(): Promise<void> {
  const config = parseConfig(process.argv.slice(2), process.env);
  const paths = layout(config.dataDir);
  const url = await takeDatabaseUrl(process.env);
  if (url === undefined)
    throw new UserError("database_url_missing", "Where to copy it to was not said", {
      hint: "Give the PostgreSQL's URL: --database-url, EBB_DATABASE_URL or EBB_DATABASE_URL_FILE.",
    });
  if (!existsSync(paths.platformDatabase))
    throw new UserError("nothing_to_copy", `There is no platform in SQLite in ${config.dataDir}`, {
      hint: "Name its data folder: --data DIR or EBB_DATA. A platform that is in PostgreSQL is copied with pg_dump.",
    });
  // Nobody starts it meanwhile, and nobody has.
  await openDataFolder(config);
  try {
    const to = { kind: "postgres", url } as const;
    const began = systemClock.monotonic();
    report({ event: "phase", name: "copy", state: "running", message: `copying to ${describeDatabase(to)}` });
    const { tables, rows } = await copyDatabase({ kind: "sqlite", path: paths.platformDatabase }, to);
    await keepIn(paths, to);
    await rename(paths.platformDatabase, `${paths.platformDatabase}.copied`);
    const ms = Math.round(systemClock.monotonic() - began);
    report({
      event: "phase",
      name: "copy",
      state: "succeeded",
      message: `${rows} rows of ${tables} tables are in ${describeDatabase(to)}`,
      ms,
    });
  } finally {
    await rm(paths.lock, { force: true });
  }
}

runMain(main);
