import type { User } from "@ebb/api";
import type { Selectable } from "kysely";
import { record } from "../audit/store.ts";
import { isUniqueViolation, type Database } from "../database/database.ts";
import type { UserTable } from "../database/identity-tables.ts";
import { refuse } from "../errors.ts";

export type UserRow = Selectable<UserTable>;

/** Whoever owns the machine that Ebb runs on: the data folder's token and the one-time link of `ebb open console` are theirs. */
export const OWNER = { id: "owner", name: "admin" } as const;

export interface NewUser {
  id: string;
  name: string;
  displayName: string;
  email: string;
  platformAdmin: boolean;
  oidc?: { issuer: string; subject: string };
}

/** Makes the machine's owner a user, once; they have no password until they set one. */
export async function ensureOwner(db: Database, now: number): Promise<void> {
  const user = { ...OWNER, display_name: "Administrator", email: "", password_hash: null, oidc_issuer: null, oidc_subject: null };
  await db
    .insertInto("users")
    .values({ ...user, platform_admin: 1, disabled: 0, created_at: now, updated_at: now, last_sign_in_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Throws `user_exists`. */
export async function createUser(db: Database, now: number, user: NewUser): Promise<UserRow> {
  try {
    return await db.transaction().execute(async (transaction) => {
      const row = await transaction
        .insertInto("users")
        .values({
          id: user.id,
          name: user.name,
          display_name: user.displayName,
          email: user.email,
          password_hash: null,
          platform_admin: user.platformAdmin ? 1 : 0,
          disabled: 0,
          oidc_issuer: user.oidc?.issuer ?? null,
          oidc_subject: user.oidc?.subject ?? null,
          created_at: now,
          updated_at: now,
          last_sign_in_at: null,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      const { name, displayName, email, platformAdmin, oidc } = user;
      await record(transaction, now, {
        action: "user.created",
        object: `user/${name}`,
        after: { displayName, email, platformAdmin, oidc },
      });
      return row;
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw refuse("user_exists", `There is a user ${user.name} already`, {
      hint: "Names are not given twice; choose another.",
      cause: error,
    });
  }
}

export function findUser(db: Database, name: string): Promise<UserRow | undefined> {
  return db.selectFrom("users").selectAll().where("name", "=", name.toLowerCase()).executeTakeFirst();
}

/** Throws `user_not_found`. */
export async function getUser(db: Database, name: string): Promise<UserRow> {
  const user = await findUser(db, name);
  if (!user) throw refuse("user_not_found", `There is no user ${name}`, { hint: "List them with: ebb user list." });
  return user;
}

export function userOfId(db: Database, id: string): Promise<UserRow | undefined> {
  return db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();
}

/** By name, after `after`. */
export function listUsers(db: Database, options: { after?: string | undefined; limit: number }): Promise<UserRow[]> {
  const users = db.selectFrom("users").selectAll().orderBy("name").limit(options.limit);
  return (options.after === undefined ? users : users.where("name", ">", options.after)).execute();
}

export interface UserPatch {
  displayName?: string;
  email?: string;
  platformAdmin?: boolean;
  disabled?: boolean;
}

/**
 * Changes a user; one who is disabled has no session left, and their tokens are refused from this moment on.
 * Throws `user_not_found` and `last_admin`.
 */
export async function patchUser(db: Database, now: number, name: string, patch: UserPatch): Promise<UserRow> {
  return db.transaction().execute(async (transaction) => {
    const before = await getUser(transaction, name);
    const loses = (patch.platformAdmin === false || patch.disabled === true) && before.platform_admin === 1;
    if (loses && before.id === OWNER.id) {
      throw refuse("last_admin", "The machine's owner stays an administrator: they hold the data folder's token anyway");
    }
    const row = await transaction
      .updateTable("users")
      .set({
        ...(patch.displayName === undefined ? {} : { display_name: patch.displayName }),
        ...(patch.email === undefined ? {} : { email: patch.email }),
        ...(patch.platformAdmin === undefined ? {} : { platform_admin: patch.platformAdmin ? 1 : 0 }),
        ...(patch.disabled === undefined ? {} : { disabled: patch.disabled ? 1 : 0 }),
        updated_at: now,
      })
      .where("id", "=", before.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    if (patch.disabled === true) await endAccess(transaction, before.id);
    await record(transaction, now, { action: "user.changed", object: `user/${before.name}`, before: facts(before), after: facts(row) });
    return row;
  });
}

/** Ends the user's sessions and what was sent to them to get in by. */
export async function endAccess(transaction: Database, id: string): Promise<void> {
  await transaction.deleteFrom("sessions").where("user_id", "=", id).execute();
  await transaction.deleteFrom("codes").where("user_id", "=", id).execute();
}

/** Sets the password; every session and link of before ends: whoever changes it may do so because somebody else knows the old one. */
export async function setPassword(db: Database, now: number, user: UserRow, hash: string): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await transaction.updateTable("users").set({ password_hash: hash, updated_at: now }).where("id", "=", user.id).execute();
    await endAccess(transaction, user.id);
    await record(transaction, now, { action: "user.password-set", object: `user/${user.name}` });
  });
}

const facts = (row: UserRow) => ({
  displayName: row.display_name,
  email: row.email,
  platformAdmin: row.platform_admin === 1,
  disabled: row.disabled === 1,
});

export function viewUser(row: UserRow): User {
  return {
    name: row.name,
    ...facts(row),
    password: row.password_hash !== null,
    singleSignOn: row.oidc_issuer !== null,
    createdAt: new Date(row.created_at).toISOString(),
    lastSignInAt: row.last_sign_in_at === null ? null : new Date(row.last_sign_in_at).toISOString(),
  };
}
