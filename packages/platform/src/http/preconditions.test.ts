import { VirtualClock } from "@ebb/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Problem } from "@ebb/api";
import type { Database } from "../database/database.ts";
import { createTeam, patchTeam, viewTeam } from "../service/teams.ts";
import type { Deps } from "../deploy/context.ts";
import { describeDatabases } from "../testing/databases.ts";
import { openPlatformHttp } from "../testing/http.ts";
import { createWorld, startProcess, upload } from "../testing/world.ts";
import type { PlatformApi } from "./port.ts";
import { revisionsIn } from "./preconditions.ts";
import { CHANGES, NAMED_WITHIN, RESOURCES } from "./resources.ts";

type Team = { description: string; previewLimit: number; revision: string };

/** Teams as they are stored; `hold` is awaited by each change before it begins. */
function teamsIn(db: Database, hold: () => Promise<void> = async () => {}): Partial<PlatformApi> {
  const deps = { db, clock: new VirtualClock(Date.UTC(2026, 0, 1)) } as unknown as Deps;
  return {
    getTeam: (team) => viewTeam(db, team),
    createTeam: (body) => createTeam(deps, body),
    patchTeam: async (team, body) => {
      await hold();
      return patchTeam(deps, team, body);
    },
  };
}

/** Resolves for all when so many have come. */
function meeting(size: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = size;
  return () => {
    if (--left === 0) resolve();
    return promise;
  };
}

const tagOf = (response: Response) => response.headers.get("etag") ?? "";

describeDatabases("conditional requests", (when, open) => {
  when("a GET has an ETag, and 304 until somebody changes what it shows", async () => {
    const { db } = await open();
    const { owner } = await openPlatformHttp(teamsIn(db), {}, db);
    const first = await owner("GET", "/teams/default");
    const { revision } = (await first.json()) as Team;
    expect(tagOf(first)).toMatch(new RegExp(`^"${revision}-[\\w-]{22}"$`));
    const again = await owner("GET", "/teams/default", undefined, { "if-none-match": `"x", W/${tagOf(first)}` });
    expect([again.status, await again.text(), tagOf(again)]).toEqual([304, "", tagOf(first)]);
    const patched = await owner("PATCH", "/teams/default", { description: "us" });
    expect(tagOf(patched)).not.toBe(tagOf(first));
    const changed = await owner("GET", "/teams/default", undefined, { "if-none-match": tagOf(first) });
    expect([changed.status, tagOf(changed)]).toEqual([200, tagOf(patched)]);
    expect(((await changed.json()) as Team).revision).toBe(((await patched.json()) as Team).revision);
  });

  when("a change on what is no longer is refused, and says who changed it", async () => {
    const { db } = await open();
    const { owner } = await openPlatformHttp(teamsIn(db), {}, db);
    const { revision } = (await (await owner("GET", "/teams/default")).json()) as Team;
    const patch = (description: string, ifMatch: string) => owner("PATCH", "/teams/default", { description }, { "if-match": ifMatch });
    const first = await patch("a", `"${revision}"`);
    expect(first.status).toBe(200);
    const second = await patch("b", `"${revision}"`);
    expect(second.status).toBe(412);
    expect(second.headers.get("content-type")).toContain("problem+json");
    const problem = (await second.json()) as Problem;
    expect(problem).toMatchObject({ code: "precondition_failed", changed: { by: "admin", what: "team.changed" } });
    expect(problem.detail).toContain("by admin");
    expect((await patch("c", `"${revision}", ${tagOf(first)}`)).status).toBe(200);
    expect((await patch("d", "*")).status).toBe(200);
    expect((await patch("e", `W/${tagOf(first)}`)).status).toBe(412);
    expect((await viewTeam(db, "default")).description).toBe("d");
  });

  when("of writers that come at once on one revision, one is let through", async () => {
    const { db } = await open();
    const writers = 6;
    const { owner } = await openPlatformHttp(teamsIn(db, meeting(writers)), {}, db);
    const { revision } = (await (await owner("GET", "/teams/default")).json()) as Team;
    const answers = await Promise.all(
      Array.from({ length: writers }, (_, at) => owner("PATCH", "/teams/default", { previewLimit: at }, { "if-match": `"${revision}"` })),
    );
    // All had passed the first look: the refusals come out of the changes' own transactions.
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(writers - 1).fill(412)]);
    const won = (await answers.find(({ status }) => status === 200)?.json()) as Team;
    expect((await viewTeam(db, "default")).previewLimit).toBe(won.previewLimit);
  });

  when("without If-Match, changes of different parts at once are all kept", async () => {
    const { db } = await open();
    const { owner } = await openPlatformHttp(teamsIn(db, meeting(2)), {}, db);
    await Promise.all([owner("PATCH", "/teams/default", { description: "both" }), owner("PATCH", "/teams/default", { previewLimit: 7 })]);
    expect(await viewTeam(db, "default")).toMatchObject({ description: "both", previewLimit: 7 });
  });
});

