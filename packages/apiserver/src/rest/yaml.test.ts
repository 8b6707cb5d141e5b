import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { toYaml } from "./yaml.ts";

/** What one reader or another takes for something else than text. */
const TEXTS = [
  ["yes", "No", "on", "OFF", "y", "N", "true", "~", "null", "", "=", "<<", ".inf", "-.INF", ".nan", "NaN"],
  ["12", "0777", "0o17", "0x1F", "1e3", "1_000", "12:30", "190:20:30", "2001-12-14t21:59:43.10-05:00", "2001-01-01", "+1", "1.", "0b11"],
  ["a: b", "key:", "- a", "#x", "a #b", " a", "a ", "a\nb\n", "a\tb", "\u0007", "a\u0085b", "a\u2028b", "\ufeffa", "😀", "\ud800"],
  ["@a", "`a", "%a", "!a", "&a", "*a", "? a", "-", "---", "...", "[a]", "{a}", "|", ">", "'a'", '"a"', "a\\b", "_", "a.b/c-d", "__proto__"],
].flat();
const OBJECT = {
  texts: TEXTS.filter((text) => text.isWellFormed()),
  keys: Object.fromEntries(TEXTS.filter((text) => text.isWellFormed() && text !== "__proto__").map((text) => [text, text])),
  numbers: [0, -1, 1.5, 1e21, 1e-7, 2_000_000_000],
  long: {
    ["k".repeat(2000)]: 1,
    [`${"l".repeat(2000)}: "`]: { a: [{ b: 1 }] },
    ["m".repeat(2000)]: ["x", { y: [] }],
    z: [{ ["n".repeat(2000)]: {} }],
  },
  others: [true, false, null, [], {}, [[]], [[1, [2]], { a: [{ b: [] }] }], { a: { b: { c: {} }, d: [{ e: 1, f: 2 }, 3] } }],
};

describe("an object in YAML is read as what it was", () => {
  test("by YAML 1.2", () => expect(parse(toYaml(OBJECT))).toEqual(OBJECT));

  test("by YAML 1.1", () => expect(parse(toYaml(OBJECT), { version: "1.1" })).toEqual(OBJECT));

  test.skipIf(spawnSync("python3", ["-c", "import yaml"]).status !== 0)("by PyYAML", () => {
    const program = "import sys, yaml, json; json.dump(yaml.safe_load(sys.stdin), sys.stdout)";
    expect(JSON.parse(execFileSync("python3", ["-c", program], { input: toYaml(OBJECT), encoding: "utf8" }))).toEqual(OBJECT);
  });

  test("half a character is what Go takes it for, also beside backslashes and in keys", () => {
    const halves = { "a\ud800": "\udc00", b: ["\\\ud800", "\\ud800", "\\\\\ud800x", "\ud83d\ude00"] };
    const whole = { "a\ufffd": "\ufffd", b: ["\\\ufffd", "\\ud800", "\\\\\ufffdx", "😀"] };
    expect(parse(toYaml(halves))).toEqual(whole);
  });

  test("and what is absent is left out, as by JSON.stringify", () =>
    expect(toYaml({ a: undefined, b: { c: undefined }, d: [undefined] })).toBe("b: {}\nd:\n- null\n"));

  test("and what is large is JSON", () => {
    const large = Array.from({ length: 100_000 }, () => ({ a: "12:30\u2028" }));
    expect(toYaml(large)).toBe(`${JSON.stringify(large).replaceAll("\u2028", "\\u2028")}\n`);
  });

  test.each([
    [null, "null\n"],
    [[], "[]\n"],
    ["no", '"no"\n'],
  ])("%j alone", (value, text) => expect(toYaml(value)).toBe(text));
});
