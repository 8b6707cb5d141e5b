import { expect, test } from "vitest";
import { currentOrigin } from "../audit/context.ts";
import type { Database } from "../database/database.ts";
import { openPlatformHttp } from "../testing/http.ts";
import { createWorld, startProcess } from "../testing/world.ts";
import type { PlatformApi } from "./port.ts";

const TEAMS = ["crimson", "azure"] as const;

/** Two teams with an app, an operation that has ended and one that waits for approval each; nobody of one is in the other. */
async function setUp() {
  const process = await startProcess(await createWorld());
  const { service, db } = process;
  const http = await openPlatformHttp(service, {}, db);
  const tokens = new Map<string, string>();
  for (const team of TEAMS) {
    await service.createTeam({ name: team });
    await service.patchEnvironment(team, "prod", { approvals: 1 });
    const app = `${team}-shop`;
    await process.ended((await service.deployImage({ name: app, team, image: "ok-1" }, "x")).id);
    await service.configuration.patch({ app, env: "prod" }, { variables: { A: "1" } }, "x");
    tokens.set(team, await member(http, db, team));
  }
  return { ...http, tokens };
}

async function member({ owner, identity }: Awaited<ReturnType<typeof openPlatformHttp>>, db: Database, team: string): Promise<string> {
  await owner("POST", "/users", { name: `a-${team}` });
  const { id } = await db.selectFrom("users").select("id").where("name", "=", `a-${team}`).executeTakeFirstOrThrow();
  await db.insertInto("team_members").values({ team, user_id: id, role: "admin", source: "manual" }).execute();
  return (await identity.tokens.create({ userId: id, name: "t", kind: "personal", scope: "admin", team: null, days: null })).secret;
}

test("every list tells a caller of their own teams only, and the platform's administrator of all", async () => {
  const { owner, bearer, tokens } = await setUp();
  const lists = ["/teams", "/apps", "/operations", "/approvals", "/approvals?all=true", "/audit"];
  let looked = 0;
  for (const path of lists) {
    const all = await (await owner("GET", path)).text();
    for (const team of TEAMS) expect(all, `${path} as the owner`).toContain(team);
    for (const team of TEAMS) {
      const other = team === "crimson" ? "azure" : "crimson";
      const text = await (await bearer(tokens.get(team) ?? "")("GET", path)).text();
      expect(text, `${path} as ${team}`).toContain(team);
      expect(text, `${path} as ${team}`).not.toContain(other);
      looked++;
      // Nor by asking for it.
      const asked = await bearer(tokens.get(team) ?? "")("GET", `${path}${path.includes("?") ? "&" : "?"}team=${other}`);
      expect((await asked.text()).replaceAll(/"(detail|instance)":"[^"]*"/g, ""), `${path} of ${other} as ${team}`).not.toContain(
        `${other}-shop`,
      );
    }
  }
  expect(looked).toBe(lists.length * TEAMS.length);
});

test("a freeze is overridden by a platform administrator only, and the reason comes with the request", async () => {
  let why: string | undefined;
  const api = {
    createTeam: (body) => {
      why = currentOrigin().overrideFreeze;
      return Promise.resolve({ ...body, description: "", environments: [], apps: 0, previewLimit: 10, createdAt: "", updatedAt: "" });
    },
  } satisfies Partial<PlatformApi>;
  const { owner, bearer, identity } = await openPlatformHttp(api);
  const header = { "ebb-override-freeze": encodeURIComponent("Störung der Zahlungen") };
  expect((await owner("POST", "/teams", { name: "pay" }, header)).status).toBe(201);
  expect(why).toBe("Störung der Zahlungen");
  expect((await owner("POST", "/teams", { name: "play" })).status).toBe(201);
  expect(why).toBeUndefined();
  const narrowed = await identity.tokens.create({ userId: "owner", name: "t", kind: "personal", scope: "release", team: null, days: null });
  const refused = await bearer(narrowed.secret)("GET", "/teams", undefined, header);
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({ code: "forbidden" });
});
