import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { eventually, tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { EXIT } from "../exit-codes.ts";
import { anOperation, aPlace, startPlatform } from "../testing/platform.ts";
import { run } from "../testing/run.ts";

async function aSource(name = "My App_1"): Promise<string> {
  const { path, remove } = await tempDir();
  onTestFinished(remove);
  const folder = join(path, name);
  await mkdir(folder);
  await writeFile(join(folder, "server.js"), "console.log(1)\n");
  return folder;
}

test("sends the folder and prints the URL and how long each phase took", async () => {
  const operation = anOperation();
  const platform = await startPlatform(operation, [
    { type: "operation", operation: { ...operation, state: "running", phases: operation.phases.slice(0, 1), finishedAt: null } },
    { type: "log", time: "2026-01-01T00:00:00Z", line: "added 3 packages" },
    { type: "operation", operation },
  ]);
  const cwd = await aSource();
  const result = await run(["deploy"], { env: platform.env, cwd });
  expect(result.code, result.stderr).toBe(EXIT.ok);
  const upload = platform.calls.find((call) => call.method === "POST");
  expect(upload?.url).toContain("/deployments?defaultName=my-app-1");
  expect(gunzipSync(upload?.body as Buffer).toString("latin1")).toContain("console.log(1)");
  expect(result.stdout).toContain("http://hello.sls-local.localhost:8080");
  expect(result.stdout).toContain("4.0 s: unpack 0.0 s, build 3.2 s");
  const order = ["1 file", "unpack", "added 3 packages", "build"].map((text) => result.stderr.indexOf(text));
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(order[0]).toBeGreaterThanOrEqual(0);
});

test("a failure prints the causes, the log, the remedy, and that the version before still serves", async () => {
  const failure = {
    code: "build_failed",
    message: "the build failed",
    hint: "Add the script to package.json.",
    chain: ["the build failed", "npm run build exited with 1"],
    log: ["npm error Missing script"],
  };
  const { env } = await startPlatform(anOperation({ state: "failed", failure, url: null, version: null }));
  const result = await run(["deploy"], { env, cwd: await aSource() });
  expect(result).toMatchObject({ code: EXIT.failed, stdout: "" });
  expect(result.stderr).toContain("Error: the build failed\n  because npm run build exited with 1\n");
  expect(result.stderr).toContain("│ npm error Missing script");
  expect(result.stderr).toContain("What to do: Add the script");
  expect(result.stderr).toContain("v2 and v1 of hello still at http://hello");
});

test("what is said once is not said again, and a first version serves nobody", async () => {
  const reason = "Revision hello-00003: Container failed: it exited with code 1\nIts last lines:\n  boot";
  const failure = {
    code: "build_failed",
    message: "v3 ended",
    hint: null,
    chain: ["v3 ended", reason, "it exited with code 1\nIts last lines:\n  boot"],
    log: ["boot"],
  };
  const operation = anOperation({ state: "failed", failure });
  const platform = await startPlatform(operation, [
    { type: "log", time: "2026-01-01T00:00:00Z", line: "boot" },
    { type: "operation", operation },
  ]);
  platform.answer("GET /apps/hello/environments/test", () => aPlace({ traffic: [{ version: "v3", percent: 100 }] }));
  const { stderr } = await run(["deploy"], { env: platform.env, cwd: await aSource() });
  expect(stderr.slice(stderr.indexOf("Error:"))).toBe(
    "Error: v3 ended\n  because Revision hello-00003: Container failed: it exited with code 1\n",
  );
  expect(stderr).not.toContain("Nothing has changed");
});

test("an interrupt leaves the deployment running and says how to go on", async () => {
  const platform = await startPlatform();
  platform.answer("GET /operations/op-1/events", (reply) => {
    reply.raw.writeHead(200, { "content-type": "text/event-stream" });
    reply.raw.write(": hello\n\n");
    return reply.hijack();
  });
  const interrupt = new AbortController();
  const running = run(["deploy"], { env: platform.env, cwd: await aSource(), interrupted: interrupt.signal });
  await eventually(() => platform.calls.some((call) => call.url.includes("/events")));
  interrupt.abort(new Error("interrupted"));
  expect(await running).toMatchObject({ code: EXIT.interrupted, stderr: expect.stringContaining("ebb operations cancel op-1") });
});

test("an image is deployed with its options; its name comes from the reference", async () => {
  const platform = await startPlatform();
  const argv = [
    "deploy",
    "--image",
    "ghcr.io/acme/Shop.Web:1.2@sha256:00",
    "--port",
    "80",
    "--var",
    "A=1",
    "-e",
    "prod",
    "--team",
    "red",
    "--command",
    "serve",
    "--command",
    "-v",
    "--no-traffic",
    "-o",
    "json",
  ];
  const result = await run(argv, { env: platform.env });
  expect(platform.calls.find((call) => call.method === "POST")?.body).toEqual({
    name: "shop-web",
    team: "red",
    environment: "prod",
    image: "ghcr.io/acme/Shop.Web:1.2@sha256:00",
    port: 80,
    env: { A: "1" },
    command: ["serve", "-v"],
    noTraffic: true,
  });
  expect(JSON.parse(result.stdout)).toEqual(anOperation());
});

test("without traffic the preview URL and the next step are printed; detached, the operation", async () => {
  const { env, calls } = await startPlatform();
  const cwd = await aSource();
  const preview = await run(["deploy", "--no-traffic", "--name", "shop"], { env, cwd });
  expect(calls.find((call) => call.method === "POST")?.url).toMatch(/\?name=shop&noTraffic=true$/);
  expect(preview.stdout).toContain("http://v3-hello.sls-local");
  expect(preview.stdout).toContain("ebb traffic hello v3=100 --env test");
  calls.length = 0;
  expect((await run(["deploy", "-d"], { env, cwd })).stdout).toContain("ebb operations show op-1");
  expect(calls.some((call) => call.url.includes("events"))).toBe(false);
});

test("what cannot be deployed is refused before anything is sent", async () => {
  const { env, calls } = await startPlatform();
  const cwd = await aSource();
  const refused = async (...argv: string[]) => {
    const result = await run(["deploy", ...argv], { env, cwd });
    expect(calls.filter((call) => call.method === "POST")).toEqual([]);
    return result;
  };
  expect(await refused("absent")).toMatchObject({ code: EXIT.usage, stderr: expect.stringContaining("there is no folder") });
  expect(await refused("server.js")).toMatchObject({ code: EXIT.usage, stderr: expect.stringContaining("is not a folder") });
  expect(await refused("--port", "80")).toMatchObject({ code: EXIT.usage, stderr: expect.stringContaining("ebb.yaml") });
  expect(await refused(".", "--image", "x")).toMatchObject({ code: EXIT.usage });
  await writeFile(join(cwd, ".gitignore"), "*\n");
  expect(await refused()).toMatchObject({ code: EXIT.failed, stderr: expect.stringContaining("left out by .gitignore") });
});
