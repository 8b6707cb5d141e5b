import type { Database } from "../database/database.ts";
import type { CodeTable } from "../database/identity-tables.ts";
import { secretHash } from "./secrets.ts";

export interface Code<T> {
  kind: CodeTable["kind"];
  userId: string;
  state: T;
  expiresAt: number;
}

export async function putCode<T>(db: Database, secret: string, code: Code<T>): Promise<void> {
  const { kind, userId, state, expiresAt } = code;
  const values = { kind, user_id: userId, state_json: JSON.stringify(state), expires_at: expiresAt };
  await db
    .insertInto("codes")
    .values({ hash: secretHash(secret), ...values })
    .execute();
}

/** Gives what the code is good for and takes the code away: of several that bring it at once one gets it. */
export async function takeCode<T>(db: Database, secret: string, kind: CodeTable["kind"], now: number): Promise<Code<T> | undefined> {
  const row = await db
    .deleteFrom("codes")
    .where("hash", "=", secretHash(secret))
    .where("kind", "=", kind)
    .where("expires_at", ">", now)
    .returningAll()
    .executeTakeFirst();
  return row && { kind, userId: row.user_id, state: JSON.parse(row.state_json) as T, expiresAt: row.expires_at };
}

export async function pruneCodes(db: Database, now: number): Promise<void> {
  await db.deleteFrom("codes").where("expires_at", "<=", now).execute();
}
