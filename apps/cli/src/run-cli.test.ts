import { createClient } from "@ebb/api";
import { expect, test } from "vitest";
import { eventually } from "@ebb/testkit";
import { parse } from "yaml";
import { EXIT } from "./exit-codes.ts";
import { anApp, anOperation, aPlace, problem, startPlatform, TOKEN } from "./testing/platform.ts";
import { run } from "./testing/run.ts";

test("nothing, help and version are answered on standard output", async () => {
  const nothing = await run([]);
  expect(nothing).toMatchObject({ code: EXIT.ok, stderr: "" });
  expect(nothing.stdout).toContain("Usage: ebb COMMAND");
  expect((await run(["help", "deploy"])).stdout).toBe((await run(["deploy", "--help"])).stdout);
  expect((await run(["vars", "--help"])).stdout).toContain("vars set APP [VARIABLES...]");
  expect((await run(["--version"])).stdout).toBe("1.2.3\n");
});

test.each([
  [["dploy"], "unknown command 'dploy' (Did you mean deploy?)", "ebb --help"],
  [["logs"], "missing required argument 'APP'", "ebb logs --help"],
  [["logs", "hello", "--folow"], "unknown option '--folow' (Did you mean --follow?)", "ebb logs --help"],
  [["logs", "hello", "--tail", "many"], "Expected a whole number from 0 to 100000", "ebb logs --help"],
  [["apps", "-o", "xml"], "Allowed choices are text, wide, json, yaml", "ebb apps --help"],
  [["apps", "a", "b"], "too many arguments", "ebb apps --help"],
  [["env"], "a command is missing", "ebb env --help"],
  [["env", "add", "hello"], "unknown command 'add'", "ebb env --help"],
  [["vars", "set", "hello", "KEY"], '"KEY" is not KEY=VALUE', "KEY=VALUE"],
  [["vars", "set", "hello", "1A=b"], '"1A" cannot be the name of a variable', "no digit first"],
  [["traffic", "hello", "v1=60", "v2=60"], "add up to 120", "Change them"],
  [["traffic", "hello", "v1=50", "v1=50"], "v1 is named twice", "once"],
  [["traffic", "hello", "latest=100"], "is not VERSION=PERCENT", "v3=90"],
  [["logs", "hello", "--since", "yesterday"], "neither an age nor a time", "10m"],
  [["user", "set", "anna"], "nothing to change", "--admin, --full-name or --email"],
  [["env", "move", "prod", "--plan"], "--to is missing", "ebb cluster list"],
  [["promote", "hello", "--from", "prod"], "prod has no neighbour in the chain of default: test → prod", "--from ENV --to ENV"],
  [["env", "set", "prod"], "nothing to change is named", "ebb env set --help"],
  [["team", "create", "red", "-e", "nightly"], "nightly is not a template", "test, stable, staging, prod"],
  [["rollback", "hello", "--to", "2"], "not a version", "ebb versions hello"],
  [["apps", "--server", "ftp://x"], "not the address of a platform", "http://HOST:PORT"],
  [["completion", "tcsh"], "no completion for tcsh", "bash, zsh, fish"],
])("%j is a usage error that says what to do", async (argv, message, hint) => {
  const { env } = await startPlatform();
  const result = await run(argv, { env: argv.includes("--server") ? {} : env });
  expect(result).toMatchObject({ code: EXIT.usage, stdout: "" });
  expect(result.stderr).toContain(message);
  expect(result.stderr).toContain(hint);
});

