import { describe, expect, test } from "vitest";
import { withOrigin } from "../audit/context.ts";
import { verifyAudit } from "../audit/store.ts";
import { createWorld, startProcess, type Process } from "../testing/world.ts";
import { changesOf, decideVote, type Voting } from "./decide.ts";
import { listApprovals } from "./store.ts";

const HOUR = 3_600_000;
const VOTING: Voting = { authorId: "ann", needed: 2, state: "waiting", expiresAt: 1000, approvals: [] };
const person = (userId: string) => ({ userId, kind: "user" as const });

describe("a vote", () => {
  test.each<[string, Partial<Voting>, string, "approve" | "reject", string]>([
    ["is one of two", {}, "bob", "approve", "recorded"],
    ["is the last one", { approvals: ["cyn"] }, "bob", "approve", "approved"],
    ["is enough where one is", { needed: 1 }, "bob", "approve", "approved"],
    ["against it ends it", { approvals: ["cyn"] }, "bob", "reject", "rejected"],
    ["of its author against it withdraws it", {}, "ann", "reject", "rejected"],
    ["of its author for it does not count", {}, "ann", "approve", "approval_own"],
    ["counts once", { approvals: ["bob"] }, "bob", "approve", "approval_twice"],
    ["is too late after another has ended it", { state: "rejected" }, "bob", "approve", "approval_closed"],
    ["is too late after its time, even if nobody has noticed yet", { expiresAt: 500 }, "bob", "approve", "approval_closed"],
  ])("%s", (...row) => {
    const [, change, voter, vote, outcome] = row;
    const decide = () => {
      try {
        return decideVote({ ...VOTING, ...change }, person(voter), vote, 500);
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(decide()).toBe(outcome);
  });

  test("of a machine's token is none: it would be its maker's second", () => {
    expect(() => decideVote(VOTING, { userId: "bob", kind: "machine" }, "approve", 0)).toThrow("by people");
  });
});

test("what would change is told by paths", () => {
  expect(changesOf({ shares: [{ number: 2, percent: 100 }], env: { A: "1", B: null } })).toEqual([
    { path: "shares.0.number", to: "2" },
    { path: "shares.0.percent", to: "100" },
    { path: "env.A", to: "1" },
    { path: "env.B", to: null },
  ]);
});

/** In prod, whose policy asks for `needed` others. */
async function submit({ engine, clock, db }: Process, id: string, needed = 0) {
  await db
    .updateTable("environments")
    .set({ settings_json: JSON.stringify({ approvals: needed }) })
    .where("name", "=", "prod")
    .execute();
  const about = { id, kind: "deploy", team: "default", app: "shop", env: "prod", createdBy: "ann", now: clock.now() } as const;
  const request = { image: { name: "shop", image: `ok-${id}` }, noTraffic: false };
  const origin = { actor: "ann", actorId: "ann", credential: "", address: "", client: "", request: "", recorded: 0 };
  return withOrigin(origin, () => engine.submit({ ...about, request, timeout: 20 * 60_000 }));
}

const approve = ({ engine }: Process, id: string, who: string) =>
  engine.vote(id, { voter: { ...person(who), name: who }, vote: "approve", why: "" });

test("an operation waits for the others, does not hold up what comes after it, and runs once the last has approved", async () => {
  const process = await startProcess(await createWorld());
  await submit(process, "guarded", 2);
  await submit(process, "free");
  expect(await process.ended("free")).toMatchObject({ state: "succeeded" });
  await expect(approve(process, "guarded", "ann")).rejects.toMatchObject({ code: "approval_own" });
  await expect(approve(process, "free", "bob")).rejects.toMatchObject({ code: "approval_not_needed" });
  // Two at once are two: none is lost to the other.
  await Promise.all([approve(process, "guarded", "bob"), approve(process, "guarded", "cyn")]);
  expect(await process.ended("guarded")).toMatchObject({ state: "succeeded", version: "v2" });
  const all = await listApprovals(process.db, { teams: undefined, waiting: false });
  expect(all).toMatchObject([{ operation: "guarded", state: "approved", author: "ann", votes: [{ user: "bob" }, { user: "cyn" }] }]);
  const trail = await process.db.selectFrom("audit").select("action").orderBy("seq").execute();
  expect(trail.map(({ action }) => action)).toEqual(["operation.accepted", "operation.accepted", "operation.approve", "operation.approve"]);
  expect((await verifyAudit(process.db)).breach).toBeNull();
});

test("a crash between the approval and the start loses nothing", async () => {
  const world = await createWorld();
  const first = await startProcess(world);
  await submit(first, "guarded", 1);
  await approve(first, "guarded", "bob");
  await first.kill();
  const second = await startProcess(world);
  expect(await second.ended("guarded")).toMatchObject({ state: "succeeded" });
});

test("one that nobody has decided ends after three days, also over a restart; a rejection ends it at once with its reason", async () => {
  const world = await createWorld();
  const first = await startProcess(world);
  await submit(first, "late", 1);
  await submit(first, "refused", 1);
  await submit(first, "withdrawn", 1);
  const row = await first.engine.vote("refused", { voter: { ...person("bob"), name: "bob" }, vote: "reject", why: "not on a Friday" });
  expect(row).toMatchObject({ state: "cancelled" });
  expect(JSON.parse(row.failure_json ?? "{}")).toMatchObject({ code: "rejected", message: "bob has rejected it: not on a Friday" });
  expect(await first.engine.cancel("withdrawn")).toMatchObject({ state: "cancelled" });
  await first.stop();
  world.now += 73 * HOUR;
  const second = await startProcess(world);
  const late = await second.ended("late");
  expect(late.state).toBe("failed");
  expect(JSON.parse(late.failure_json ?? "{}")).toMatchObject({ code: "approval_expired" });
  await expect(approve(second, "late", "bob")).rejects.toMatchObject({ code: "approval_closed" });
  expect((await listApprovals(second.db, { teams: undefined, waiting: false })).map(({ state }) => state)).toEqual([
    "cancelled",
    "rejected",
    "expired",
  ]);
  const platform = await second.db.selectFrom("audit").select("actor").where("action", "=", "operation.expired").execute();
  expect(platform).toEqual([{ actor: "platform" }]);
});
