import type { Metrics } from "@ebb/api";
import { execFile, spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { COMPILE_CACHE, eventually, freePorts, httpRequest, nodeApp, shareCompileCache, tempDir } from "@ebb/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";

const LAUNCHER = join(import.meta.dirname, "../../ebb");

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: { path: string; remove(): Promise<void> };
let ports: number[];
let portOptions: string[];
beforeEach(async () => {
  folder = await tempDir("ebb-cli-");
  await shareCompileCache(join(folder.path, "data"));
  ports = await freePorts(4);
  portOptions = ["gateway", "platform", "api", "internal"].flatMap((name, at) => [`--${name}-port`, `${ports[at]}`]);
});
afterEach(async () => {
  await ebb("down");
  await folder.remove();
});

const environment = () => ({
  ...process.env,
  EBB_DATA: join(folder.path, "data"),
  EBB_SERVER: "",
  NO_COLOR: "1",
  NODE_COMPILE_CACHE: COMPILE_CACHE,
});

function ebb(...argv: string[]): Promise<Result> {
  return new Promise((resolve) => {
    execFile(LAUNCHER, argv, { env: environment(), cwd: folder.path }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

const up = (...argv: string[]) => ebb("up", ...portOptions, "--no-containers", "--cluster-address", "none", "--no-examples", ...argv);
const gateway = () => ({ host: "127.0.0.1", port: ports[0] ?? 0 });

test("up, deploy, look, change, roll back, delete and down, as a person does", async () => {
  expect(await ebb("status")).toMatchObject({ code: 4 });
  const first = await up();
  expect(first, first.stderr).toMatchObject({ code: 0 });
  expect(first.stdout).toContain("/?code=");
  expect(await up()).toMatchObject({ code: 0, stderr: expect.stringContaining("already running") });

  const source = join(folder.path, "hello");
  await mkdir(source);
  for (const [name, text] of Object.entries(nodeApp())) await writeFile(join(source, name), text);
  const deployed = await ebb("deploy", "hello", "-o", "json");
  expect(deployed, deployed.stderr).toMatchObject({ code: 0 });
  const { url } = JSON.parse(deployed.stdout) as { url: string };
  expect(url).toBe(`http://hello-test.sls-local.localhost:${ports[0]}`);
  expect((await httpRequest(gateway(), { host: new URL(url).host })).status).toBe(200);

  expect(await ebb("exec", "hello", "--", "sh", "-c", 'echo "$K_SERVICE"; echo bad >&2; exit 7')).toEqual({
    code: 7,
    stdout: "hello\n",
    stderr: "bad\n",
  });

  expect(await ebb("vars", "set", "hello", "GREETING=hi")).toMatchObject({ code: 0, stdout: expect.stringContaining("v2 serves at") });
  expect((await ebb("versions", "hello")).stdout).toMatch(/^v2 .*100 %.*\nv1 /m);
  expect(await ebb("traffic", "hello", "v1=50", "v2=50")).toMatchObject({ code: 0, stdout: expect.stringMatching(/v\d 50 %, v\d 50 %/) });
  expect(await ebb("rollback", "hello", "--to", "v1")).toMatchObject({ code: 0, stdout: expect.stringContaining("goes to v1") });

  const why = await ebb("why", "hello");
  expect(why, why.stderr).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^v1 is to have 1 instance since .* ago\): .+\n\nTIME /),
  });

  const metrics = await ebb("metrics", "hello", "-o", "json");
  expect(metrics, metrics.stderr).toMatchObject({ code: 0 });
  const counted = JSON.parse(metrics.stdout) as Metrics;
  expect(counted.versions.map(({ version }) => version)).toEqual(["v2", "v1"]);
  expect(counted.total.summary).toMatchObject({ errors: 0, p50Ms: expect.any(Number) });

  await writeFile(join(source, "server.js"), `console.error("no database"); process.exit(3);`);
  const broken = await ebb("deploy", "hello");
  expect(broken).toMatchObject({ code: 1, stdout: "" });
  expect(broken.stderr).toContain("Nothing has changed for visitors: v1 of hello still at");
  expect(broken.stderr).toContain("│ no database");
  expect((await httpRequest(gateway(), { host: "hello-test.sls-local.localhost" })).status).toBe(200);

  expect(await ebb("down")).toMatchObject({ code: 0, stderr: expect.stringContaining("has stopped") });
  expect(await ebb("apps")).toMatchObject({ code: 4 });
  expect(await up()).toMatchObject({ code: 0, stdout: expect.stringContaining(url) });
  expect((await httpRequest(gateway(), { host: "hello-test.sls-local.localhost" })).status).toBe(200);
  // What was decided before the stop is still known.
  const earlier = JSON.parse((await ebb("why", "hello", "--version", "v2", "-o", "json")).stdout) as { items: { cause: string }[] };
  expect(earlier.items.map(({ cause }) => cause)).toContain("initial-scale");
  await eventually(async () => {
    const { versions } = JSON.parse((await ebb("metrics", "hello", "-o", "json")).stdout) as Metrics;
    const requests = versions.find(({ version }) => version === "v1")?.summary.requests ?? 0;
    return requests > (counted.versions[1]?.summary.requests ?? Infinity);
  }, 30_000);
  expect(await ebb("why", "hello", "--version", "v9")).toMatchObject({ code: 3, stderr: expect.stringContaining("no version v9") });
  // An agent's view, by the protocol itself.
  const child = spawn(LAUNCHER, ["mcp", "--read-only"], { env: environment(), cwd: folder.path, stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let told = "";
  child.stdout.on("data", (chunk: Buffer) => (told += chunk.toString()));
  const client = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "0" } };
  const messages = [
    { id: 1, method: "initialize", params: client },
    { method: "notifications/initialized" },
    { id: 2, method: "tools/call", params: { name: "list_apps", arguments: {} } },
  ];
  for (const message of messages) child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  await eventually(() => told.split("\n").length > 2, 30_000);
  expect(JSON.parse(told.split("\n")[1] ?? "")).toMatchObject({ id: 2, result: { content: [{ text: expect.stringContaining("hello") }] } });
  child.stdin.end();
  expect(await ended).toBe(0);

  // The team as files: unchanged they change nothing; changed they do it once.
  expect(await ebb("export", "team")).toMatchObject({ code: 0, stdout: "5 files in team.\n" });
  expect(await ebb("apply", "-f", "team", "--yes")).toMatchObject({ code: 0, stdout: "Nothing to do: it is as the files say.\n" });
  const file = join(folder.path, "team/apps/hello.yaml");
  await writeFile(file, (await readFile(file, "utf8")).replace("GREETING: hi", "GREETING: moin").replace('owner: ""', "owner: ann"));
  expect(await ebb("apply", "-f", "team", "--dry-run")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /change the app hello: owner "" → "ann"\n.*set variables of hello in test: GREETING\n2 steps would be done/,
    ),
  });
  const applied = await ebb("apply", "-f", "team", "--yes");
  expect(applied, applied.stderr).toMatchObject({ code: 0, stdout: "2 steps done.\n" });
  expect(await ebb("apply", "-f", "team", "--yes")).toMatchObject({ code: 0, stdout: "Nothing to do: it is as the files say.\n" });
  expect(await ebb("delete", "hello", "--yes")).toMatchObject({ code: 0, stdout: "hello is deleted.\n" });
  expect(await ebb("apps", "hello")).toMatchObject({ code: 3 });
  expect(await ebb("down")).toMatchObject({ code: 0 });
});

test("in the foreground Ctrl-C stops everything, and a port in use is said before anything starts", async () => {
  const child = spawn(LAUNCHER, ["up", "--foreground", ...portOptions, "--no-containers", "--cluster-address", "none", "--no-examples"], {
    env: environment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await eventually(() => output.includes("Ctrl-C stops it"), 60_000);
  const { pid } = JSON.parse(await readFile(join(folder.path, "data/run/server.json"), "utf8")) as { pid: number };
  child.kill("SIGINT");
  expect(await ended, output).toBe(0);
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");

  const holder = createServer().listen(ports[1], "127.0.0.1");
  await new Promise((resolve) => holder.once("listening", resolve));
  const refused = await up();
  await new Promise((resolve) => holder.close(resolve));
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain(`port ${ports[1]} is in use by`);
  expect(refused.stderr).toContain("--platform-port");
});
