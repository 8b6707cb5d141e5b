import { UserError, systemCode } from "@ebb/base";
import {
  HandleEmptyInListsPlugin,
  Kysely,
  Migrator,
  PostgresDialect,
  replaceWithNoncontingentExpression,
  SqliteDialect,
  type Dialect,
} from "kysely";
import pg from "pg";
import { migrations, type DatabaseKind } from "./migrations.ts";
import { openNodeSqlite } from "./node-sqlite.ts";
import type { Tables } from "./schema.ts";

export type DatabaseOptions = { kind: "sqlite"; path: string } | { kind: "postgres"; url: string };
export type Database = Kysely<Tables>;

const UNIQUE_VIOLATIONS = new Set(["23505", "ERR_SQLITE_ERROR"]);

/**
 * Opens the platform's database and brings its tables up to date.
 * Throws UserError `database_unavailable` (cannot be opened) and `database_newer` (written by a newer Ebb).
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  let database: Database;
  try {
    // "Of the teams that one is in" may be none, and PostgreSQL takes no empty list.
    const plugins = [new HandleEmptyInListsPlugin({ strategy: replaceWithNoncontingentExpression })];
    database = new Kysely<Tables>({ dialect: dialectOf(options), plugins });
    await migrate(database, options.kind);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const where = options.kind === "sqlite" ? options.path : "PostgreSQL";
    const hint =
      options.kind === "sqlite"
        ? "Check that the folder exists, is writable and has space left."
        : "Check that the server runs and that the URL, user and password are right.";
    throw new UserError("database_unavailable", `The platform's database (${where}) cannot be opened`, { cause: error, hint });
  }
  return database;
}

/** Whether a write failed because its key is already there. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && UNIQUE_VIOLATIONS.has(systemCode(error) ?? "") && /unique/i.test(error.message);
}

function dialectOf(options: DatabaseOptions): Dialect {
  if (options.kind === "sqlite") return new SqliteDialect({ database: openNodeSqlite(options.path) });
  const pool = new pg.Pool({
    connectionString: options.url,
    max: 10,
    connectionTimeoutMillis: 5000,
    // Times fit a double: as text (pg's default for int8) they would have to be converted at each place.
    types: { getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)) },
  });
  // An idle connection that breaks (the server restarts) is dropped by the pool; the next query opens another.
  pool.on("error", () => undefined);
  return new PostgresDialect({ pool });
}

async function migrate(database: Database, kind: DatabaseKind): Promise<void> {
  const known = migrations(kind);
  // Work that goes on side by side lands in another order than its names sort in: one that was missed is made up for.
  const provider = { getMigrations: () => Promise.resolve(known) };
  const migrator = new Migrator({ db: database, provider, allowUnorderedMigrations: true });
  try {
    const tables = await database.introspection.getTables({ withInternalKyselyTables: true });
    if (tables.some((table) => table.name === "kysely_migration")) await refuseNewer(database, known);
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined) throw error;
  } catch (error) {
    await database.destroy();
    throw error;
  }
}

async function refuseNewer(database: Database, known: Record<string, unknown>): Promise<void> {
  const applied = await database
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom("kysely_migration")
    .select("name")
    .execute();
  const newer = applied.find(({ name }) => !(name in known));
  if (!newer) return;
  throw new UserError("database_newer", `The database was written by a newer Ebb (it has the change ${newer.name})`, {
    hint: "Start the newer version again, or restore a backup made before the upgrade.",
  });
}
