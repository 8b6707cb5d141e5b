import { postgresPrograms, startPostgres, tempDir, type Postgres } from "@ebb/testkit";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, onTestFinished, test } from "vitest";
import { openDatabase, type Database, type DatabaseOptions } from "../database/database.ts";

let migrated: Promise<Buffer> | undefined;

/** A database's bytes with all tables and no row: the migrations would take most of a short test's time. */
async function migrate(): Promise<Buffer> {
  const { path, remove } = await tempDir();
  const file = join(path, "p.db");
  await (await openDatabase({ kind: "sqlite", path: file })).destroy();
  const bytes = await readFile(file);
  await remove();
  return bytes;
}

/** A new file of SQLite with all tables and no row, until the test ends. */
export async function emptySqlite(): Promise<Extract<DatabaseOptions, { kind: "sqlite" }>> {
  const { path: folder, remove } = await tempDir();
  onTestFinished(remove);
  const path = join(folder, "p.db");
  migrated ??= migrate();
  await writeFile(path, await migrated);
  return { kind: "sqlite", path };
}

type Open = (options?: DatabaseOptions) => Promise<{ db: Database; options: DatabaseOptions }>;

/** The same tests on SQLite and on a PostgreSQL of the test's own; `open` gives a new database, or opens one again. */
export function describeDatabases(name: string, tests: (when: typeof test | typeof test.skip, open: Open) => void): void {
  const programs = postgresPrograms();
  let postgres: Postgres | undefined;
  let count = 0;
  beforeAll(async () => {
    if (programs) postgres = await startPostgres(programs);
    else process.stderr.write(`skipped: ${name} on PostgreSQL (no /usr/lib/postgresql/*/bin/initdb; apt-get install postgresql)\n`);
  }, 60_000);
  afterAll(() => postgres?.stop());

  const drivers: [DatabaseOptions["kind"], () => Promise<DatabaseOptions>][] = [
    ["sqlite", emptySqlite],
    ["postgres", async () => ({ kind: "postgres", url: (await postgres?.url(`test${++count}`)) ?? "" })],
  ];
  describe.each(drivers)(`${name} on %s`, (kind, create) => {
    tests(kind === "postgres" && !programs ? test.skip : test, async (options) => {
      const at = options ?? (await create());
      const db = await openDatabase(at);
      onTestFinished(() => db.destroy());
      return { db, options: at };
    });
  });
}
