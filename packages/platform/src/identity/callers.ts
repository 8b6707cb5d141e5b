import { createHash, timingSafeEqual } from "node:crypto";
import type { Database } from "../database/database.ts";
import type { Caller } from "./access.ts";
import { rolesOf } from "./members.ts";
import type { Sessions } from "./sessions.ts";
import type { Tokens } from "./tokens.ts";
import { OWNER, userOfId, type UserRow } from "./users.ts";

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Who a request comes from: the bearer of the machine owner's token, of a token, or of a session's cookie. */
export class Callers {
  readonly #options: { database: Database; sessions: Sessions; tokens: Tokens; ownerToken: string };
  readonly #owner: Buffer;

  constructor(options: { database: Database; sessions: Sessions; tokens: Tokens; ownerToken: string }) {
    this.#options = options;
    this.#owner = digest(options.ownerToken);
  }

  async bearer(secret: string): Promise<Caller | undefined> {
    const { database, tokens } = this.#options;
    if (timingSafeEqual(digest(secret), this.#owner)) {
      const owner = await userOfId(database, OWNER.id);
      return owner && this.#caller(owner, "owner");
    }
    const token = await tokens.find(secret);
    const user = token && (await userOfId(database, token.user_id));
    if (!token || !user || user.disabled === 1) return undefined;
    const limits = { scope: token.scope, onlyTeam: token.team };
    if (token.kind === "personal") return { ...(await this.#caller(user, token.id)), ...limits };
    return this.#machine(token, user);
  }

  /** A machine is a member of its team with the role of its scope, and nothing elsewhere. */
  #machine(token: { id: string; name: string; team: string | null; scope: Caller["scope"] }, user: UserRow): Caller {
    const team = token.team ?? "";
    return {
      userId: user.id,
      name: `machine:${token.name}`,
      kind: "machine",
      platformAdmin: false,
      roles: new Map([[team, "admin"]]),
      scope: token.scope,
      onlyTeam: team,
      credential: token.id,
    };
  }

  async cookie(value: string): Promise<Caller | undefined> {
    const session = await this.#options.sessions.find(value);
    return session && this.#caller(session.user, session.id);
  }

  async #caller(user: UserRow, credential: string): Promise<Caller> {
    return {
      userId: user.id,
      name: user.name,
      kind: "user",
      platformAdmin: user.platform_admin === 1,
      roles: await rolesOf(this.#options.database, user.id),
      scope: "admin",
      onlyTeam: null,
      credential,
    };
  }
}
