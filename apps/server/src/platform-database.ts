import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { UserError } from "@ebb/base";
import { describeDatabase, type DatabaseOptions } from "@ebb/platform";
import { readJson, writeJson, type layout } from "./data-folder.ts";

type Paths = Pick<ReturnType<typeof layout>, "platformDatabase" | "platformKeptIn">;

const HOW = "Give its URL: EBB_DATABASE_URL, EBB_DATABASE_URL_FILE, or `ebb up --database-url`.";

/**
 * Where the platform's state is kept: in PostgreSQL when EBB_DATABASE_URL, or the file that EBB_DATABASE_URL_FILE names, says where; else in
 * SQLite in the data folder. The URL is taken out of the environment, which processes that are started later have.
 * Throws UserError `database_url_unreadable`, and `database_elsewhere` when the folder's platform is kept in the other one: it would begin anew
 * without a word.
 */
export async function takeDatabase(env: NodeJS.ProcessEnv, paths: Paths): Promise<DatabaseOptions> {
  const url = await takeDatabaseUrl(env);
  const kept = await readJson<{ kind: string; at: string }>(paths.platformKeptIn);
  if (url === undefined) {
    if (kept?.kind === "postgres")
      throw new UserError("database_elsewhere", `This data folder's platform is kept in ${kept.at}, and no URL was given`, {
        hint: HOW,
      });
    return { kind: "sqlite", path: paths.platformDatabase };
  }
  if (kept?.kind !== "postgres" && existsSync(paths.platformDatabase)) {
    throw new UserError("database_elsewhere", `This data folder's platform is kept in ${paths.platformDatabase}, not in PostgreSQL`, {
      hint: "`ebb database copy` moves it to the database of the URL; another folder (--data DIR) begins anew.",
    });
  }
  return { kind: "postgres", url };
}

/** Remembers that the platform is kept there, once it has started with it. */
export async function keepIn(paths: Paths, options: DatabaseOptions): Promise<void> {
  if (options.kind === "postgres") await writeJson(paths.platformKeptIn, { kind: "postgres", at: describeDatabase(options) }, 0o600);
}

/** Undefined when none is given. */
export async function takeDatabaseUrl(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const text = env["EBB_DATABASE_URL"]?.trim();
  const path = env["EBB_DATABASE_URL_FILE"];
  delete env["EBB_DATABASE_URL"];
  if (text) return text;
  if (!path) return undefined;
  const read = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new UserError("database_url_unreadable", `The database URL cannot be read: ${path}`, {
      cause,
      hint: "The file is named by EBB_DATABASE_URL_FILE; the user that Ebb runs as must be able to read it.",
    });
  });
  if (read.trim() !== "") return read.trim();
  throw new UserError("database_url_unreadable", `${path} is empty`, { hint: "It holds the database URL, in one line." });
}
