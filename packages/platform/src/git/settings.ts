import type { GitSettings } from "@ebb/api";
import type { Database } from "../database/database.ts";
import { readSettings, writeSettings } from "../database/settings.ts";

const NAME = "git";

/** The Internet's servers, and nothing inside of the networks that the platform stands in. */
const DEFAULT_SETTINGS: GitSettings = { publicServers: true, allow: [] };

export function readGitSettings(db: Database): Promise<GitSettings> {
  return readSettings(db, NAME, DEFAULT_SETTINGS);
}

export function writeGitSettings(db: Database, settings: GitSettings): Promise<void> {
  return writeSettings(db, NAME, settings);
}
