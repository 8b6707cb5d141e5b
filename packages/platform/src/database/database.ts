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
import { migrations, type DatabaseKind } from "./migrations.ts";
import { openNodeSqlite } from "./node-sqlite.ts";
import { checkPostgres, describePostgres, openingError, openPool } from "./postgres.ts";
import type { Tables } from "./schema.ts";

export type DatabaseOptions = { kind: "sqlite"; path: string } | { kind: "postgres"; url: string };
export type Database = Kysely<Tables>;

const UNIQUE_VIOLATIONS = new Set(["23505", "ERR_SQLITE_ERROR"]);

/**
 * Opens the platform's database and brings its tables up to date. Throws UserError `database_unavailable` (cannot be opened), `database_newer`
 * (written by a newer Ebb), and of PostgreSQL what `checkPostgres` throws and `database_forbidden`.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  try {
    if (options.kind === "postgres") await checkPostgres(options.url);
    // "Of the teams that one is in" may be none, and PostgreSQL takes no empty list.
    const plugins = [new HandleEmptyInListsPlugin({ strategy: replaceWithNoncontingentExpression })];
    const database = new Kysely<Tables>({ dialect: dialectOf(options), plugins });
    await migrate(database, options.kind);
    return database;
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (options.kind === "postgres") throw openingError(error, describePostgres(options.url));
    throw new UserError("database_unavailable", `The platform's database (${options.path}) cannot be opened`, {
      cause: error,
      hint: "Check that the folder exists, is writable and has space left.",
    });
  }
}

/** For people, without a password. */
export function describeDatabase(options: DatabaseOptions): string {
  return options.kind === "sqlite" ? `SQLite, ${options.path}` : `PostgreSQL, ${describePostgres(options.url)}`;
}

/** Whether a write failed because its key is already there. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && UNIQUE_VIOLATIONS.has(systemCode(error) ?? "") && /unique/i.test(error.message);
}

function dialectOf(options: DatabaseOptions): Dialect {
  if (options.kind === "sqlite") return new SqliteDialect({ database: openNodeSqlite(options.path) });
  return new PostgresDialect({ pool: openPool(options.url) });
}

async function migrate(database: Database, kind: DatabaseKind): Promise<void> {
  const known = migrations(kind);
  // Work that goes on side by side lands in another order than its names sort in: one that was missed is made up for.
  const provider = { getMigrations: () => Promise.resolve(known) };
  const migrator = new Migrator({ db: database, provider, allowUnorderedMigrations: true });
  try {
    const applied = await appliedMigrations(database);
    refuseNewer(applied, known);
    // As at nearly every start: the migrator would look at every table several times.
    if (Object.keys(known).every((name) => applied.has(name))) return;
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined) throw error;
  } catch (error) {
    await database.destroy();
    throw error;
  }
}

/** Names; none of a database that has no tables yet. What else is wrong with it the migrator meets, and tells. */
async function appliedMigrations(database: Database): Promise<ReadonlySet<string>> {
  const log = database.withTables<{ kysely_migration: { name: string } }>().selectFrom("kysely_migration");
  const rows = await log
    .select("name")
    .execute()
    .catch(() => []);
  return new Set(rows.map(({ name }) => name));
}

function refuseNewer(applied: ReadonlySet<string>, known: Record<string, unknown>): void {
  const newer = [...applied].find((name) => !(name in known));
  if (newer === undefined) return;
  throw new UserError("database_newer", `The database was written by a newer Ebb (it has the change ${newer})`, {
    hint: "Start the newer version again, or restore a backup made before the upgrade.",
  });
}
