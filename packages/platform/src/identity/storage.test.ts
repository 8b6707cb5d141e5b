import { silentLogger, systemRandom } from "@ebb/base";
import { VirtualClock } from "@ebb/testkit";
import { expect } from "vitest";
import { listApprovals, requestApproval, vote } from "../approvals/store.ts";
import { listAudit, pruneAudit, readHead, record, verifyAudit } from "../audit/store.ts";
import { openDatabase, type Database } from "../database/database.ts";
import { getOperation, insertOperation } from "../operations/store.ts";
import { describeDatabases } from "../testing/databases.ts";
import { createIdentity } from "./identity.ts";
import { listMembers, removeMember, rolesOf, setMember, syncMembers } from "./members.ts";
import { createUser, getUser, listUsers, patchUser, setPassword } from "./users.ts";

const DAY = 86_400_000;

async function identityOn(db: Database) {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const identity = await createIdentity({ database: db, ownerToken: "o", clock, random: systemRandom, log: silentLogger, signIn: {} });
  return { clock, identity };
}

const ann = { id: "u1", name: "ann", displayName: "Ann", email: "", platformAdmin: false };
const note = (db: Database, now: number, action: string) =>
  db
    .transaction()
    .execute((transaction) => record(transaction, now, { action: `POST /${action}`, object: "app/x", after: { é: 1.5, list: [1, null] } }));

