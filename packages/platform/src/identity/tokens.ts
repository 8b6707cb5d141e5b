import type { Token } from "@ebb/api";
import type { Clock, Random } from "@ebb/base";
import type { Selectable } from "kysely";
import { record } from "../audit/store.ts";
import type { Database } from "../database/database.ts";
import type { TokenTable } from "../database/identity-tables.ts";
import { refuse } from "../errors.ts";
import type { Scope } from "./roles.ts";
import { secretHash } from "./secrets.ts";

export type TokenRow = Selectable<TokenTable>;

/** Tokens begin with this, so that scanners of repositories know one when they see it. */
const PREFIX = "ebbt_";
const ID_LENGTH = 10;
const TOUCH_PERIOD = 60_000;
const DAY = 86_400_000;
/** Of one user: a script that makes them in a loop is told. */
const MOST = 100;

export interface NewToken {
  userId: string;
  name: string;
  kind: "personal" | "machine";
  scope: Scope;
  team: string | null;
  /** Null: it does not expire. */
  days: number | null;
}

/** Tokens of people and machines: shown once, stored as hashes. */
export class Tokens {
  readonly #options: { database: Database; clock: Clock; random: Random };

  constructor(options: { database: Database; clock: Clock; random: Random }) {
    this.#options = options;
  }

  /** Throws `too_many_tokens`. */
  async create(token: NewToken): Promise<{ secret: string; row: TokenRow }> {
    const { database, clock, random } = this.#options;
    const secret = `${PREFIX}${random.token()}`;
    const now = clock.now();
    const row = await database.transaction().execute(async (transaction) => {
      const { count } = await transaction
        .selectFrom("tokens")
        .select((eb) => eb.fn.countAll<number>().as("count"))
        .where("user_id", "=", token.userId)
        .executeTakeFirstOrThrow();
      if (count >= MOST) {
        throw refuse("too_many_tokens", `You have ${count} tokens already`, { hint: "Revoke some: ebb token list, ebb token revoke ID." });
      }
      const made = await transaction
        .insertInto("tokens")
        .values({
          id: random.suffix(ID_LENGTH),
          hash: secretHash(secret),
          name: token.name,
          kind: token.kind,
          user_id: token.userId,
          scope: token.scope,
          team: token.team,
          created_at: now,
          expires_at: token.days === null ? null : now + token.days * DAY,
          last_used_at: null,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      const { name, kind, scope, expires_at: expiresAt } = made;
      const after = { name, kind, scope, expiresAt };
      await record(transaction, now, { action: "token.created", object: `token/${made.id}`, team: token.team ?? "", after });
      return made;
    });
    return { secret, row };
  }

  /** The valid token that a bearer sent. */
  async find(secret: string): Promise<TokenRow | undefined> {
    if (!secret.startsWith(PREFIX)) return undefined;
    const { database, clock } = this.#options;
    const now = clock.now();
    const row = await database.selectFrom("tokens").selectAll().where("hash", "=", secretHash(secret)).executeTakeFirst();
    if (!row || (row.expires_at !== null && row.expires_at <= now)) return undefined;
    if (now - (row.last_used_at ?? 0) >= TOUCH_PERIOD) {
      await database.updateTable("tokens").set({ last_used_at: now }).where("id", "=", row.id).execute();
    }
    return row;
  }

  /** A user's own and, of these teams, the machines'; newest first. */
  async list(userId: string, teams: readonly string[]): Promise<Token[]> {
    const rows = await this.#options.database
      .selectFrom("tokens as t")
      .innerJoin("users as u", "u.id", "t.user_id")
      .selectAll("t")
      .select("u.name as owner")
      .where((eb) =>
        eb.or([
          eb("t.user_id", "=", userId),
          ...(teams.length > 0 ? [eb.and([eb("t.kind", "=", "machine"), eb("t.team", "in", teams)])] : []),
        ]),
      )
      .orderBy("t.created_at", "desc")
      .execute();
    return rows.map((row) => viewToken(row, row.owner));
  }

  /** Throws `token_not_found`. */
  async get(id: string): Promise<TokenRow> {
    const row = await this.#options.database.selectFrom("tokens").selectAll().where("id", "=", id).executeTakeFirst();
    if (!row) throw tokenNotFound(id);
    return row;
  }

  async revoke(row: TokenRow): Promise<void> {
    const { database, clock } = this.#options;
    await database.transaction().execute(async (transaction) => {
      await transaction.deleteFrom("tokens").where("id", "=", row.id).execute();
      const before = { name: row.name, kind: row.kind, scope: row.scope };
      await record(transaction, clock.now(), { action: "token.revoked", object: `token/${row.id}`, team: row.team ?? "", before });
    });
  }
}

export function tokenNotFound(id: string) {
  return refuse("token_not_found", `There is no token ${id}`, { hint: "List yours with: ebb token list." });
}

export function viewToken(row: TokenRow, owner: string): Token {
  const time = (milliseconds: number | null) => (milliseconds === null ? null : new Date(milliseconds).toISOString());
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    owner,
    scope: row.scope,
    team: row.team,
    createdAt: new Date(row.created_at).toISOString(),
    expiresAt: time(row.expires_at),
    lastUsedAt: time(row.last_used_at),
  };
}