test("refusals of the platform have their exit codes", async () => {
  const platform = await startPlatform();
  platform.answer("GET /apps/broken", (reply) => problem(reply, 500, "internal_error"));
  platform.answer("GET /apps/busy", (reply) => problem(reply, 503, "starting"));
  const code = async (argv: string[], env: Record<string, string> = platform.env) => (await run(argv, { env })).code;
  expect(await code(["versions", "absent"])).toBe(EXIT.notFound);
  expect(await code(["traffic", "broken"])).toBe(EXIT.failed);
  expect(await code(["traffic", "busy"])).toBe(EXIT.unreachable);
  expect(await code(["apps"], { ...platform.env, EBB_TOKEN: "wrong" })).toBe(EXIT.unauthorised);
  expect(await code(["apps"], { EBB_SERVER: "http://127.0.0.1:1" })).toBe(EXIT.unreachable);
  const nowhere = await run(["apps"]);
  expect(nowhere.code).toBe(EXIT.unreachable);
  expect(nowhere.stderr).toContain("Start it with `ebb up`");
});

test("a result has the same facts in every format", async () => {
  const { env } = await startPlatform();
  const text = await run(["apps"], { env });
  const lines = text.stdout.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^NAME +ENV +STATE +URL +TRAFFIC +INSTANCES +AGE$/);
  expect(lines[1]).toMatch(/^hello +test +ready +http:\/\/hello\S+ +v2 90 %, v1 10 % +1 +\d/);
  expect(new Set(lines.map((line) => line.length)).size, "right-aligned last column").toBe(1);
  expect(text.stdout).not.toContain("\u001b");
  const json: unknown = JSON.parse((await run(["apps", "-o", "json"], { env })).stdout);
  expect(json).toMatchObject({ items: [anApp(), { name: "site" }] });
  expect(parse((await run(["apps", "-o", "yaml"], { env })).stdout)).toEqual(json);
  expect((await run(["apps", "-o", "wide"], { env })).stdout).toMatch(/TEAM +KIND +LATEST +CHANGED +MESSAGE/);
});

test("colours are for terminals, and NO_COLOR turns them off", async () => {
  const { env } = await startPlatform();
  expect((await run(["apps"], { env: { ...env, TERM: "xterm" }, terminal: 120 })).stdout).toContain("\u001b[32m");
  expect((await run(["apps"], { env: { ...env, TERM: "xterm", NO_COLOR: "1" }, terminal: 120 })).stdout).not.toContain("\u001b");
});

test("an empty list says what to do next, and is empty for scripts", async () => {
  const platform = await startPlatform();
  platform.answer("GET /apps", () => ({ items: [] }));
  const text = await run(["apps"], { env: platform.env });
  expect(text).toMatchObject({ code: EXIT.ok, stdout: "" });
  expect(text.stderr).toContain("ebb deploy");
  expect(JSON.parse((await run(["apps", "-o", "json"], { env: platform.env })).stdout)).toEqual({ items: [] });
});