describeDatabases("governance", (when, open) => {
  when("users have names of their own, are changed with a trace, and the owner stays", async () => {
    const { db, options } = await open();
    const { identity, clock } = await identityOn(db);
    await createUser(db, 1, ann);
    await expect(createUser(db, 2, { ...ann, id: "u2" })).rejects.toMatchObject({ code: "user_exists" });
    await expect(patchUser(db, 3, "admin", { disabled: true })).rejects.toMatchObject({ code: "last_admin" });
    expect(await patchUser(db, 4, "ann", { disabled: true })).toMatchObject({ disabled: 1, name: "ann" });
    expect((await listUsers(db, { limit: 10 })).map(({ name }) => name)).toEqual(["admin", "ann"]);
    // The owner is made once, whoever starts.
    const again = await openDatabase(options);
    await createIdentity({ database: again, ownerToken: "o", clock, random: systemRandom, log: silentLogger, signIn: {} });
    expect((await listUsers(again, { limit: 10 })).length).toBe(2);
    await again.destroy();
    expect(await identity.callers.bearer("o")).toMatchObject({ name: "admin", platformAdmin: true });
    expect(await identity.callers.bearer("x")).toBeUndefined();
  });

  when("one of several that bring a code at once gets the session, within its time; it ends with a new password", async () => {
    const { db } = await open();
    const { identity, clock } = await identityOn(db);
    const { sessions } = identity;
    const code = await sessions.createCode();
    const tries = await Promise.allSettled([1, 2, 3].map(() => sessions.exchange(code)));
    const opened = tries.flatMap((result) => (result.status === "fulfilled" ? [result.value.cookie] : []));
    expect(opened.length).toBe(1);
    expect(await identity.callers.cookie(opened[0] ?? "")).toMatchObject({ name: "admin" });
    await setPassword(db, clock.now(), await getUser(db, "admin"), "hash");
    expect(await identity.callers.cookie(opened[0] ?? "")).toBeUndefined();
    const late = await sessions.createCode();
    await clock.advance(11 * 60_000);
    await expect(sessions.exchange(late)).rejects.toMatchObject({ code: "invalid_code" });
    const { cookie } = await sessions.exchange(await sessions.createCode());
    await clock.advance(13 * 3_600_000);
    expect(await identity.callers.cookie(cookie)).toBeUndefined();
    await identity.prune();
    expect(await db.selectFrom("codes").selectAll().execute()).toEqual([]);
  });

  when("members have one role in a team; those of groups follow them, and give way to those of people", async () => {
    const { db } = await open();
    await identityOn(db);
    await createUser(db, 1, ann);
    await setMember(db, 2, { team: "shop", user: "ann", role: "viewer" });
    await setMember(db, 3, { team: "shop", user: "ann", role: "releaser" });
    await syncMembers(
      db,
      4,
      ann,
      new Map([
        ["shop", "admin"],
        ["pay", "developer"],
      ]),
    );
    expect(Object.fromEntries(await rolesOf(db, "u1"))).toEqual({ shop: "releaser", pay: "developer" });
    await syncMembers(db, 5, ann, new Map());
    expect(await listMembers(db, "pay")).toEqual([]);
    await removeMember(db, 6, { team: "shop", user: "ann" });
    await expect(removeMember(db, 7, { team: "shop", user: "ann" })).rejects.toMatchObject({ code: "member_not_found" });
  });

  when("the trail is one line however many write at once, is not left by what was rolled back, and outlives retention", async () => {
    const { db, options } = await open();
    const other = options.kind === "postgres" ? await openDatabase(options) : db;
    const atOnce = (days: readonly number[]) => Promise.all(days.map((day) => note(day % 2 === 0 ? db : other, day * DAY, `a${day}`)));
    await atOnce(Array.from({ length: 10 }, (_, i) => i));
    await atOnce(Array.from({ length: 19 }, (_, i) => 10 + i));
    // By a platform whose clock is late: it comes after young rows, and stays as long as they do.
    await note(db, 0, "late");
    const failing = db.transaction().execute(async (transaction) => {
      await record(transaction, 1, { action: "app.changed", object: "x" });
      throw new Error("rolled back");
    });
    await expect(failing).rejects.toThrow("rolled back");
    const head = await readHead(db);
    expect(await verifyAudit(db)).toMatchObject({ rows: 30, breach: null, head: { seq: 30 } });
    await pruneAudit(db, 40 * DAY, 10 * DAY);
    expect(await verifyAudit(db, head)).toMatchObject({ rows: 21, breach: null });
    expect((await listAudit(db, { limit: 2 })).map(({ seq, action }) => `${seq} ${action}`)[0]).toBe("31 audit.pruned");
    // Nothing to remove, nothing to say.
    await pruneAudit(db, 41 * DAY, 10 * DAY);
    expect((await readHead(db)).seq).toBe(31);
    // The chain computed anew is whole in itself, and is not the one whose head was noted.
    await db.updateTable("audit").set({ actor: "mallory" }).where("seq", "=", 31).execute();
    expect(await verifyAudit(db)).toMatchObject({ breach: { seq: 31, message: "row 31 was edited" } });
    expect(await verifyAudit(db, { seq: 30, hash: "0".repeat(64) })).toMatchObject({ breach: { seq: 31 } });
    await db.deleteFrom("audit").where("seq", "=", 31).execute();
    expect((await verifyAudit(db)).breach).not.toBeNull();
    if (other !== db) await other.destroy();
  });

  when("of two last votes at once one is the last: the operation is queued once, and neither is lost", async () => {
    const { db, options } = await open();
    await identityOn(db);
    const other = options.kind === "postgres" ? await openDatabase(options) : db;
    const request = { shares: [{ number: 1, percent: 100 }] };
    const about = { kind: "traffic", team: "default", app: "shop", env: "prod", request, createdBy: "ann", timeout: 1 } as const;
    const cast = (voter: string) => ({ voter: { userId: voter, name: voter, kind: "user" as const }, vote: "approve" as const, why: "" });
    for (const id of ["o1", "o2", "o3"]) {
      await db.transaction().execute(async (transaction) => {
        const row = await insertOperation(transaction, { ...about, id, now: 1 }, "waiting");
        await requestApproval(transaction, row, { needed: 2, authorId: "ann", team: "default", environment: "prod", changes: [] });
      });
      const after = await Promise.all([vote(db, 2, id, cast("bob")), vote(other, 2, id, cast("cyn"))]);
      expect(after.map(({ state }) => state).sort()).toEqual(["queued", "waiting"]);
      expect((await getOperation(db, id)).state).toBe("queued");
    }
    // Of an approval and a rejection at once, the first decides, and the second hears so or withdraws nothing.
    await db.transaction().execute(async (transaction) => {
      const row = await insertOperation(transaction, { ...about, id: "o4", now: 1 }, "waiting");
      await requestApproval(transaction, row, { needed: 1, authorId: "ann", team: "default", environment: "prod", changes: [] });
    });
    const both = await Promise.allSettled([vote(db, 2, "o4", cast("bob")), vote(other, 2, "o4", { ...cast("cyn"), vote: "reject" })]);
    expect(both.filter(({ status }) => status === "fulfilled").length).toBe(1);
    expect(both.find((result) => result.status === "rejected")).toMatchObject({ reason: { code: "approval_closed" } });
    expect((await listApprovals(db, { teams: ["default"], waiting: false })).map(({ votes }) => votes.length)).toEqual([1, 2, 2, 2]);
    expect(await listApprovals(db, { teams: ["other"], waiting: false })).toEqual([]);
    expect((await verifyAudit(db)).breach).toBeNull();
    if (other !== db) await other.destroy();
  });
});
