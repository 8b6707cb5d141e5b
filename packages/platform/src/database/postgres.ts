import { systemCode, TransientError, UserError } from "@ebb/base";
import type { PostgresPool, PostgresPoolClient } from "kysely";
import pg from "pg";

/** Connections of one platform: it seldom has more than three at work, and PostgreSQL gives 100 to all of its clients. */
const MOST_CONNECTIONS = 10;
/** Milliseconds until a new connection is there, or one of the pool is free. */
const CONNECT_TIMEOUT = 5000;
/** A server that has gone without a word (a network that is cut) is given up after this. */
const QUERY_TIMEOUT = 60_000;
/** What a change waits for another one at most; a platform that was frozen in the middle of one is put out of it sooner. */
const LOCK_TIMEOUT = 20_000;
const IDLE_IN_TRANSACTION = 15_000;
/** The oldest that its makers still mend (November 2026). */
const OLDEST_SERVER = 14;

/** The server is not there, not yet or not any more, or did not take this change: the same may be tried again. */
export class DatabaseUnavailable extends TransientError {
  constructor(cause: unknown) {
    super("database_unavailable", "The platform's database does not answer", {
      cause,
      hint: "Nothing was changed unless its answer was lost on the way: look, and try again in a few seconds.",
    });
  }
}

/** What a URL leads to, without the password. Throws UserError `database_url_invalid`, whose message has no part of the URL. */
export function describePostgres(url: string): string {
  const { host, port, database, user } = settingsOf(url);
  return `${database ?? user ?? ""} on ${host}${host.startsWith("/") ? "" : `:${port}`}`;
}

function settingsOf(url: string) {
  // Without a host it is the socket of the parameter `host`, as in libpq.
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url.replace("@/", "@localhost/"))) throw invalidUrl();
  try {
    const { host, port, user, database } = new pg.Client({ connectionString: url });
    return { host, port, user, database };
  } catch (error) {
    // An error of the file system names a certificate that cannot be read; one about the URL itself would show the URL.
    throw invalidUrl(/^E[A-Z]+$/.test(systemCode(error) ?? "") ? error : undefined);
  }
}

function invalidUrl(cause?: unknown): UserError {
  return new UserError("database_url_invalid", "The database URL cannot be used", {
    cause,
    hint: "It is of the form postgres://USER:PASSWORD@HOST:5432/DATABASE, with special characters of the password percent-encoded (@ is %40).",
  });
}

function configOf(url: string): pg.PoolConfig {
  return {
    connectionString: url,
    application_name: "ebb platform",
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    query_timeout: QUERY_TIMEOUT,
    lock_timeout: LOCK_TIMEOUT,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION,
    keepAlive: true,
    // Times fit a double: as text (pg's default for int8) they would have to be converted at each place.
    types: { getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)) },
  };
}

/** A connection of its own, for what the pool's are not for. */
export function postgresClient(url: string): pg.Client {
  return new pg.Client(configOf(url));
}

/**
 * Looks whether a platform can be kept there. Throws UserError, each with what to do: `database_url_invalid`, `database_unreachable`,
 * `database_login_refused`, `database_missing`, `database_read_only`, `database_unsuitable`.
 */
