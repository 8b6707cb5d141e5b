import type { TeamMember } from "@ebb/api";
import { record } from "../audit/store.ts";
import type { Database } from "../database/database.ts";
import { refuse } from "../errors.ts";
import type { Role } from "./roles.ts";
import { getUser } from "./users.ts";

/** Roles of a user by team. */
export async function rolesOf(db: Database, userId: string): Promise<ReadonlyMap<string, Role>> {
  const rows = await db.selectFrom("team_members").select(["team", "role"]).where("user_id", "=", userId).execute();
  return new Map(rows.map(({ team, role }) => [team, role]));
}

/** By name. */
export async function listMembers(db: Database, team: string): Promise<TeamMember[]> {
  const rows = await db
    .selectFrom("team_members as m")
    .innerJoin("users as u", "u.id", "m.user_id")
    .select(["u.name", "u.display_name", "u.disabled", "m.role", "m.source"])
    .where("m.team", "=", team)
    .orderBy("u.name")
    .execute();
  return rows.map((row) => ({
    user: row.name,
    displayName: row.display_name,
    disabled: row.disabled === 1,
    role: row.role,
    source: row.source,
  }));
}

/** Makes the user a member, or gives the member another role. Throws `user_not_found`. */
export async function setMember(db: Database, now: number, member: { team: string; user: string; role: Role }): Promise<void> {
  const { team, role } = member;
  await db.transaction().execute(async (transaction) => {
    const user = await getUser(transaction, member.user);
    const before = await roleOf(transaction, team, user.id);
    await transaction
      .insertInto("team_members")
      .values({ team, user_id: user.id, role, source: "manual" })
      .onConflict((conflict) => conflict.columns(["team", "user_id"]).doUpdateSet({ role, source: "manual" }))
      .execute();
    const change = { before: before === undefined ? null : { role: before }, after: { role } };
    await record(transaction, now, { action: "member.set", object: `team/${team}/member/${user.name}`, team, ...change });
  });
}

/** Throws `user_not_found` and `member_not_found`. */
export async function removeMember(db: Database, now: number, member: { team: string; user: string }): Promise<void> {
  const { team } = member;
  await db.transaction().execute(async (transaction) => {
    const user = await getUser(transaction, member.user);
    const before = await roleOf(transaction, team, user.id);
    if (before === undefined) throw refuse("member_not_found", `${user.name} is not a member of ${team}`);
    await transaction.deleteFrom("team_members").where("team", "=", team).where("user_id", "=", user.id).execute();
    await record(transaction, now, {
      action: "member.removed",
      object: `team/${team}/member/${user.name}`,
      team,
      before: { role: before },
    });
  });
}

/** Memberships that follow from groups; those that people gave stay as they are, and win. */
export async function syncMembers(
  db: Database,
  now: number,
  user: { id: string; name: string },
  roles: ReadonlyMap<string, Role>,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const rows = await transaction.selectFrom("team_members").selectAll().where("user_id", "=", user.id).execute();
    const before = Object.fromEntries(rows.filter(({ source }) => source === "oidc").map(({ team, role }) => [team, role]));
    const manual = new Set(rows.filter(({ source }) => source === "manual").map(({ team }) => team));
    const after = Object.fromEntries([...roles].filter(([team]) => !manual.has(team)).sort(([a], [b]) => (a < b ? -1 : 1)));
    if (Object.keys({ ...before, ...after }).every((team) => before[team] === after[team])) return;
    await transaction.deleteFrom("team_members").where("user_id", "=", user.id).where("source", "=", "oidc").execute();
    for (const [team, role] of Object.entries(after)) {
      await transaction.insertInto("team_members").values({ team, user_id: user.id, role, source: "oidc" }).execute();
    }
    await record(transaction, now, { action: "member.synced", object: `user/${user.name}`, before, after });
  });
}

async function roleOf(db: Database, team: string, userId: string): Promise<Role | undefined> {
  const row = await db.selectFrom("team_members").select("role").where("team", "=", team).where("user_id", "=", userId).executeTakeFirst();
  return row?.role;
}