test("changes send what was asked and end when the platform says so", async () => {
  const platform = await startPlatform(anOperation({ kind: "config" }));
  const { env, calls } = platform;
  const changed = async (argv: string[], stdin?: string) => {
    calls.length = 0;
    const result = await run(argv, stdin === undefined ? { env } : { env, stdin });
    expect(result.code, result.stderr).toBe(EXIT.ok);
    return calls.find((call) => call.method !== "GET");
  };
  expect(await changed(["traffic", "hello", "v2=90", "v1=10%"])).toMatchObject({
    method: "PUT",
    body: {
      targets: [
        { version: "v2", percent: 90 },
        { version: "v1", percent: 10 },
      ],
    },
  });
  expect(await changed(["rollback", "hello"])).toMatchObject({ body: {} });
  expect(await changed(["rollback", "hello", "--to", "v1"])).toMatchObject({ body: { to: "v1" } });
  expect(await changed(["restart", "hello"])).toMatchObject({
    method: "POST",
    url: "/api/v1/apps/hello/environments/test/restart",
    body: {},
  });
  expect(await changed(["vars", "set", "hello", "A=1=2", "B="])).toMatchObject({ body: { variables: { A: "1=2", B: "" } } });
  expect(await changed(["vars", "unset", "hello", "A"])).toMatchObject({ body: { variables: { A: null } } });
  expect(await changed(["secrets", "set", "hello", "KEY"], "geheim\n")).toMatchObject({ body: { secrets: { KEY: "geheim" } } });
  expect(await changed(["secrets", "unset", "hello", "KEY"])).toMatchObject({ body: { secrets: { KEY: null } } });
  expect(await changed(["vars", "unset", "hello", "A", "--inherit"])).toMatchObject({ body: { inherit: ["A"] } });
  expect(await changed(["vars", "set", "hello", "A=2", "--dry-run"])).toMatchObject({ method: "POST", body: { variables: { A: "2" } } });
  const layer = (...words: string[]) => ["vars", "set", "--layer", ...words];
  expect(await changed(layer("team", "A=2"))).toMatchObject({
    url: "/api/v1/teams/default/configuration",
    body: { variables: { A: "2" } },
  });
  expect(await changed(layer("platform", "A=2", "B=3"))).toMatchObject({
    url: "/api/v1/configuration",
    body: { variables: { A: "2", B: "3" } },
  });
  expect(await changed(layer("environment", "-e", "prod", "A=2"))).toMatchObject({
    url: "/api/v1/teams/default/environments/prod/configuration",
  });
  expect(await changed(["secrets", "set", "--layer", "team", "KEY"], "geheim")).toMatchObject({ body: { secrets: { KEY: "geheim" } } });
  expect(await changed(["secrets", "rotate-key"])).toMatchObject({ method: "POST", url: "/api/v1/keys/rotate" });
  expect(await changed(["delete", "hello", "--yes"])).toMatchObject({ method: "DELETE", url: "/api/v1/apps/hello" });
  expect(await changed(["delete", "hello", "-e", "prod", "--yes"])).toMatchObject({ url: "/api/v1/apps/hello/environments/prod" });
  expect(await changed(["promote", "hello", "--from", "test", "--to", "prod"])).toMatchObject({
    url: "/api/v1/apps/hello/environments/prod/promote",
    body: { from: "test" },
  });
  expect(await changed(["promote", "hello", "--to", "prod", "--version", "v2"])).toMatchObject({ body: { from: "test", version: "v2" } });
});

test("a deletion that nobody confirmed does not happen", async () => {
  const { env, calls } = await startPlatform();
  expect(await run(["delete", "hello"], { env })).toMatchObject({ code: EXIT.usage, stderr: expect.stringContaining("--yes") });
  expect(calls.every((call) => call.method === "GET")).toBe(true);
});

test("secrets are read whole, are never empty, and never printed", async () => {
  const { env, calls } = await startPlatform();
  const secret = "line 1\nline 2\n";
  const result = await run(["secrets", "set", "hello", "KEY", "-o", "json"], { env, stdin: secret });
  expect(calls.find((call) => call.method === "PATCH")?.body).toEqual({ secrets: { KEY: "line 1\nline 2" } });
  expect(result.stdout + result.stderr).not.toContain("line 1");
  expect((await run(["secrets", "set", "hello", "KEY"], { env })).code).toBe(EXIT.usage);
  expect((await run(["secrets", "set", "hello", "KEY"], { env, stdin: new Uint8Array([0xff, 0xfe]) })).stderr).toContain("not UTF-8");
  expect((await run(["secrets", "set", "hello", "KEY"], { env, stdin: "x".repeat(300_000) })).stderr).toContain("longer than 262144");
});

test("logs are lines for people, objects for programs, and safe for a terminal", async () => {
  const platform = await startPlatform();
  const record = {
    time: "2026-01-01T00:00:00.5Z",
    version: "v2",
    instance: "hello-v2-abcde",
    stream: "stdout",
    text: "up \u001b[2J\u001b]0;title\u0007\u001b[31mred",
  };
  platform.answer("GET /apps/hello/environments/test/logs", (reply) =>
    reply.type("application/x-ndjson").send(`${JSON.stringify(record)}\n`),
  );
  const { env } = platform;
  const terminal = await run(["logs", "hello", "--tail", "5", "--since", "10m"], { env, terminal: 80 });
  expect(terminal.stdout).toMatch(/v2\/abcde.* up .*red\n$/);
  expect(terminal.stdout).not.toContain("\u001b[2J");
  expect(terminal.stdout).not.toContain("title");
  expect(platform.calls.at(-1)?.url).toMatch(/tail=5&since=2\d{3}-/);
  expect(JSON.parse((await run(["logs", "hello", "-o", "json"], { env })).stdout)).toEqual(record);
});

