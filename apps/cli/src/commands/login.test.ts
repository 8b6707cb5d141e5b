import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { EXIT } from "../exit-codes.ts";
import { anOperation, startPlatform, TOKEN } from "../testing/platform.ts";
import { run as runCli, type RunOptions } from "../testing/run.ts";

const ME = {
  name: "anna",
  displayName: "Anna Smith",
  kind: "user",
  platformAdmin: false,
  scope: "admin",
  credential: "tok1",
  password: true,
};

async function setUp() {
  const { path, remove } = await tempDir();
  onTestFinished(remove);
  const platform = await startPlatform();
  platform.answer("GET /me", () => ({ ...ME, teams: [{ team: "shop", role: "releaser" }] }));
  // Without a data folder: the last login decides.
  const run = (argv: readonly string[], options: RunOptions = {}) =>
    runCli(argv, { ...options, env: { XDG_CONFIG_HOME: path, EBB_DATA: "", ...options.env } });
  return { platform, run, file: join(path, "ebb/logins.json") };
}

test("a login keeps the token for its platform alone, readable by its user alone, and commands go there until logout", async () => {
  const { platform, run, file } = await setUp();
  const login = await run(["login", platform.url, "--with-token"], { stdin: `${TOKEN}\n` });
  expect(login).toMatchObject({ code: EXIT.ok, stdout: `Signed in to ${platform.url} as anna\n` });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(`${login.stdout}${login.stderr}`).not.toContain(TOKEN);
  const whoami = await run(["whoami"]);
  expect(whoami.stdout).toMatch(/anna \(Anna Smith\)[^]*shop \(releaser\)/);
  const other = await startPlatform();
  expect((await run(["apps", "--server", other.url])).code).toBe(EXIT.unauthorised);
  platform.answer("DELETE /tokens/tok1", (reply) => reply.code(204).send());
  expect((await run(["logout"])).stdout).toContain("Signed out");
  expect(platform.calls.at(-1)).toMatchObject({ method: "DELETE", url: "/api/v1/tokens/tok1" });
  expect(await readFile(file, "utf8")).not.toContain(TOKEN);
  expect((await run(["logout"])).code).toBe(EXIT.failed);
});

test("a token that is not valid is not kept", async () => {
  const { platform, run, file } = await setUp();
  expect((await run(["login", platform.url, "--with-token"], { stdin: "wrong" })).code).toBe(EXIT.unauthorised);
  await expect(stat(file)).rejects.toThrow();
  expect((await run(["login", platform.url, "--with-token"], { stdin: "" })).code).toBe(EXIT.usage);
});

test("what people and machines may do is listed, given and taken", async () => {
  const { platform, run } = await setUp();
  const env = platform.env;
  platform.answer("POST /users", () => ({ user: "bob", code: "once", expiresAt: "2026-01-04T00:00:00.000Z" }));
  expect((await run(["user", "create", "bob", "--admin"], { env })).stdout).toBe(`${platform.url}/?invite=once\n`);
  expect(platform.calls.at(-1)?.body).toEqual({ name: "bob", platformAdmin: true });
  const about = { id: "t1", name: "ci", kind: "machine", owner: "anna", scope: "deploy", team: "shop", createdAt: "2026-01-01T00:00:00Z" };
  platform.answer("POST /tokens", (reply) =>
    reply.code(201).send({ token: "ebbt_x", about: { ...about, expiresAt: null, lastUsedAt: null } }),
  );
  const created = await run(["token", "create", "ci", "--machine", "--team", "shop", "--scope", "deploy", "--days", "0"], { env });
  expect(created.stdout).toBe("ebbt_x\n");
  expect(platform.calls.at(-1)?.body).toEqual({ name: "ci", scope: "deploy", kind: "machine", team: "shop", days: 0 });
  expect((await run(["token", "create", "ci", "--machine"], { env })).code).toBe(EXIT.usage);
  platform.answer("PUT /teams/shop/members/bob", (reply) => reply.code(204).send());
  expect((await run(["team", "role", "shop", "bob", "admin"], { env })).stdout).toBe("bob is admin in shop\n");
  expect((await run(["team", "role", "shop", "bob", "king"], { env })).code).toBe(EXIT.usage);
});

test("the audit trail is read over its pages, and a breach is a failure that says where", async () => {
  const { platform, run } = await setUp();
  const row = (seq: number) => ({
    seq,
    time: "2026-01-01T00:00:00.000Z",
    actor: "anna",
    credential: "",
    address: "10.0.0.1",
    client: "ebb",
    action: "app.deleted",
    object: `app/a${seq}`,
    team: "shop",
    before: null,
    after: null,
    request: "",
    previous: "",
    hash: "",
  });
  platform.answer("GET /audit", () => ({ items: [row(3), row(2)], next: "2" }));
  const listed = await run(["audit", "list", "--limit", "4", "-o", "json"], { env: platform.env });
  expect((JSON.parse(listed.stdout) as { items: unknown[] }).items.length).toBe(4);
  expect(platform.calls.at(-1)?.url).toBe("/api/v1/audit?cursor=2&limit=2");
  platform.answer("GET /audit/verification", () => ({ rows: 3, head: { seq: 3, hash: "a".repeat(64) }, breach: null }));
  expect((await run(["audit", "verify"], { env: platform.env })).stdout).toContain(`Head: 3:${"a".repeat(64)}`);
  platform.answer("GET /audit/verification", () => ({
    rows: 3,
    head: { seq: 3, hash: "" },
    breach: { seq: 2, message: "row 2 was edited" },
  }));
  const broken = await run(["audit", "verify", "--head", `3:${"a".repeat(64)}`], { env: platform.env });
  expect(broken).toMatchObject({ code: EXIT.failed, stdout: "" });
  expect(broken.stderr).toContain("row 2 was edited");
});

