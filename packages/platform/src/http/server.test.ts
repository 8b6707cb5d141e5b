import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../database/database.ts";
import { refuse } from "../errors.ts";
import { createIdentity } from "../identity/identity.ts";
import type { PlatformApi, SourceUpload } from "./port.ts";
import { createHttpServer } from "./server.ts";

const TOKEN = "the-token";
const AUTH = { authorization: `Bearer ${TOKEN}` };

async function open(api: Partial<PlatformApi> = {}) {
  const { path, remove } = await tempDir();
  const database = await openDatabase({ kind: "sqlite", path: join(path, "p.db") });
  const identity = await createIdentity({
    database,
    ownerToken: TOKEN,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    signIn: {},
  });
  const { sessions } = identity;
  const app = { name: "x", team: "default", kind: "application", metadata_json: "{}", created_at: 0, updated_at: 0 } as const;
  await database.insertInto("apps").values(app).execute();
  await mkdir(join(path, "console/assets"), { recursive: true });
  await writeFile(join(path, "console/index.html"), "<title>console</title>");
  await writeFile(join(path, "console/assets/a-1234.js"), "1");
  const server = await createHttpServer({
    api: api as PlatformApi,
    identity,
    signIn: {},
    listen: { host: "127.0.0.1", port: 0 },
    uploadsRoot: join(path, "uploads"),
    consoleRoot: join(path, "console"),
    ready: () => Promise.resolve(true),
    version: "0.0.0",
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  });
  await server.start();
  onTestFinished(async () => {
    await server.stop();
    await database.destroy();
    await remove();
  });
  const { port } = server.address();
  const base = `http://127.0.0.1:${port}`;
  const call = (route: string, init: RequestInit = {}) =>
    fetch(`${base}${route}`, { ...init, headers: { ...AUTH, ...(init.headers as Record<string, string> | undefined) } });
  return { server, sessions, path, base, call };
}

test("an address written otherwise is the same route, and asks the same", async () => {
  const { server, base } = await open({ listApps: async () => [] });
  for (const url of ["/%61pi/v1/apps", "/api/v1/%61pps", "//api/v1/apps", "/API/v1/apps"]) {
    const answer = await server.fastify.inject({ url, headers: { host: new URL(base).host } });
    expect(answer.body, url).not.toContain("items");
  }
});