test("following logs ends with 130 at an interrupt", async () => {
  const platform = await startPlatform();
  platform.answer("GET /apps/hello/environments/test/logs", (reply) => {
    reply.raw.writeHead(200, { "content-type": "application/x-ndjson" });
    reply.raw.write(`${JSON.stringify({ time: "2026-01-01T00:00:00Z", version: "v1", instance: "i", stream: "stdout", text: "one" })}\n`);
    return reply.hijack();
  });
  const interrupt = new AbortController();
  const running = run(["logs", "hello", "-f"], { env: platform.env, interrupted: interrupt.signal });
  await eventually(() => platform.calls.length > 0);
  interrupt.abort(new Error("interrupted"));
  expect((await running).code).toBe(EXIT.interrupted);
});

test("open prints URLs where there is no desktop; the console's signs in once", async () => {
  const { env, url } = await startPlatform();
  expect((await run(["open", "hello"], { env })).stdout).toBe("http://hello.sls-local.localhost:8080\n");
  expect((await run(["open", "hello", "--version", "v2"], { env })).stdout).toBe("http://v2-hello.sls-local.localhost:8080\n");
  expect((await run(["open", "hello", "--version", "v9"], { env })).code).toBe(EXIT.notFound);
  expect((await run(["open", "hello", "--version", "v1"], { env })).stderr).toContain("retired");
  expect((await run(["open", "console"], { env })).stdout).toBe(`${url}/?code=once\n`);
});

test("the token of a data folder is used for its own platform", async () => {
  const { url } = await startPlatform();
  const { tempDir } = await import("@ebb/testkit");
  const { mkdir, writeFile } = await import("node:fs/promises");
  const folder = await tempDir();
  await mkdir(`${folder.path}/run`);
  await writeFile(`${folder.path}/run/server.json`, JSON.stringify({ pid: 1, platform: url, kubeconfig: "/k" }));
  await writeFile(`${folder.path}/credentials.json`, JSON.stringify({ token: TOKEN }));
  expect((await run(["apps", "--data", folder.path])).code).toBe(EXIT.ok);
  expect((await run(["kubeconfig", "--path", "--data", folder.path])).stdout).toBe("/k\n");
  expect((await run(["kubeconfig", "--data", folder.path])).stdout).toBe("kind: Config\n");
  // Another platform must not get it.
  expect((await run(["apps", "--data", folder.path, "--server", url])).code).toBe(EXIT.unauthorised);
  await folder.remove();
});

test("status names the platforms when there are several, and says that their versions differ", async () => {
  const platform = await startPlatform();
  const one = (address: string, version: string, answering: boolean) => ({
    host: "m1",
    address,
    version,
    startedAt: "2026-01-01T00:00:00Z",
    seenAt: "2026-01-01T00:00:00Z",
    operations: 1,
    answering,
  });
  const client = createClient({ baseUrl: platform.url, token: platform.env.EBB_TOKEN });
  const usual = await client.status();
  let platforms = [one("127.0.0.1:8090", "1.2.3", true)];
  platform.answer("GET /status", () => ({ ...usual, platforms }));
  expect((await run(["status"], { env: platform.env })).stdout).not.toContain("Platform");
  platforms = [...platforms, one("127.0.0.1:8190", "1.3.0", false)];
  const { stdout } = await run(["status"], { env: platform.env });
  expect(stdout).toContain("127.0.0.1:8090 on m1, 1.2.3, doing 1 operation (this one)");
  expect(stdout).toContain("several versions of Ebb");
});

