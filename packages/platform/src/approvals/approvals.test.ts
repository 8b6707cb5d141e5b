import { auditChanges } from "@ebb/api";
import { describe, expect, test } from "vitest";
import { withOrigin } from "../audit/context.ts";
import { verifyAudit } from "../audit/store.ts";
import { createWorld, startProcess, type Process } from "../testing/world.ts";
import type { Change, StoredValue } from "../configuration/store.ts";
import { ruleChanges, settingsChanges, trafficChanges, type Present } from "./changes.ts";
import { decideVote, type Voting } from "./decide.ts";
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

const NOTHING: Present = {
  shares: [],
  rules: [],
  mirror: null,
  serving: undefined,
  layers: { platform: new Map(), team: new Map(), environment: new Map(), app: new Map() },
  host: null,
};

describe("what would change is told with what it was before:", () => {
  test("shares by version, those that stay left out", () => {
    const before = [
      { number: 1, percent: 60 },
      { number: 2, percent: 40 },
    ];
    expect(trafficChanges(before, [before[1] ?? { number: 2, percent: 40 }, { number: 3, percent: 60 }])).toEqual([
      { path: "traffic.v1", from: "60 %", to: null },
      { path: "traffic.v3", from: null, to: "60 %" },
    ]);
  });

  test("rules by their place", () => {
    const rule = (number: number, value: string) => ({ number, when: [{ on: "path", is: "prefix", value } as const] });
    expect(ruleChanges([rule(1, "/a"), rule(2, "/b")], [rule(1, "/a"), rule(3, "/b"), rule(2, "/b")])).toEqual([
      {
        path: "rules.2",
        from: 'v2 when [{"on":"path","is":"prefix","value":"/b"}]',
        to: 'v3 when [{"on":"path","is":"prefix","value":"/b"}]',
      },
      { path: "rules.3", from: null, to: 'v2 when [{"on":"path","is":"prefix","value":"/b"}]' },
    ]);
  });

  test("variables by value, secrets by name only, the host", () => {
    const stored = { sealed: "", scope: { team: "t", env: "e", app: "a" }, updatedAt: 0, updatedBy: "" };
    const app = new Map<string, StoredValue>([
      ["A", { ...stored, kind: "variable", text: "1" }],
      ["SAME", { ...stored, kind: "variable", text: "x" }],
      ["TOKEN", { ...stored, kind: "secret", text: "print" }],
      ["OLD", { ...stored, kind: "secret", text: "print" }],
    ]);
    const change = (name: string, kind: Change["kind"], text = ""): Change => ({ name, kind, text });
    const request = {
      host: "b",
      changes: [
        change("A", "variable", "2"),
        change("B", "variable", "3"),
        change("SAME", "variable", "x"),
        change("GONE", "none"),
        change("TOKEN", "secret"),
        change("NEW", "secret"),
        change("OLD", "none"),
      ],
    };
    expect(settingsChanges({ ...NOTHING, layers: { ...NOTHING.layers, app }, host: "a" }, request)).toEqual([
      { path: "host", from: "a", to: "b" },
      { path: "variables.A", from: "1", to: "2" },
      { path: "variables.B", from: null, to: "3" },
      { path: "secrets.TOKEN", from: "set", to: "set anew" },
      { path: "secrets.NEW", from: null, to: "set" },
      { path: "secrets.OLD", from: "set", to: null },
    ]);
  });

  test("a deploy and a promotion by all that shapes the version, against the one that serves", async () => {
    const process = await startProcess(await createWorld());
    await submit(process, "first");
    await process.ended("first");
    await submit(process, "second", 1);
    const change = (percent: string | null) => ({ path: "traffic.v1", from: percent, to: null });
    const [second] = await listApprovals(process.db, { teams: undefined, waiting: true });
    expect(second?.changes).toEqual([
      { path: "image", from: "ok-first", to: "ok-second" },
      change("100 %"),
      { path: "traffic.new version", from: null, to: "100 %" },
    ]);
    const tested = await process.service.deployImage({ name: "shop", image: "ok-test", env: { LEVEL: "9" } }, "ann");
    await process.ended(tested.id);
    await process.service.promote({ app: "shop", env: "prod" }, { from: "test" }, "ann");
    const [promotion] = await listApprovals(process.db, { teams: undefined, waiting: true });
    expect(promotion?.changes).toEqual([
      { path: "version", from: "v1", to: "v1 of test" },
      { path: "image", from: "ok-first", to: "ok-test" },
      { path: "variables.LEVEL", from: null, to: "9" },
      change("100 %"),
      { path: "traffic.new version", from: null, to: "100 %" },
    ]);
    await process.service.deletePlace({ app: "shop", env: "prod" }, "ann");
    const [removal] = await listApprovals(process.db, { teams: undefined, waiting: true });
    expect(removal?.changes).toEqual([{ path: "app shop in prod", from: "present", to: null }]);
  });
});

