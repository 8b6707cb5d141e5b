import type { Freeze } from "@ebb/api";
import { describe, expect, test } from "vitest";
import { withOrigin } from "../audit/context.ts";
import { createWorld, startProcess } from "../testing/world.ts";
import { checkFreezes, freezeAt } from "./freezes.ts";

const at = (text: string) => Date.parse(text);
const CHRISTMAS: Freeze = { why: "Christmas", from: "2026-12-23T18:00+01:00", to: "2027-01-02T08:00+01:00" };
const WEEKEND: Freeze = { why: "weekend", cron: "0 16 * * 5", minutes: 64 * 60, timeZone: "Europe/Berlin" };
const NIGHTLY: Freeze = { why: "always", cron: "0 0 * * *", minutes: 24 * 60, timeZone: "UTC" };

describe("a freeze", () => {
  test.each<[string, Freeze[], string, string | undefined]>([
    ["once holds from its beginning on", [CHRISTMAS], "2026-12-23T17:00:00Z", "2027-01-02T07:00:00.000Z"],
    ["once does not hold before", [CHRISTMAS], "2026-12-23T16:59:59Z", undefined],
    ["once does not hold at its end", [CHRISTMAS], "2027-01-02T07:00:00Z", undefined],
    ["by cron holds in its own zone, in summer", [WEEKEND], "2026-07-03T14:00:00Z", "2026-07-06T06:00:00.000Z"],
    ["by cron holds in its own zone, in winter", [WEEKEND], "2026-01-02T15:00:00Z", "2026-01-05T07:00:00.000Z"],
    ["by cron does not hold a moment before", [WEEKEND], "2026-01-02T14:59:59Z", undefined],
    ["by cron ends after its minutes", [WEEKEND], "2026-01-05T07:00:00Z", undefined],
    ["of several that hold, the one that ends last is told", [WEEKEND, CHRISTMAS], "2026-12-26T12:00:00Z", "2027-01-02T07:00:00.000Z"],
    ["that follows itself without a gap is one", [NIGHTLY], "2026-01-01T12:00:00Z", "2026-04-12T00:00:00.000Z"],
    ["is none without any", [], "2026-01-01T12:00:00Z", undefined],
  ])("%s", (...row) => {
    const [, freezes, now, until] = row;
    const frozen = freezeAt(freezes, at(now));
    expect(frozen && new Date(frozen.until).toISOString()).toBe(until);
  });

  test.each<[string, Freeze]>([
    ["that ends before it begins", { ...CHRISTMAS, to: CHRISTMAS.from }],
    ["of a month that is none", { why: "x", from: "2026-13-01T00:00Z", to: "2027-01-01T00:00Z" }],
    ["of no cron expression", { ...WEEKEND, cron: "every Friday" }],
    ["of a time that never comes", { ...WEEKEND, cron: "0 0 30 2 *" }],
    ["in a zone that is none", { ...WEEKEND, timeZone: "Europe/Atlantis" }],
  ])("%s is refused", (...row) => {
    expect(() => checkFreezes([row[1]], at("2026-01-01T00:00:00Z"))).toThrow(/freeze/);
  });
});

test("nothing is changed in a frozen environment, others go on, an administrator overrides it with a reason, and its end frees it", async () => {
  const process = await startProcess(await createWorld());
  const { service, clock, db } = process;
  const image = { name: "shop", image: "ok-1", environment: "prod" };
  await process.ended((await service.deployImage(image, "ann")).id);
  const freeze: Freeze = { why: "audit", from: "2025-12-31T00:00Z", to: "2026-01-02T09:00+01:00" };
  await service.patchEnvironment("default", "prod", { freezes: [freeze] });
  expect(await service.getEnvironment("default", "prod")).toMatchObject({ frozen: { why: "audit", until: "2026-01-02T08:00:00.000Z" } });

  const prod = { app: "shop", env: "prod" };
  const frozen = { code: "environment_frozen", message: "prod of default is frozen until 2026-01-02T08:00Z: audit" };
  await expect(service.deployImage(image, "ann")).rejects.toMatchObject(frozen);
  await expect(service.configuration.patch(prod, { variables: { A: "1" } }, "ann")).rejects.toMatchObject(frozen);
  await expect(service.setTraffic(prod, { targets: [{ version: "v1", percent: 100 }] }, "ann")).rejects.toMatchObject(frozen);
  await expect(service.deleteApp("shop", "ann")).rejects.toMatchObject(frozen);
  const tested = await service.deployImage({ ...image, environment: "test" }, "ann");
  expect(await process.ended(tested.id)).toMatchObject({ state: "succeeded" });
  await expect(service.promote(prod, { from: "test" }, "ann")).rejects.toMatchObject(frozen);

  // What an administrator has asked for is not held up when it is approved, either.
  await service.patchEnvironment("default", "prod", { approvals: 1 });
  const origin = {
    actor: "root",
    actorId: "root",
    credential: "",
    address: "",
    client: "",
    request: "",
    recorded: 0,
    overrideFreeze: "outage",
  };
  const { id } = await withOrigin(origin, () => service.configuration.patch(prod, { variables: { A: "1" } }, "root"));
  const bob = { userId: "bob", name: "bob", kind: "user" } as const;
  await process.engine.vote(id, { voter: bob, vote: "approve", why: "" });
  expect(await process.ended(id)).toMatchObject({ state: "succeeded" });
  const rows = await db.selectFrom("audit").select(["action", "before_json", "after_json"]).orderBy("seq").execute();
  expect(rows.filter(({ after_json }) => after_json.includes('"overrodeFreeze":{"freeze":"audit","why":"outage"}')).length).toBe(1);
  const changes = rows.filter(({ action }) => action === "environment.changed");
  expect(changes.map(({ before_json, after_json }) => [before_json, after_json])).toEqual([
    ['{"freezes":[]}', JSON.stringify({ freezes: [{ from: freeze.from, to: "2026-01-02T09:00+01:00", why: "audit" }] })],
    ['{"approvals":0}', '{"approvals":1}'],
  ]);

  const soon = (seconds: number) => new Date(clock.now() + seconds * 1000).toISOString();
  await service.patchEnvironment("default", "prod", { freezes: [{ ...freeze, to: soon(2) }] });
  await expect(service.configuration.patch(prod, { variables: { A: "2" } }, "ann")).rejects.toMatchObject({ code: "environment_frozen" });
  await clock.advance(2000);
  const waiting = await service.configuration.patch(prod, { variables: { A: "2" } }, "ann");
  // Asked for before a freeze, decided in it.
  const next: Freeze = { why: "now", from: soon(1), to: "2027-01-01T00:00Z" };
  await service.patchEnvironment("default", "prod", { freezes: [next] });
  await clock.advance(1000);
  const approved = process.engine.vote(waiting.id, { voter: bob, vote: "approve", why: "" });
  await expect(approved).rejects.toMatchObject({ code: "environment_frozen" });
});