test("status fails when a part is not ready, and still shows it", async () => {
  const platform = await startPlatform();
  const places = [aPlace(), aPlace({ environment: "prod", state: "deploying" })];
  platform.answer("GET /apps", () => ({ items: [anApp({ environments: places })] }));
  const { stdout } = await run(["status"], { env: platform.env });
  expect(stdout).toMatch(/Apps +1\n/);
  expect(stdout).toMatch(/In environments +2: 1 ready, 0 asleep, 0 failed, 1 deploying, empty or unknown\n/);
  platform.answer("GET /status", () => ({
    version: "1.2.3",
    startedAt: "2026-01-01T00:00:00Z",
    user: "admin",
    cluster: { name: "local", ready: false, message: "store is read-only" },
    gateway: { address: "a", ready: true },
    apps: { total: 0, ready: 0, asleep: 0, failed: 0 },
    disk: { free: 4096, total: 1e11, state: "full" },
    platforms: [],
    attention: [],
  }));
  const result = await run(["status"], { env: platform.env });
  expect(result).toMatchObject({ code: EXIT.failed, stdout: expect.stringContaining("store is read-only") });
  expect(result.stdout).toContain("has 4.1 kB left: nothing can be started or changed");
});

test("a platform administrator is made, and a browser's session is ended", async () => {
  const { env, answer, calls } = await startPlatform();
  answer("PATCH /users/anna", () => ({ name: "anna", displayName: "Anna Smith", email: "", platformAdmin: true }));
  const made = await run(["user", "set", "anna", "--admin", "yes"], { env });
  expect(made).toMatchObject({ code: EXIT.ok, stdout: "anna is a platform administrator; Anna Smith, no address\n" });
  expect(calls.at(-1)?.body).toEqual({ platformAdmin: true });
  const session = {
    id: "k3x9",
    address: "10.0.0.7",
    client: "Firefox",
    lastUsedAt: "2026-01-01T00:00:00Z",
    expiresAt: "2026-01-08T00:00:00Z",
  };
  answer("GET /sessions", () => ({ items: [session] }));
  expect((await run(["session", "list"], { env })).stdout).toMatch(/^k3x9 +10\.0\.0\.7 +\S+ ago +2026-01-08 +Firefox$/m);
  answer("DELETE /sessions/k3x9", (reply) => reply.code(204).send());
  expect(await run(["session", "revoke", "k3x9"], { env })).toMatchObject({ code: EXIT.ok, stdout: "k3x9 has ended\n" });
});

test("what a move would do is said, and it is a failure where it would be refused", async () => {
  const { env, answer, calls } = await startPlatform();
  const app = {
    app: "hello",
    host: "hello",
    versions: [
      { version: "v3", because: "serves", bundle: true },
      { version: "v2", because: "before", bundle: false },
    ],
    lost: ["v1"],
    domains: ["www.example.com"],
  };
  const plan = { from: "local", to: "eu", namespace: "default-prod", approvals: 1, refusals: [] as object[], apps: [app] };
  answer("POST /teams/default/environments/prod/move/plan", () => plan);
  const argv = ["env", "move", "prod", "--to", "eu", "--plan"];
  const shown = await run(argv, { env });
  expect(shown.code).toBe(EXIT.ok);
  expect(shown.stdout).toMatch(/^hello +v3 \(serves\), v2 \(served before\) +v1 +hello\.… +www\.example\.com$/m);
  expect(shown.stderr).toContain("prod would move from local to eu, into the namespace default-prod, once 1 person has approved it.");
  expect(shown.stderr).toContain("hello v3: no image, but a bundle");
  plan.refusals = [
    { code: "host_taken", message: "On eu the host hello is taken", hint: "Give one another." },
    { code: "environment_frozen", message: "It is frozen", hint: "" },
  ];
  const refused = await run(argv, { env });
  expect(refused.code).toBe(EXIT.failed);
  expect(refused.stderr).toMatch(/it would be refused: On eu the host hello is taken[^]*It is frozen[^]*Give one another\./);
  expect(calls.every(({ url }) => !url.endsWith("/move"))).toBe(true);
});
