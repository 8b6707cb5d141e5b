import { describe, expect, it } from "vitest";
import { parseConfig } from "./parse.ts";

function problemsOf(text: string): string[] {
  try {
    parseConfig(text);
  } catch (error) {
    expect(error).toMatchObject({ kind: "user", code: "config_invalid" });
    return (error as Error).message.split("\n");
  }
  return [];
}

describe("parseConfig", () => {
  it("reads every field", () => {
    const config = parseConfig(`
name: shop
kind: application
language: node
build: [npm ci, npm run build]
command: node server.js
port: 3000
protocol: h2c
env: { LEVEL: info, WORKERS: 2, DEBUG: false }
secrets: [DATABASE_URL]
scaling: { min: 1, max: 4, concurrency: 10, target: 7.5, idle: 60s }
resources: { cpu: 500m, memory: 256Mi }
health: { path: /healthz, initialDelay: 2, timeout: 1s }
timeout: 30s
ignore: ["*.psd"]
`);
    expect(config).toMatchObject({ name: "shop", scaling: { idle: "60s" }, env: { WORKERS: 2, DEBUG: false } });
  });

  it("takes an empty file", () => {
    expect(parseConfig("# nothing\n")).toEqual({});
  });

  it.each([
    ["a misspelt field", "name: a\ncomand: node x\n", "ebb.yaml:2:1: unknown field `comand`; did you mean `command`?"],
    [
      "a misspelt nested field",
      "scaling:\n  min: 1\n  idel: 60s\n",
      "ebb.yaml:3:3: unknown field `idel` in `scaling`; did you mean `idle`?",
    ],
    [
      "a field of another tool",
      "health:\n  liveness: /\n",
      "ebb.yaml:2:3: unknown field `liveness` in `health` (there are: path, initialDelay, timeout)",
    ],
    ["a number out of range", "name: a\nport: 70000\n", "ebb.yaml:2:7: `port` must be a whole number from 1 to 65535, not 70000"],
    ["a text for a number", "scaling:\n  max: many\n", 'ebb.yaml:2:8: `scaling.max` must be a whole number from 0 to 1000, not "many"'],
    ["an unknown kind", "kind: job\n", 'ebb.yaml:1:7: `kind` must be one of application, site, not "job"'],
    ["a bad duration", "timeout: soon\n", 'ebb.yaml:1:10: `timeout` must be a duration, such as "30s", not "soon"'],
    [
      "a command that is a map",
      "command:\n  run: x\n",
      'ebb.yaml:2:3: `command` must be a text or a list, such as "node server.js", not a map',
    ],
    [
      "a field without value",
      "name: a\ncommand:\n",
      'ebb.yaml:2:9: `command` must be a text or a list, such as "node server.js", not empty',
    ],
    ["a bad name", "name: My App\n", 'ebb.yaml:1:7: `name` must be of the right form, such as "shop", not "My App"'],
    [
      "a bad variable",
      "env:\n  2nd: x\n",
      "ebb.yaml:2:3: `2nd` in `env` is not a valid name: letters, digits and _, not starting with a digit",
    ],
    ["a variable without value", "env:\n  A:\n", "ebb.yaml:2:5: `env.A` must be a text or a number or true or false, not empty"],
    [
      "a bad secret",
      "secrets:\n  - OK\n  - not-ok\n",
      'ebb.yaml:3:5: `secrets.1` must be of the right form: ^[A-Za-z_][A-Za-z0-9_]{0,254}$, not "not-ok"',
    ],
    ["a list", "- a\n- b\n", "ebb.yaml:1:1: the file must be a list of `field: value` lines, not a list"],
    ["a repeated field", "name: a\nname: b\n", "ebb.yaml:2:1: Map keys must be unique"],
  ])("says what is wrong and where: %s", (_what, text, message) => {
    expect(problemsOf(text)).toEqual([message]);
  });

  it("says where the syntax is broken", () => {
    expect(problemsOf("name: a\nenv: {A: 1\nport: 2\n")[0]).toMatch(/^ebb\.yaml:[23]:\d+: /);
  });

  it("names all problems at once, in the file's order", () => {
    expect(problemsOf("port: x\nnmae: a\nkind: y\n").map((line) => line.slice(0, 12))).toEqual([
      "ebb.yaml:1:7",
      "ebb.yaml:2:1",
      "ebb.yaml:3:7",
    ]);
  });

  it("refuses what is too large and aliases that multiply", () => {
    expect(problemsOf(`name: ${"a".repeat(70_000)}`)[0]).toContain("larger than 64 KiB");
    const bomb = [
      "a: &a [x,x,x,x,x,x,x,x,x]",
      ...["b", "c", "d", "e"].map((key, i) => `${key}: &${key} [${Array(9).fill(`*${"abcd"[i]}`).join(",")}]`),
    ];
    expect(problemsOf(bomb.join("\n"))[0]).toContain("alias");
  });
});