test("a host that waits for approval is not the app's yet, and another's is refused at once", async () => {
  const process = await startProcess(await createWorld());
  await submit(process, "first");
  await process.ended("first");
  await submit(process, "guard", 1);
  const prod = { app: "shop", env: "prod" };
  const { id } = await process.service.patchPlace(prod, { host: "boutique" }, "ann");
  expect(await process.service.getPlace(prod)).toMatchObject({ host: "shop" });
  await process.service.deployImage({ name: "other", image: "ok-o" }, "ann");
  await expect(process.service.patchPlace(prod, { host: "other-test" }, "ann")).rejects.toMatchObject({ code: "host_taken" });
  await approve(process, id, "bob");
  expect(await process.ended(id)).toMatchObject({ state: "succeeded" });
  expect(await process.service.getPlace(prod)).toMatchObject({ host: "boutique" });
});

test("a rollback to what served all waits for nobody, unless the environment wants it; one to a canary waits", async () => {
  const process = await startProcess(await createWorld());
  const { service, ended } = process;
  const prod = { app: "shop", env: "prod" };
  for (const id of ["first", "second"]) {
    await submit(process, id);
    await ended(id);
  }
  const half = { targets: [1, 2].map((number) => ({ version: `v${number}`, percent: 50 })) };
  await submit(process, "third");
  await ended("third");
  await ended((await service.setTraffic(prod, { targets: [{ version: "v1", percent: 100 }] }, "ann")).id);
  await service.patchEnvironment("default", "prod", { approvals: 1 });
  expect(await service.setTraffic(prod, half, "ann")).toMatchObject({ state: "waiting" });
  const back = await service.rollback(prod, { to: "v2" }, "ann");
  expect(await ended(back.id)).toMatchObject({ state: "succeeded" });
  const rows = await process.db.selectFrom("audit").select("after_json").where("action", "=", "operation.accepted").execute();
  expect(rows.map(({ after_json }) => JSON.parse(after_json) as object)).toContainEqual(
    expect.objectContaining({ operation: back.id, approvals: 0, putsBack: true }),
  );
  await service.patchEnvironment("default", "prod", { rollbacksWait: true });
  expect(await service.rollback(prod, { to: "v1" }, "ann")).toMatchObject({ state: "waiting" });
  await service.patchEnvironment("default", "prod", { approvals: 0 });
  const canary = await service.deployImage({ name: "shop", image: "ok-canary", environment: "prod", noTraffic: true }, "ann");
  await ended(canary.id);
  await service.patchEnvironment("default", "prod", { approvals: 1, rollbacksWait: false });
  expect(await service.rollback(prod, { to: "v4" }, "ann")).toMatchObject({ state: "waiting" });
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

test("the trail has what an operation changes, before and after", async () => {
  const process = await startProcess(await createWorld());
  const { service, db, ended } = process;
  for (const image of ["a", "b"]) await ended((await service.deployImage({ name: "shop", image, env: { IMAGE: image } }, "ann")).id);
  const { id } = await service.setTraffic({ app: "shop", env: "test" }, { targets: [{ version: "v1", percent: 100 }] }, "ann");
  await ended(id);
  await ended((await service.deleteApp("shop", "ann")).id);
  const rows = await db.selectFrom("audit").selectAll().where("action", "=", "operation.accepted").orderBy("seq").execute();
  const changes = rows.map(({ before_json, after_json }) =>
    auditChanges({ before: JSON.parse(before_json), after: JSON.parse(after_json) })
      .filter(({ path }) => !["operation", "approvals"].includes(path))
      .map(({ path, from, to }) => `${path}: ${from} → ${to}`),
  );
  expect(changes[1]).toEqual(
    expect.arrayContaining(["image: a → b", "variables.IMAGE: a → b", "traffic.v1: 100 % → null", "traffic.new version: null → 100 %"]),
  );
  expect(changes.slice(2)).toEqual([
    ["kind: null → traffic", "traffic.v1: null → 100 %", "traffic.v2: 100 % → null"],
    ["app shop: present → null", "kind: null → delete"],
  ]);
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
