import type { Session } from "@ebb/api";
import type { Clock, Random } from "@ebb/base";
import { record } from "../audit/store.ts";
import { currentOrigin } from "../audit/context.ts";
import type { Database } from "../database/database.ts";
import { refuse } from "../errors.ts";
import { putCode, takeCode } from "./codes.ts";
import { secretHash } from "./secrets.ts";
import { OWNER, userOfId, type UserRow } from "./users.ts";

const HOUR = 3_600_000;
const SIGN_IN_CODE_LIFETIME = 10 * 60_000;
const PASSWORD_CODE_LIFETIME = 72 * HOUR;
/** From sign-in to the end, however much it is used. */
const SESSION_LIFETIME = 12 * HOUR;
/** `last_used_at` is written no more often: each request would otherwise be a write. */
const TOUCH_PERIOD = 60_000;
const ID_LENGTH = 12;
export const SESSION_COOKIE = "ebb_session";
export const SESSION_SECONDS = SESSION_LIFETIME / 1000;

export interface SessionOptions {
  database: Database;
  clock: Clock;
  random: Random;
}

/** Sessions of browsers, and the links that open them. */
export class Sessions {
  readonly #options: SessionOptions;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Who holds this cookie; undefined when it opens nothing (any more). */
  async find(value: string): Promise<{ id: string; user: UserRow } | undefined> {
    const { database, clock } = this.#options;
    const now = clock.now();
    const session = await database
      .selectFrom("sessions")
      .select(["id", "user_id", "last_used_at"])
      .where("hash", "=", secretHash(value))
      .where("expires_at", ">", now)
      .executeTakeFirst();
    const user = session && (await userOfId(database, session.user_id));
    if (!session || !user || user.disabled === 1) return undefined;
    if (now - session.last_used_at >= TOUCH_PERIOD) {
      await database.updateTable("sessions").set({ last_used_at: now }).where("id", "=", session.id).execute();
    }
    return { id: session.id, user };
  }

  /** Opens a session for who has shown that they are `user`; returns the cookie's value. `by`: how they have shown it. */
  async open(user: UserRow, by: "password" | "code" | "oidc"): Promise<string> {
    const { database, clock, random } = this.#options;
    const value = random.token();
    const now = clock.now();
    const { address, client } = currentOrigin();
    const times = { created_at: now, last_used_at: now, expires_at: now + SESSION_LIFETIME };
    await database.transaction().execute(async (transaction) => {
      await transaction.deleteFrom("sessions").where("expires_at", "<=", now).execute();
      await transaction
        .insertInto("sessions")
        .values({
          id: random.suffix(ID_LENGTH),
          hash: secretHash(value),
          user_id: user.id,
          address,
          client: client.slice(0, 256),
          ...times,
        })
        .execute();
      await transaction.updateTable("users").set({ last_sign_in_at: now }).where("id", "=", user.id).execute();
      await record(transaction, now, { action: "session.opened", object: `user/${user.name}`, after: { by } });
    });
    return value;
  }

  /** A code that opens one session of the user's (the machine's owner unless said otherwise), within ten minutes. */
  async createCode(userId: string = OWNER.id): Promise<string> {
    const { database, clock, random } = this.#options;
    const code = random.token();
    await database.transaction().execute(async (transaction) => {
      await putCode(transaction, code, { kind: "sign-in", userId, state: {}, expiresAt: clock.now() + SIGN_IN_CODE_LIFETIME });
      const user = await userOfId(transaction, userId);
      if (user) await record(transaction, clock.now(), { action: "session.link", object: `user/${user.name}` });
    });
    return code;
  }

  /** Throws `invalid_code`. */
  async exchange(code: string): Promise<{ cookie: string; user: UserRow }> {
    const user = await this.#redeem(code, "sign-in", "This sign-in link was used already or is older than ten minutes");
    return { cookie: await this.open(user, "code"), user };
  }

  /** A code by which the user sets a password of their own, within three days. */
  async createPasswordCode(user: UserRow): Promise<{ code: string; expiresAt: number }> {
    const { database, clock, random } = this.#options;
    const code = random.token();
    const expiresAt = clock.now() + PASSWORD_CODE_LIFETIME;
    await database.transaction().execute(async (transaction) => {
      await transaction.deleteFrom("codes").where("user_id", "=", user.id).where("kind", "=", "password").execute();
      await putCode(transaction, code, { kind: "password", userId: user.id, state: {}, expiresAt });
      await record(transaction, clock.now(), { action: "user.password-link", object: `user/${user.name}` });
    });
    return { code, expiresAt };
  }

  /** Whose password code it is, without using it up. */
  async peekPasswordCode(code: string): Promise<UserRow> {
    const { database, clock } = this.#options;
    const row = await database
      .selectFrom("codes")
      .select("user_id")
      .where("hash", "=", secretHash(code))
      .where("kind", "=", "password")
      .where("expires_at", ">", clock.now())
      .executeTakeFirst();
    const user = row && (await userOfId(database, row.user_id));
    if (!user || user.disabled === 1) throw invalidCode("This link was used already or is older than three days");
    return user;
  }

  /** Throws `invalid_code`. */
  redeemPasswordCode(code: string): Promise<UserRow> {
    return this.#redeem(code, "password", "This link was used already or is older than three days");
  }

  async end(value: string): Promise<void> {
    const { database, clock } = this.#options;
    await database.transaction().execute(async (transaction) => {
      const session = await transaction.deleteFrom("sessions").where("hash", "=", secretHash(value)).returning("id").executeTakeFirst();
      if (session) await record(transaction, clock.now(), { action: "session.ended", object: `session/${session.id}` });
    });
  }

  /** Newest first. */
  async list(userId: string, current: string): Promise<Session[]> {
    const { database, clock } = this.#options;
    const rows = await database
      .selectFrom("sessions")
      .selectAll()
      .where("user_id", "=", userId)
      .where("expires_at", ">", clock.now())
      .orderBy("created_at", "desc")
      .execute();
    const time = (milliseconds: number) => new Date(milliseconds).toISOString();
    return rows.map((row) => ({
      id: row.id,
      current: row.id === current,
      address: row.address,
      client: row.client,
      createdAt: time(row.created_at),
      lastUsedAt: time(row.last_used_at),
      expiresAt: time(row.expires_at),
    }));
  }

  /** Throws `session_not_found`, also for one of somebody else's. */
  async revoke(userId: string, id: string): Promise<void> {
    const { database, clock } = this.#options;
    await database.transaction().execute(async (transaction) => {
      const row = await transaction
        .deleteFrom("sessions")
        .where("id", "=", id)
        .where("user_id", "=", userId)
        .returning("id")
        .executeTakeFirst();
      if (!row) throw refuse("session_not_found", `You have no session ${id}`, { hint: "List them with GET /sessions." });
      await record(transaction, clock.now(), { action: "session.revoked", object: `session/${id}` });
    });
  }

  async #redeem(code: string, kind: "sign-in" | "password", message: string): Promise<UserRow> {
    const { database, clock } = this.#options;
    const found = await takeCode(database, code, kind, clock.now());
    const user = found && (await userOfId(database, found.userId));
    if (!user || user.disabled === 1) throw invalidCode(message);
    return user;
  }
}

function invalidCode(message: string) {
  return refuse("invalid_code", message, { hint: "Get a new one: `ebb open console`, or from an administrator of the platform." });
}