test("what waits for approval is listed, approved and rejected, and a command that makes it says so instead of waiting for days", async () => {
  const waiting = anOperation({ state: "waiting", phases: [], finishedAt: null });
  const platform = await startPlatform(waiting);
  const env = platform.env;
  const approval = {
    operation: waiting.id,
    kind: "deploy",
    team: "shop",
    environment: "prod",
    app: "hello",
    author: "anna",
    state: "waiting",
    needed: 2,
  };
  const row = {
    ...approval,
    votes: [],
    changes: [{ path: "image", from: "w", to: "x" }],
    createdAt: waiting.createdAt,
    expiresAt: waiting.createdAt,
  };
  platform.answer("GET /approvals", () => ({ items: [row] }));
  expect((await runCli(["approvals"], { env })).stdout).toMatch(/op-1 .*shop\/prod .*0\/2 .*image:w→x/);
  platform.answer(`POST /operations/${waiting.id}/approve`, () => ({ ...waiting, state: "queued" }));
  expect((await runCli(["approve", waiting.id], { env })).stdout).toBe("op-1: approved: it is queued\n");
  platform.answer(`POST /operations/${waiting.id}/reject`, () => ({ ...waiting, state: "cancelled" }));
  expect((await runCli(["reject", waiting.id, "--why", "no"], { env })).stdout).toBe("op-1: rejected\n");
  expect(platform.calls.at(-1)?.body).toEqual({ why: "no" });
  const failure = {
    code: "rejected",
    message: "bob has rejected it: not on a Friday",
    hint: null,
    chain: ["bob has rejected it: not on a Friday"],
    log: [],
  };
  platform.answer(`GET /operations/${waiting.id}`, () => ({ ...waiting, state: "cancelled", failure }));
  expect((await runCli(["operations", "show", waiting.id], { env })).stdout).toMatch(
    /State +cancelled[^]*Error: bob has rejected it: not on a Friday\n$/,
  );
  const cancelled = { ...failure, code: "cancelled", message: "The operation was cancelled", chain: [] };
  platform.answer(`GET /operations/${waiting.id}`, () => ({ ...waiting, state: "cancelled", failure: cancelled }));
  const shown = (await runCli(["operations", "show", waiting.id], { env })).stdout;
  expect(shown).toMatch(/Took +\S+ \S+\n$/);
  const rollback = await runCli(["rollback", "hello"], { env });
  expect(rollback.code).toBe(EXIT.waiting);
  expect(rollback.stderr).toMatch(/^Waiting: operation op-1 waits for approval\nWhat to do: .*ebb approve op-1/);
  expect(rollback.stderr).not.toContain("Error");
  const promoted = await runCli(["promote", "hello", "--to", "prod", "-o", "json"], { env });
  expect([promoted.code, JSON.parse(promoted.stdout)]).toMatchObject([EXIT.waiting, { id: "op-1", state: "waiting" }]);
});

test("freezes are added to those that there are, taken away by their reason, and overridden for one command", async () => {
  const platform = await startPlatform();
  const { env } = platform;
  const present = { why: "Christmas", from: "2026-12-23T18:00+01:00", to: "2027-01-02T08:00+01:00" };
  const environment = {
    team: "default",
    name: "prod",
    template: "prod",
    order: 40,
    warm: true,
    scaling: { min: 0, max: 0, idleSeconds: null },
    limits: { maxInstances: 0 },
    deployRole: "releaser",
    releaseRole: "releaser",
    approvals: 0,
    rollbacksWait: false,
    freezes: [present],
    versions: { keep: 20, days: null },
    frozen: null,
    cluster: "c",
    namespace: "n",
    hostSuffix: "",
    apps: 0,
    createdAt: "2026-01-01T00:00:00Z",
    updatedAt: "2026-01-01T00:00:00Z",
  };
  platform.answer("GET /teams/default/environments/prod", () => environment);
  platform.answer("PATCH /teams/default/environments/prod", () => environment);
  const weekend = ["--why", "weekend", "--cron", "0 16 * * 5", "--hours", "64", "--zone", "Europe/Berlin"];
  const shown = await runCli(["env", "freeze", "prod", ...weekend], { env: { ...env, EBB_OVERRIDE_FREEZE: "größer" } });
  expect(shown.stdout).toContain("Christmas: 2026-12-23T18:00+01:00 to 2027-01-02T08:00+01:00");
  const added = { why: "weekend", cron: "0 16 * * 5", minutes: 3840, timeZone: "Europe/Berlin" };
  expect(platform.calls.at(-1)).toMatchObject({ body: { freezes: [present, added] } });
  await runCli(["env", "unfreeze", "prod", "Christmas"], { env });
  expect(platform.calls.at(-1)).toMatchObject({ body: { freezes: [] } });
  expect((await runCli(["env", "unfreeze", "prod", "Easter"], { env })).stderr).toContain('prod has no freeze "Easter"');
  expect((await runCli(["env", "freeze", "prod", "--why", "x", "--from", "2026-01-01T00:00Z"], { env })).code).toBe(EXIT.usage);
  expect((await runCli(["env", "freeze", "prod"], { env })).code).toBe(EXIT.usage);
});
