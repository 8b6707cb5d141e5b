import { expect, test } from "vitest";
import commands from "../../../../docs/reference/cli.md?raw";
import errors from "../../../../docs/reference/errors.md?raw";
import { en } from "./en.ts";
import { problemWords } from "./problem-words.ts";
import { zh } from "./zh.ts";

test("every code that docs/reference/errors.md has is said in English and in Chinese, and no other", () => {
  const codes = new Set([...errors.matchAll(/^\| `([a-z_]+)`/gm)].map(([, code]) => code));
  expect(codes.size).toBeGreaterThan(100);
  for (const { problems } of [en, zh]) expect(new Set(Object.keys(problems))).toEqual(codes);
  for (const [code, words] of Object.entries(zh.problems)) expect(words, code).toMatch(/\p{Script=Han}/u);
  // In English the platform's own hints say what to do.
  expect(new Set(Object.keys(zh.steps))).toEqual(codes);
  for (const [code, words] of Object.entries(zh.steps)) expect(words, code).toMatch(/\p{Script=Han}/u);
});

test("a code of a newer platform has no words, nor has what every object has", () => {
  expect(problemWords(en, "quota_exceeded")).toBe("The team's quota does not allow it");
  expect(problemWords(en, "of_tomorrow")).toBeUndefined();
  expect(problemWords(zh, "constructor")).toBeUndefined();
});

test("what to do names only commands that there are", () => {
  const known = new Set([...commands.matchAll(/^#+ `?(ebb [a-z -]+?)`?\s*$/gm)].map(([, command = ""]) => command.trim()));
  expect(known.size).toBeGreaterThan(50);
  for (const [code, words] of Object.entries(zh.steps)) {
    for (const [, named = ""] of words.matchAll(/(ebb(?: [a-z]+(?:-[a-z]+)*)+)/g)) {
      const parts = named.split(" ");
      expect(known.has(parts.slice(0, 2).join(" ")) || known.has(parts.slice(0, 3).join(" ")), `${code}: ${named}`).toBe(true);
    }
  }
});
