import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { COMMANDS } from "./commands.ts";
import { allOptions } from "./common-options.ts";
import { commandHelp, GROUPS, rootHelp, SECTIONS } from "./help.ts";
import { parseCommandLine } from "./program.ts";
import { referenceMarkdown } from "./reference/markdown.ts";

const VISIBLE = COMMANDS.filter((command) => !command.hidden);

test("names are unique, every word is in a section of the help, and every group has a summary", () => {
  const names = COMMANDS.map((command) => command.name);
  expect(new Set(names).size).toBe(names.length);
  const listed = SECTIONS.flatMap(([, words]) => words);
  expect(new Set(VISIBLE.map((command) => command.name.split(" ")[0]))).toEqual(new Set(listed));
  for (const name of names.filter((name) => name.includes(" "))) expect(GROUPS).toHaveProperty(name.split(" ")[0] ?? "");
});

describe.each(COMMANDS.map((command) => [command.name, command] as const))("%s", (name, command) => {
  test("says what it does, in the house form", () => {
    expect(command.summary).toMatch(/^[A-Z].*[^.]$/);
    expect(command.summary.length).toBeLessThanOrEqual(80);
    const help = commandHelp(command);
    for (const example of command.examples) expect(help).toContain(example.run);
    for (const option of Object.keys(allOptions(command))) expect(help).toContain(`--${option}`);
  });

  test("has options that do not collide, and arguments in a readable order", () => {
    const shorts = Object.values(allOptions(command)).flatMap((spec) => (spec.short === undefined ? [] : [spec.short]));
    expect(new Set([...shorts, "h"]).size).toBe(shorts.length + 1);
    expect(Object.keys(command.options).filter((option) => ["output", "server", "data", "help"].includes(option))).toEqual([]);
    const specs = Object.values(command.args);
    expect(
      specs.findIndex((spec) => !spec.required) === -1 ||
        specs.slice(specs.findIndex((spec) => !spec.required)).every((spec) => !spec.required),
    ).toBe(true);
    expect(specs.slice(0, -1).some((spec) => spec.variadic)).toBe(false);
  });

  test("has examples that it can parse", () => {
    for (const { run } of command.examples) {
      const line = /ebb (?:[^|)>;]|'[^']*')*/.exec(run)?.[0] ?? "";
      const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "").slice(1);
      const parsed = parseCommandLine(words, COMMANDS, "0");
      expect("command" in parsed && parsed.command.name, run).toBe(name);
    }
  });
});

test("the root help names every command", () => {
  const help = rootHelp(COMMANDS);
  for (const [, words] of SECTIONS) for (const word of words) expect(help).toMatch(new RegExp(`^  ${word} +\\S`, "m"));
  expect(help).not.toContain("__complete");
});

test("docs/reference/cli.md is current: run `npx node scripts/cli-reference.ts`", async () => {
  const path = join(import.meta.dirname, "../../../docs/reference/cli.md");
  expect(await readFile(path, "utf8")).toBe(referenceMarkdown(COMMANDS));
});
