import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock, Random } from "@ebb/base";
import type { Database } from "../database/database.ts";
import { refuse } from "../errors.ts";

const CODE_LIFETIME = 10 * 60_000;
const SESSION_LIFETIME = 12 * 3_600_000;
export const SESSION_COOKIE = "ebb_session";
export const SESSION_SECONDS = SESSION_LIFETIME / 1000;

const digest = (text: string) => createHash("sha256").update(text).digest();

export interface SessionOptions {
  database: Database;
  adminToken: string;
  clock: Clock;
  random: Random;
}

/** Who a request comes from: the bearer of the administrator's token, or of a session that a one-time code was exchanged for. */
export class Sessions {
  readonly #options: SessionOptions;
  readonly #token: Buffer;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#token = digest(options.adminToken);
  }

  bearer(token: string): string | undefined {
    return timingSafeEqual(digest(token), this.#token) ? "admin" : undefined;
  }

  async cookie(value: string): Promise<string | undefined> {
    const row = await this.#find(value, "session");
    return row?.user;
  }

  /** A code that opens one session, within ten minutes. */
  async createCode(): Promise<string> {
    const { clock, random } = this.#options;
    const code = random.token();
    await this.#insert(code, "code", clock.now() + CODE_LIFETIME);
    return code;
  }

  /** Throws `invalid_code`. */
  async exchange(code: string): Promise<string> {
    const { database, clock, random } = this.#options;
    const used = await database
      .deleteFrom("sessions")
      .where("hash", "=", digest(code).toString("hex"))
      .where("kind", "=", "code")
      .where("expires_at", ">", clock.now())
      .executeTakeFirst();
    if (used.numDeletedRows === 0n) {
      throw refuse("invalid_code", "This sign-in link was used already or is older than ten minutes", {
        hint: "Get a new one: ebb open console",
      });
    }
    const session = random.token();
    await this.#insert(session, "session", clock.now() + SESSION_LIFETIME);
    return session;
  }

  async end(value: string): Promise<void> {
    const { database, clock } = this.#options;
    await database
      .deleteFrom("sessions")
      .where((where) => where.or([where("hash", "=", digest(value).toString("hex")), where("expires_at", "<=", clock.now())]))
      .execute();
  }

  async #insert(value: string, kind: "session" | "code", expiresAt: number): Promise<void> {
    await this.#options.database
      .insertInto("sessions")
      .values({ hash: digest(value).toString("hex"), kind, user: "admin", expires_at: expiresAt })
      .execute();
  }

  async #find(value: string, kind: "session" | "code"): Promise<{ user: string } | undefined> {
    const { database, clock } = this.#options;
    return database
      .selectFrom("sessions")
      .select("user")
      .where("hash", "=", digest(value).toString("hex"))
      .where("kind", "=", kind)
      .where("expires_at", ">", clock.now())
      .executeTakeFirst();
  }
}