test("a split is not set on one that an operation has changed meanwhile, nor on one that it is changing", async () => {
  const world = await createWorld();
  const process = await startProcess(world);
  const deploy = async () => (await process.ended((await process.service.deployImage({ name: "shop", image: "i" }, "ann")).id)).state;
  expect([await deploy(), await deploy()]).toEqual(["succeeded", "succeeded"]);
  const { owner } = await openPlatformHttp(process.service, {}, process.db);
  const at = "/apps/shop/environments/test";
  const revision = async () => ((await (await owner("GET", at)).json()) as { revision: string }).revision;
  const split = (percent: number, ifMatch: string) => {
    const targets = [1, 2].map((number) => ({ version: `v${number}`, percent: number === 1 ? percent : 100 - percent }));
    return owner("PUT", `${at}/traffic`, { targets }, { "if-match": `"${ifMatch}"` });
  };
  const read = await revision();
  const accepted = await split(10, read);
  expect(accepted.status).toBe(202);
  const { id } = (await accepted.json()) as { id: string };
  const refused = await split(20, read);
  expect(await refused.json()).toMatchObject({ status: 412, changed: { by: "admin", what: `traffic, operation ${id}` } });
  await process.ended(id);
  const gate = Promise.withResolvers<void>();
  const build = await process.service.deploySource({ ...upload(world, "a", { wait: gate.promise }), name: "shop" }, "ann");
  const during = await revision();
  gate.resolve();
  await process.ended(build.id);
  expect((await split(30, during)).status).toBe(412);
  expect((await split(40, await revision())).status).toBe(202);
  // Variables are something else: whoever edits them is not refused because of it.
  const settings = await owner("GET", `${at}/variables`);
  const patched = await owner("PATCH", `${at}/variables`, { variables: { A: "1" } }, { "if-match": tagOf(settings) });
  expect(patched.status).toBe(202);
  expect((await owner("PATCH", `${at}/secrets`, { secrets: { B: "2" } }, { "if-match": tagOf(settings) })).status).toBe(412);
});

