import { execFile, spawn } from "node:child_process";
import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { EXIT } from "./exit-codes.ts";

const LAUNCHER = join(import.meta.dirname, "../../../ebb");
const run = promisify(execFile);
/** No Node.js of the machine in it. */
const BARE = { PATH: "/usr/bin:/bin", EBB_DATA: "/nonexistent/ebb", HOME: "/nonexistent" };

async function folder(): Promise<string> {
  const { path, remove } = await tempDir();
  onTestFinished(remove);
  return path;
}

test("the launcher works from any folder, through links of links, with the arguments as they are", async () => {
  const path = await folder();
  await mkdir(join(path, "my bin"));
  await symlink(LAUNCHER, join(path, "first"));
  await symlink("../first", join(path, "my bin", "ebb"));
  const { stdout } = await run(join(path, "my bin", "ebb"), ["--version"], { cwd: "/", env: BARE });
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const refused = run(join(path, "first"), ["vars", "set", "x", "not an = 'assignment\"$HOME"], { cwd: path, env: BARE });
  await expect(refused).rejects.toMatchObject({ code: EXIT.usage, stderr: expect.stringContaining(`"not an "`) });
});

test("without its Node.js it says what to do", async () => {
  const path = await folder();
  await copyFile(LAUNCHER, join(path, "ebb"));
  await expect(run(join(path, "ebb"), ["status"], { env: BARE })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`cd ${path} && npm ci`),
  });
});

test("a reader that has seen enough is no failure", async () => {
  const { stdout } = await run("sh", ["-c", `{ "${LAUNCHER}" --help; echo "exit $?" >&3; } 3>&1 | head -c 1 >/dev/null`], { env: BARE });
  expect(stdout === "" || stdout.includes("exit 0")).toBe(true);
});

test("Ctrl-C ends a command with 130", async () => {
  const server = (await import("node:net")).createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  const child = spawn(LAUNCHER, ["logs", "hello", "-f"], { env: { ...BARE, EBB_SERVER: `http://127.0.0.1:${port}` }, stdio: "ignore" });
  const asked = new Promise<void>((resolve) => server.once("connection", () => resolve()));
  await asked;
  child.kill("SIGINT");
  expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(EXIT.interrupted);
});

test("a command loads no library that others need: each would cost all of them its time", async () => {
  const hook = join(await folder(), "hook.mjs");
  const main = join(import.meta.dirname, "main.ts");
  await writeFile(
    hook,
    `import { registerHooks } from "node:module";
     const libraries = new Set();
     registerHooks({ load: (url, context, next) => (libraries.add(/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1]), next(url, context)) });
     process.on("exit", () => console.log([...libraries].filter(Boolean).join()));`,
  );
  const { stdout } = await run(process.execPath, ["--import", hook, main, "--version"], { env: BARE });
  expect(stdout.trim().split("\n").slice(1)).toEqual(["commander"]);
});
