import { expect, test } from "vitest";
import { refuse } from "../errors.ts";
import type { Access } from "../identity/access.ts";
import { ROLES, SCOPES, type Role } from "../identity/roles.ts";
import type { Database } from "../database/database.ts";
import { insertOperation } from "../operations/store.ts";
import { openPlatformHttp, OWNER_TOKEN } from "../testing/http.ts";
import type { PlatformApi } from "./port.ts";

/** What each caller is in the team `default`, as people would say it; undefined: not a member. */
const CALLERS: Record<string, { role: Role | undefined; whole: boolean; platform?: true }> = {
  outsider: { role: undefined, whole: true },
  "admin of another team": { role: undefined, whole: true },
  ...Object.fromEntries(ROLES.map((role) => [role, { role, whole: true }])),
  ...Object.fromEntries(SCOPES.map((scope, at) => [`admin's ${scope} token`, { role: ROLES[at], whole: scope === "admin" }])),
  "admin's token for the team": { role: "admin", whole: false },
  ...Object.fromEntries(SCOPES.map((scope, at) => [`machine with ${scope}`, { role: ROLES[at], whole: false }])),
  "the owner": { role: "admin", whole: true, platform: true },
  ...Object.fromEntries(SCOPES.slice(0, 3).map((scope, at) => [`the owner's ${scope} token`, { role: ROLES[at], whole: false }])),
};

const rank = (role: Role | undefined) => (role === undefined ? -1 : ROLES.indexOf(role));

function expected(name: string, access: Access): "allowed" | "refused" {
  const caller = CALLERS[name];
  if (!caller) return "public" in access ? "allowed" : "refused";
  const ok = (yes: boolean) => (yes ? "allowed" : "refused");
  if ("public" in access) return "allowed";
  if ("signedIn" in access) return ok(!access.whole || caller.whole);
  if ("platformAdmin" in access) return ok(caller.platform === true);
  const needed = "team" in access ? access.team : access.environment;
  // The environment of this test: developers deploy, releasers release.
  return ok(rank(caller.role) >= rank(needed === "deploy" ? "developer" : needed === "release" ? "releaser" : needed));
}

/** Answers that say no to who asks, not to what is asked. */
const REFUSALS = new Set(["unauthenticated", "forbidden", "team_not_found", "app_not_found", "operation_not_found"]);

/** An app `x` in an environment `x` of the team `default`, and an operation `x` on it: what the walk's addresses are about. */
async function makeSubjects(db: Database): Promise<void> {
  const at = { created_at: 0, updated_at: 0 };
  const environment = { team: "default", name: "x", template: "test", cluster: "main", namespace: "x", host_suffix: "-x", ...at } as const;
  await db
    .insertInto("environments")
    // Where a deployment goes, too.
    .values({ ...environment, settings_json: JSON.stringify({ order: 0, releaseRole: "releaser" }) })
    .execute();
  await db
    .insertInto("apps")
    .values({ name: "x", team: "default", kind: "application", metadata_json: "{}", ...at })
    .execute();
  const about = { id: "x", kind: "deploy", team: "default", app: "x", env: "x" } as const;
  await insertOperation(db, { ...about, request: {}, createdBy: "ann", now: 0, timeout: 1 });
}

async function setUp() {
  // Nothing behind the routes does anything: whoever gets as far has been let in.
  const letIn: unknown = new Proxy(() => undefined, {
    get: () => letIn,
    apply: () => {
      throw refuse("nothing_to_roll_back", "let in");
    },
  });
  const api = letIn as PlatformApi;
  const http = await openPlatformHttp(api);
  const { owner, identity, database } = http;
  await makeSubjects(database);
  const tokens: Record<string, string> = { "the owner": OWNER_TOKEN };
  const person = async (name: string, team: string, role: Role | undefined) => {
    await owner("POST", "/users", { name });
    const { id } = await database.selectFrom("users").select("id").where("name", "=", name).executeTakeFirstOrThrow();
    if (role) await database.insertInto("team_members").values({ team, user_id: id, role, source: "manual" }).execute();
    return id;
  };
  const token = async (
    userId: string,
    scope: (typeof SCOPES)[number],
    kind: "personal" | "machine" = "personal",
    team: string | null = null,
  ) => (await identity.tokens.create({ userId, name: "t", kind, scope, team, days: null })).secret;
  tokens["outsider"] = await token(await person("outsider", "default", undefined), "admin");
  tokens["admin of another team"] = await token(await person("foreign", "other", "admin"), "admin");
  for (const role of ROLES) {
    const id = await person(`a-${role}`, "default", role);
    tokens[role] = await token(id, "admin");
    if (role !== "admin") continue;
    for (const scope of SCOPES) tokens[`admin's ${scope} token`] = await token(id, scope);
    tokens["admin's token for the team"] = await token(id, "admin", "personal", "default");
    for (const scope of SCOPES) tokens[`machine with ${scope}`] = await token(id, scope, "machine", "default");
  }
  for (const scope of SCOPES.slice(0, 3)) tokens[`the owner's ${scope} token`] = await token("owner", scope);
  return { ...http, tokens };
}