test("a wrong token is refused, and after many so is the right one for a while", async () => {
  const { call } = await open({ listApps: async () => [] });
  expect((await call("/api/v1/apps")).status).toBe(200);
  for (let i = 0; i < 20; i++) expect((await call("/api/v1/apps", { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
  expect((await call("/api/v1/apps")).status).toBe(429);
});

test("a page of another name that resolves here is refused (DNS rebinding)", async () => {
  const { server } = await open({ listApps: async () => [] });
  const answer = await server.fastify.inject({ url: "/api/v1/apps", headers: { ...AUTH, host: "evil.example:80" } });
  expect(answer.statusCode).toBe(403);
  expect(answer.json()).toMatchObject({ code: "forbidden_origin" });
});

test("a one-time code opens one session, whose cookie reads; changes need the console's own origin", async () => {
  const { base, sessions } = await open({ listApps: async () => [], deleteApp: async () => ({ id: "o" }) as never });
  const code = await sessions.createCode();
  const signIn = () =>
    fetch(`${base}/api/v1/session`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ code }) });
  const first = await signIn();
  expect(first.status).toBe(204);
  expect(first.headers.get("set-cookie")).toMatch(/HttpOnly.*SameSite=Strict/i);
  expect((await signIn()).status).toBe(401);
  const cookie = first.headers.get("set-cookie")?.split(";")[0] ?? "";
  expect((await fetch(`${base}/api/v1/apps`, { headers: { cookie } })).status).toBe(200);
  const remove = (origin: string) => fetch(`${base}/api/v1/apps/x`, { method: "DELETE", headers: { cookie, origin } });
  expect((await remove("http://evil.example")).status).toBe(403);
  expect((await remove(base)).status).toBe(202);
  expect((await fetch(`${base}/api/v1/session`, { method: "DELETE", headers: { cookie, origin: base } })).status).toBe(204);
  expect((await fetch(`${base}/api/v1/apps`, { headers: { cookie } })).status).toBe(401);
});

test("refusals are problem+json with a code, a place and a hint", async () => {
  const { call } = await open({
    getApp: async () => {
      throw refuse("app_not_found", "There is no app x", { hint: "ebb apps lists them" });
    },
    status: async () => {
      throw new Error("the password is hunter2");
    },
  });
  const missing = await call("/api/v1/apps/x");
  expect(missing.headers.get("content-type")).toContain("application/problem+json");
  expect(await missing.json()).toMatchObject({ status: 404, code: "app_not_found", hint: "ebb apps lists them" });
  const traffic = await call("/api/v1/apps/x/environments/test/traffic", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: `{"targets":[{"version":"one","percent":5}]}`,
  });
  expect(await traffic.json()).toMatchObject({
    status: 400,
    code: "invalid_request",
    detail: "body.targets.0.version is not as it has to be: A version of the app: `v3`",
  });
  const host = await call("/api/v1/apps/x/environments/test", {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: `{"host":"Not A Label"}`,
  });
  expect(await host.json()).toMatchObject({ detail: "body.host is not as it has to be: A DNS label of at most 54 characters" });
  const bug = await (await call("/api/v1/status")).text();
  expect(bug).toContain(`"code":"internal"`);
  expect(bug).not.toContain("hunter2");
  expect(await (await call("/api/v1/nowhere")).json()).toMatchObject({ code: "route_not_found" });
});

test("source goes to a file of its own; one cut off or sent as something else leaves nothing", async () => {
  const uploads: SourceUpload[] = [];
  const { call, path } = await open({ deploySource: async (upload) => (uploads.push(upload), { id: "o1" } as never) });
  const answer = await call("/api/v1/deployments?name=a&noTraffic=true", {
    method: "POST",
    headers: { "content-type": "application/gzip" },
    body: new Uint8Array(100_000),
  });
  expect(answer.status).toBe(202);
  expect(answer.headers.get("location")).toBe("/api/v1/operations/o1");
  expect(uploads).toMatchObject([{ name: "a", noTraffic: true }]);
  expect(await readdir(join(path, "uploads"))).toHaveLength(1);
  const cut = new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array(1000)),
    pull: (controller) => controller.error(new Error("gone")),
  });
  await expect(
    call("/api/v1/deployments?name=a", {
      method: "POST",
      headers: { "content-type": "application/gzip" },
      body: cut,
      duplex: "half",
    }),
  ).rejects.toThrow();
  expect((await call("/api/v1/deployments", { method: "POST", headers: { "content-type": "text/html" }, body: "x" })).status).toBe(415);
  await expect.poll(() => readdir(join(path, "uploads"))).toHaveLength(1);
  expect(uploads).toHaveLength(1);
});

test("a stream sends what the source yields and ends when the client goes", async () => {
  const ended = Promise.withResolvers<void>();
  const { call } = await open({
    changes: async function* ({ signal }) {
      yield { type: "app", app: "a" };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      ended.resolve();
    },
  });
  const away = new AbortController();
  const answer = await call("/api/v1/events", { signal: away.signal });
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  const reader = answer.body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(`data: {"type":"app","app":"a"}\n\n`);
  away.abort();
  await ended.promise;
});

test("the console's files, and its page for every address that is none, with a policy", async () => {
  const { base } = await open();
  const page = await fetch(`${base}/apps/hello`);
  expect(await page.text()).toContain("console");
  expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
  expect((await fetch(`${base}/assets/a-1234.js`)).headers.get("cache-control")).toContain("immutable");
  expect((await fetch(`${base}/../../etc/passwd`)).headers.get("content-type")).toContain("html");
});
