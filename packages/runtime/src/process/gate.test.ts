import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { tempDir } from "@ebb/testkit";
import { afterAll, expect, test } from "vitest";
import { NodeGate } from "./gate.ts";

const folder = await tempDir("ebb-gate-");
afterAll(() => folder.remove());
const gate = new NodeGate(folder.path);
/** Tells what it sees, and then what a child and a worker of it see. */
const PROGRAM = `
const loaded = Object.keys(require.cache).filter((path) => path !== __filename);
const tell = (who) =>
  console.log(who, JSON.stringify([process.execArgv, process.env.EBB_GATE ?? null, process.env.GREETING, loaded]));
if (process.argv[2] === "child") return tell("child");
const { isMainThread, Worker } = require("node:worker_threads");
if (!isMainThread) return tell("worker");
tell("main");
require("node:child_process").fork(__filename, ["child"]).once("exit", () => new Worker(__filename));
`;

function start() {
  const program = join(folder.path, "program.cjs");
  writeFileSync(program, PROGRAM);
  const launch = gate.before({ command: ["node", program], cwd: folder.path, env: { GREETING: "hi" } });
  const [, ...args] = launch?.command ?? [];
  const child = spawn(process.execPath, args, { env: launch?.env ?? {}, stdio: ["ignore", "pipe", "inherit", "pipe"] });
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return { child, line: child.stdio[3] as Writable, output: () => output };
}

test("the program begins when the line comes, and neither it nor its children and workers see anything of the gate", async () => {
  const { child, line, output } = start();
  line.write("");
  expect(output()).toBe("");
  line.end("go\n");
  await once(child, "exit");
  const seen = JSON.stringify([[], null, "hi", []]);
  expect(output()).toBe(`main ${seen}\nchild ${seen}\nworker ${seen}\n`);
});

test("without anybody who could send the line it ends, and the program never begins", async () => {
  const { child, line, output } = start();
  line.destroy();
  expect(await once(child, "exit")).toEqual([125, null]);
  expect(output()).toBe("");
});

test("what the toolchain's Node.js does not start itself has no such gate", () => {
  expect(gate.before({ command: ["./bin/node", "server.js"], cwd: "/", env: {} })).toBeUndefined();
  expect(gate.before({ command: ["npm", "start"], cwd: "/", env: {} })).toBeUndefined();
  expect(gate.before({ command: [], cwd: "/", env: {} })).toBeUndefined();
});

test.each([
  ["an option before the program", ["--require", "./trace.js", "server.js"], {}],
  ["one with its value", ["--import=./trace.mjs", "server.js"], {}],
  ["the short one", ["-r", "./trace.js", "server.js"], {}],
  ["the environment", ["server.js"], { NODE_OPTIONS: "--enable-source-maps --require ./trace.js" }],
])("what loads something of its own before the program has none either: %s", (_, args, env) => {
  expect(gate.before({ command: ["node", ...args], cwd: "/", env })).toBeUndefined();
});

test("other options are kept, and the exit code is the program's", async () => {
  const program = join(folder.path, "exits.mjs");
  writeFileSync(
    program,
    `process.stdout.write(JSON.stringify([process.execArgv, process.argv.slice(2), import.meta.main ?? true]), () => process.exit(7));`,
  );
  const [, ...args] = gate.before({ command: ["node", "--max-old-space-size=64", program, "x"], cwd: "/", env: {} })?.command ?? [];
  const child = spawn(process.execPath, args, { env: { EBB_GATE: "3" }, stdio: ["ignore", "pipe", "inherit", "pipe"] });
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  (child.stdio[3] as Writable).end("go\n");
  expect(await once(child, "close")).toEqual([7, null]);
  expect(output).toBe(JSON.stringify([["--max-old-space-size=64"], ["x"], true]));
});