test("every route lets in whom it declares, and nobody else", { timeout: 60_000 }, async () => {
  const { server, tokens, base } = await setUp();
  const routes = server.routes.filter(({ method }) => method !== "HEAD");
  const host = new URL(base).host;
  const wrong: string[] = [];
  let asked = 0;
  for (const { method, url, access } of routes) {
    for (const name of ["anonymous", ...Object.keys(CALLERS)]) {
      const token = tokens[name];
      const headers = { host, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
      const path = url.replace(":team", "default").replaceAll(/:\w+/g, "x");
      const answer = await server.fastify.inject({
        method: method as "GET",
        url: path,
        headers,
        remoteAddress: `10.0.${asked >> 8}.${asked & 255}`,
      });
      const { code } = (answer.headers["content-type"] ?? "").includes("problem") ? answer.json<{ code: string }>() : { code: "" };
      // Narrowed by its handler: administrators only.
      const found = REFUSALS.has(code) && !(url === "/api/v1/audit" && code === "forbidden") ? "refused" : "allowed";
      if (found !== expected(name, access)) wrong.push(`${method} ${url} as ${name}: ${found} (${answer.statusCode} ${code})`);
      asked++;
    }
  }
  process.stdout.write(`role walk: ${routes.length} routes × ${Object.keys(CALLERS).length + 1} callers = ${asked} requests\n`);
  expect(wrong).toEqual([]);
  expect(routes.length).toBeGreaterThan(40);
});

test("what is public, what takes a platform administrator, and what reads", async () => {
  const { server } = await openPlatformHttp();
  const routes = server.routes.filter(({ method }) => method !== "HEAD");
  const of = (pick: (access: Access) => boolean) =>
    routes.filter(({ access }) => pick(access)).map(({ method, url }) => `${method} ${url.replace("/api/v1", "")}`);
  expect(of((access) => "public" in access).sort()).toEqual([
    "GET /schemas/ebb.json",
    "GET /session/oidc",
    "GET /session/oidc/callback",
    "GET /session/ways",
    "POST /hooks/git/:app",
    "POST /session",
    "POST /session/device",
    "POST /session/device/token",
    "POST /session/invite",
    "POST /session/password",
  ]);
  expect(of((access) => "platformAdmin" in access).sort()).toEqual([
    "DELETE /clusters/:cluster",
    "DELETE /teams/:team",
    "GET /audit/export",
    "GET /audit/verification",
    "GET /clusters/:cluster/hosts",
    "GET /configuration",
    "GET /domain-settings",
    "GET /git-settings",
    "GET /kubeconfig",
    "GET /users",
    "GET /users/:user",
    "PATCH /configuration",
    "PATCH /domain-settings",
    "PATCH /git-settings",
    "PATCH /prices",
    "PATCH /teams/:team/quota",
    "PATCH /users/:user",
    "POST /apps/:app/environments/:env/domains/:domain/accept",
    "POST /clusters",
    "POST /configuration/plan",
    "POST /keys/rotate",
    "POST /teams",
    "POST /users",
    "POST /users/:user/reset-password",
    "PUT /clusters/:cluster/hosts",
  ]);
  // Nothing that changes an app, a team or an environment is for viewers.
  const changes = routes.filter(
    ({ method, access }) =>
      method !== "GET" && (("team" in access && access.team === "viewer") || ("environment" in access && access.environment === "viewer")),
  );
  expect(changes).toEqual([]);
});

test("a route that does not say who may use it cannot be registered", async () => {
  const { fastify } = await import("fastify");
  const { installAuthorisation } = await import("./authorisation.ts");
  const server = fastify();
  installAuthorisation(server, () => Promise.reject(new Error("not asked")));
  expect(() => server.get("/api/v1/open", () => "everything")).toThrow("does not declare who may use it");
  expect(() => server.get("/healthz", () => "ok")).not.toThrow();
  await server.close();
});
