import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@ebb/testkit";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { canBeTold, launchScript } from "./launch-script.ts";

const folder = await tempDir("ebb-script-");
afterAll(() => folder.remove());
const fifos = { stdout: join(folder.path, "out"), stderr: join(folder.path, "err") };
/** Prints its arguments and a variable. */
const TELL = ["/bin/sh", "-c", `printf '%s\\0' "$@" "$GIVEN"`, "tell"];

function run(words: string[], given: string, cwd = folder.path) {
  for (const path of Object.values(fifos)) rmSync(path, { force: true });
  const launch = { command: [...TELL, ...words], cwd, env: { PATH: "/usr/bin:/bin", GIVEN: given } };
  const input = launchScript(launch, { limits: { processes: 1024 }, fifos });
  const { status } = spawnSync("/bin/sh", ["-s"], { input, env: {}, cwd: "/" });
  return { status, output: readFileSync(fifos.stdout, "utf8").split("\0").slice(0, -1), input };
}

test("every word and every value comes through as it is", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }).filter((value) => !value.includes("\0")),
    fc.constantFrom("'", "'\\''", "$(exit 9)", "`exit 9`", "a\nb", "}\n", "EOF", "\\", '"', "-x", " "),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), text, (words, given) => {
      expect(run(words, given)).toMatchObject({ status: 0, output: [...words, given] });
    }),
    { numRuns: 40 },
  );
});

test("a value larger than what a pipe holds comes through", () => {
  expect(run([], "x".repeat(100_000)).output).toEqual(["x".repeat(100_000)]);
});

test("a script that was cut off, as its writer died, does nothing", () => {
  const { input } = run([], "");
  for (const path of Object.values(fifos)) rmSync(path, { force: true });
  for (const at of [0, 20, Math.floor(input.length / 2), input.length - 3]) {
    spawnSync("/bin/sh", ["-s"], { input: input.slice(0, at), env: {}, cwd: "/" });
    expect(() => readFileSync(fifos.stdout)).toThrow("ENOENT");
  }
});

test("a folder that is not there ends it before the program", () => {
  expect(run([], "", "/nowhere").status).toBe(126);
});

test.each(["UID", "PPID", "IFS", "BASHOPTS", "PWD", "_"])("the name %s, which some shells keep for themselves, cannot be told", (name) => {
  expect(canBeTold({ command: ["x"], cwd: "/", env: { [name]: "1" } })).toBe(false);
});

test("all that Ebb itself and people usually give can be told", () => {
  const names = ["PATH", "HOME", "TMPDIR", "LANG", "HOST", "PORT", "EBB_INSTANCE", "K_SERVICE", "NODE_ENV", "DATABASE_URL", "UIDS"];
  expect(canBeTold({ command: ["x"], cwd: "/", env: Object.fromEntries(names.map((name) => [name, "1"])) })).toBe(true);
});
