import { tempDir } from "@ebb/testkit";
import { join } from "node:path";
import { afterAll, beforeAll, describe, onTestFinished, test } from "vitest";
import { openDatabase, type Database, type DatabaseOptions } from "../database/database.ts";
import { postgresPrograms, startPostgres } from "./postgres.ts";

type Open = (options?: DatabaseOptions) => Promise<{ db: Database; options: DatabaseOptions }>;

/** The same tests on SQLite and on a PostgreSQL of the test's own; `open` gives a new database, or opens one again. */
export function describeDatabases(name: string, tests: (when: typeof test | typeof test.skip, open: Open) => void): void {
  const programs = postgresPrograms();
  let postgres: Awaited<ReturnType<typeof startPostgres>> | undefined;
  let count = 0;
  beforeAll(async () => {
    if (programs) postgres = await startPostgres(programs);
    else process.stderr.write(`skipped: ${name} on PostgreSQL (no /usr/lib/postgresql/*/bin/initdb; apt-get install postgresql)\n`);
  }, 60_000);
  afterAll(() => postgres?.stop());

  const drivers: [DatabaseOptions["kind"], () => Promise<DatabaseOptions>][] = [
    [
      "sqlite",
      async () => {
        const { path, remove } = await tempDir();
        onTestFinished(remove);
        return { kind: "sqlite", path: join(path, "p.db") };
      },
    ],
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