test("a deployment on what is no longer there is refused, whatever it brings, and nothing is left of what was sent", async () => {
  const world = await createWorld();
  const { service, db, ended } = await startProcess(world);
  await ended((await service.deployImage({ name: "shop", image: "i" }, "ann")).id);
  const { owner } = await openPlatformHttp(service, {}, db);
  const { revision } = (await (await owner("GET", "/apps/shop/environments/test")).json()) as { revision: string };
  const image = (body: object, ifMatch: string) =>
    owner("POST", "/deployments", { name: "shop", image: "i", ...body }, { "if-match": ifMatch });
  // Elsewhere is something else.
  expect((await image({ environment: "staging" }, `"${revision}"`)).status).toBe(412);
  // Of what is not there nothing can be expected, not even that nobody has changed it.
  for (const tag of ['"0"', "*"]) {
    const absent = await image({ environment: "staging" }, tag);
    expect(await absent.json()).toMatchObject({ status: 412, detail: "It is not there", code: "precondition_failed" });
  }
  const accepted = await image({}, `"${revision}"`);
  expect(accepted.status).toBe(202);
  const { id } = (await accepted.json()) as { id: string };
  const refused = await image({}, `"${revision}"`);
  expect(await refused.json()).toMatchObject({ status: 412, changed: { by: "admin", what: `deploy, operation ${id}` } });
  await service.git.patchSettings({ allow: ["127.0.0.1"] });
  const git = { name: "shop", url: "http://127.0.0.1:3000/acme/shop.git" };
  expect((await owner("POST", "/deployments/git", git, { "if-match": `"${revision}"` })).status).toBe(412);
  await ended(id);
  expect((await image({}, "*")).status).toBe(202);
  const { items } = (await (await owner("GET", "/operations?app=shop")).json()) as { items: unknown[] };
  expect(items).toHaveLength(3);
});

test("where nothing can be matched If-Match is refused, and so is what is no ETag", async () => {
  const { owner } = await openPlatformHttp();
  expect((await owner("POST", "/teams", { name: "x" }, { "if-match": "*" })).status).toBe(400);
  expect((await owner("PATCH", "/teams/default", {}, { "if-match": "abc" })).status).toBe(400);
});

describe("the revisions of an If-Match", () => {
  test.each([
    ['"a1-xyz"', ["a1"]],
    ['"a1"', ["a1"]],
    [' "a1-x" , "b2-y-z" ', ["a1", "b2"]],
    ['W/"a1-x", "b2"', ["b2"]],
    ['""', [""]],
    ["*", "any"],
  ])("%s are %j", (header, expected) => expect(revisionsIn(header)).toEqual(expected));

  test("of any lists of tags are the tags' first parts", () => {
    const tag = fc.tuple(fc.stringMatching(/^[0-9a-z]{1,12}$/), fc.stringMatching(/^[\w-]{0,22}$/));
    fc.assert(
      fc.property(fc.array(tag, { minLength: 1, maxLength: 8 }), (tags) => {
        const header = tags.map(([revision, print]) => `"${revision}-${print}"`).join(", ");
        expect(revisionsIn(header)).toEqual(tags.map(([revision]) => revision));
      }),
    );
  });

  test.each(["a1", '"a1', "a1, *", '"a" "b"', ""])("%j is refused", (header) => {
    expect(() => revisionsIn(header)).toThrow(/If-Match/);
  });
});

/**
 * Changed by their address alone, and read in lists: there is nothing that a form would have been filled from. Domains change by themselves
 * all the time, and what people say of them is one word each. A cluster's hosts are its own: others write them, too.
 */
const UNCONDITIONAL = [
  "DELETE /session",
  "DELETE /sessions/:id",
  "DELETE /teams/:team/git-credentials/:credential",
  "DELETE /teams/:team/members/:user",
  "DELETE /tokens/:id",
  "PATCH /prices",
  "PUT /clusters/:cluster/hosts",
  "PUT /me/password",
  "PUT /teams/:team/members/:user",
];

test("every change of what is there honours If-Match, and what is read and changed at one address has an ETag", async () => {
  const { server } = await openPlatformHttp();
  const routes = server.routes.map(({ method, url }) => ({ method, url: url.replace("/api/v1", "") }));
  const changes = routes.filter(({ method }) => ["PUT", "PATCH", "DELETE"].includes(method));
  const missing = changes.filter(({ url }) => !(url in RESOURCES) && !(url in CHANGES)).map(({ method, url }) => `${method} ${url}`);
  expect(missing.sort()).toEqual(UNCONDITIONAL);
  for (const url of [...Object.keys(RESOURCES), ...Object.keys(CHANGES), ...NAMED_WITHIN])
    expect(
      routes.some((route) => route.url === url),
      url,
    ).toBe(true);
});
