import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { COMMANDS } from "../commands.ts";
import { startPlatform } from "../testing/platform.ts";
import { run } from "../testing/run.ts";
import { complete } from "./complete.ts";
import { SHELLS, type Shell } from "./scripts.ts";

const LAUNCHER = join(import.meta.dirname, "../../../../ebb");
const words = (...line: string[]) => complete(line, COMMANDS).words.map(({ word }) => word);

test("commands, their second words and options are offered", () => {
  expect(words("")).toContain("deploy");
  expect(words("")).not.toContain("__complete");
  expect(words("de")).toEqual(["deploy", "depends", "delete"]);
  expect(words("vars", "")).toEqual(["list", "set", "unset"]);
  expect(words("vars", "s")).toEqual(["set"]);
  expect(words("nonsense", "")).toEqual([]);
  expect(words("logs", "hello", "--f")).toEqual(["--follow"]);
  expect(words("apps", "-o", "")).toEqual(["text", "wide", "json", "yaml"]);
  expect(words("kubeconfig", "-")).toEqual(["--path", "--server", "--data"]);
  expect(words("completion", "z")).toEqual(["zsh"]);
});

test("arguments and values are looked up by what they are", () => {
  const lookup = (...line: string[]) => {
    const { lookup, app } = complete(line, COMMANDS);
    return app === undefined ? lookup : `${lookup} of ${app}`;
  };
  expect(lookup("logs", "")).toBe("app");
  expect(lookup("logs", "-f", "")).toBe("app");
  expect(lookup("logs", "--tail", "5", "")).toBe("app");
  expect(lookup("logs", "--tail", "")).toBe(undefined);
  expect(lookup("logs", "hello", "")).toBe(undefined);
  expect(lookup("logs", "hello", "--version", "")).toBe("version of hello");
  expect(lookup("traffic", "hello", "v1=50", "")).toBe("version of hello");
  expect(lookup("versions", "diff", "hello", "")).toBe("version of hello");
  expect(lookup("logs", "hello", "-e", "")).toBe("environment of hello");
  expect(lookup("deploy", "")).toBe("folder");
  expect(lookup("secrets", "set", "hello", "KEY", "--from-file", "")).toBe("file of hello");
});

test("names come from the platform, and no platform is no complaint", async () => {
  const { env } = await startPlatform();
  expect((await run(["__complete", "--", "open", ""], { env })).stdout).toBe(
    "console\tThe console\nhello\ttest ready\nsite\ttest asleep\n",
  );
  expect((await run(["__complete", "--", "logs", "h"], { env })).stdout).toBe("hello\ttest ready\n");
  expect((await run(["__complete", "--", "rollback", "hello", "--to", "v"], { env })).stdout).toBe("v2\tready, 90 %\nv1\tready, 10 %\n");
  expect(await run(["__complete", "--", "logs", ""])).toEqual({ code: 0, stdout: "", stderr: "" });
});

/** Loads the real script in the real shell, as a person does, and returns what it offers for the line. */
async function offered(shell: Shell, line: string[], env: Record<string, string>): Promise<string[]> {
  const { path, remove } = await tempDir();
  onTestFinished(remove);
  await symlink(LAUNCHER, join(path, "ebb"));
  await mkdir(join(path, "folder"));
  await writeFile(join(path, "file"), "");
  const quoted = line.map((word) => `'${word}'`).join(" ");
  const scripts: Record<Shell, string> = {
    bash: `source <(ebb completion bash); COMP_WORDS=(ebb ${quoted}); COMP_CWORD=${line.length}; _ebb; printf '%s\\n' "\${COMPREPLY[@]}"`,
    // _describe and _files need a line editor: these stand-ins print what they were given.
    zsh: `compdef() { :; }; _describe() { print -l -- "\${(@P)3}"; }; _files() { print -l -- *(/); }; source <(ebb completion zsh); words=(ebb ${quoted}); CURRENT=${line.length + 1}; _ebb`,
    fish: `ebb completion fish | source; complete -C'ebb ${line.join(" ")}' | string split -f1 \\t`,
  };
  const { stdout } = await promisify(execFile)(shell, ["-c", scripts[shell]], {
    cwd: path,
    env: { HOME: path, PATH: `${path}${delimiter}${process.env["PATH"] ?? ""}`, EBB_DATA: "/nonexistent/ebb", ...env },
  });
  return stdout.split("\n").filter(Boolean).sort();
}

const installed = (shell: Shell) => (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, shell)));

for (const shell of SHELLS) {
  test.skipIf(!installed(shell))(`${shell} offers what we do (skipped where ${shell} is not installed)`, async () => {
    const { env } = await startPlatform();
    expect(await offered(shell, ["de"], env)).toEqual(["delete", "depends", "deploy"]);
    expect(await offered(shell, ["vars", ""], env)).toEqual(["list", "set", "unset"]);
    expect(await offered(shell, ["logs", ""], env)).toEqual(["hello", "site"]);
    expect((await offered(shell, ["deploy", ""], env)).map((folder) => folder.replace(/\/$/, ""))).toContain("folder");
    expect(await offered(shell, ["deploy", ""], env)).not.toContain("file");
  });
}