export async function checkPostgres(url: string): Promise<void> {
  const where = describePostgres(url);
  const client = postgresClient(url);
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ encoding: string; version: number; standby: boolean; readonly: string }>(
      `select current_setting('server_encoding') as encoding, current_setting('server_version_num')::int as version,
        pg_is_in_recovery() as standby, current_setting('transaction_read_only') as readonly`,
    );
    const [facts] = rows;
    if (facts) requireSuitable(facts, where);
  } catch (error) {
    throw openingError(error, where, settingsOf(url).user);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function requireSuitable(facts: { encoding: string; version: number; standby: boolean; readonly: string }, where: string): void {
  if (facts.standby || facts.readonly === "on") throw readOnly(where, facts.standby);
  const version = Math.floor(facts.version / 10_000);
  if (version < OLDEST_SERVER) {
    throw new UserError("database_unsuitable", `The database ${where} is PostgreSQL ${version}`, {
      hint: `Take PostgreSQL ${OLDEST_SERVER} or newer.`,
    });
  }
  if (facts.encoding !== "UTF8") {
    throw new UserError("database_unsuitable", `The database ${where} has the encoding ${facts.encoding}`, {
      hint: "Make one that takes every language: createdb --template=template0 --encoding=UTF8 NAME.",
    });
  }
}

function readOnly(where: string, standby: boolean, cause?: unknown): UserError {
  return new UserError("database_read_only", `The database ${where} takes no changes${standby ? ": it is a standby" : ""}`, {
    cause,
    hint: standby
      ? "Give the URL of the primary, or promote this server."
      : "Somebody has set default_transaction_read_only: set it off for this user and database.",
  });
}

/** What keeps the platform from opening the database, as somebody can mend it. The server's own words are the cause; none of them has the password. */
export function openingError(error: unknown, where: string, user = "this user"): UserError {
  if (error instanceof UserError) return error;
  const cause = error instanceof DatabaseUnavailable ? error.cause : error;
  const code = cause instanceof pg.DatabaseError ? (cause.code ?? "") : "";
  if (code === "28P01" || code === "28000" || (cause instanceof Error && cause.message.startsWith("SASL:"))) {
    return new UserError("database_login_refused", `PostgreSQL does not let ${user} in to the database ${where}`, {
      cause: code === "" ? undefined : cause,
      hint: "Check user and password of the URL (or PGPASSWORD, or the password file ~/.pgpass), and what pg_hba.conf on the server asks for.",
    });
  }
  if (code === "3D000") {
    return new UserError("database_missing", `There is no database ${where}`, {
      hint: `Make it: createdb --owner=${user} --encoding=UTF8 NAME, with the URL's name.`,
    });
  }
  if (code === "42501") {
    return new UserError("database_forbidden", `${user} may not make tables in the database ${where}`, {
      cause,
      hint: `Let the user own it: alter database NAME owner to ${user}; and in that database: grant create on schema public to ${user}.`,
    });
  }
  if (code === "25006") return readOnly(where, false, cause);
  if (error instanceof DatabaseUnavailable || isAway(cause)) {
    return new UserError("database_unreachable", `PostgreSQL does not answer for the database ${where}`, {
      cause,
      hint: "Check that the server runs, the URL's host and port, and what is in between; with TLS also sslmode and sslrootcert.",
    });
  }
  return new UserError("database_unavailable", `The platform's database (${where}) cannot be opened`, {
    cause,
    hint: "Check that the server runs and that the URL, user and password are right.",
  });
}

/**
 * SQLSTATEs with which a server ends, refuses or cannot keep a connection or a transaction, though there is nothing wrong with what was asked:
 * 08 connection, 25006 it has become a standby, 40 rolled back (deadlock), 53 no room, 55P03 and 57014 waited too long, 57P it stops or starts.
 */
const AWAY = /^(08|25006|25P03|40|53|55P03|57014|57P)/;

/** A character that no text may have: only NUL is left of them, as what is sent is UTF-8. */
const UNTRANSLATABLE = "22021";

/** Errors that are not the server's own are of the connection, but for mistakes of ours in what was sent. */
function isAway(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return AWAY.test(error.code ?? "");
  return error instanceof Error && !(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError);
}

/** A pool in the shape that Kysely's own dialect drives; whatever is not the query's fault is thrown as DatabaseUnavailable. */
export function openPool(url: string): PostgresPool {
  const pool = new pg.Pool({ ...configOf(url), max: MOST_CONNECTIONS });
  // An idle connection that breaks (the server restarts) is dropped by the pool; the next query opens another.
  pool.on("error", () => undefined);
  // What a server that stops says right behind its greeting is read before whoever asked for the connection can listen.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    async connect() {
      const client = await pool.connect().catch((error: unknown) => {
        throw new DatabaseUnavailable(error);
      });
      const known = wrapped.get(client) ?? new WatchedClient(client);
      wrapped.set(client, known);
      return known;
    },
    end: () => pool.end(),
  };
}

class WatchedClient implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  #broken = false;

  constructor(client: pg.PoolClient) {
    this.#client = client;
    // While a transaction is open nobody else listens, and an error that nobody hears ends the process.
    client.on("error", () => (this.#broken = true));
  }

  // Kysely types two shapes; cursors are only used by streams, which this dialect was given none for.
  query(sql: unknown, parameters?: readonly unknown[]): never {
    const asked = this.#client.query(String(sql), [...(parameters ?? [])]).catch((error: unknown) => {
      if (error instanceof pg.DatabaseError && error.code === UNTRANSLATABLE)
        throw new UserError("invalid_request", "A text has the character NUL in it, which cannot be stored", { cause: error });
      if (!isAway(error)) throw error;
      // Never used again: after a time-out its answer may still come, and one that was a primary may be none any more.
      this.#broken = true;
      throw new DatabaseUnavailable(error);
    });
    return asked as never;
  }

  release(): void {
    this.#client.release(this.#broken);
  }
}
