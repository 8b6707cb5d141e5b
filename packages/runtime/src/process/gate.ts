import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Launch } from "./command.ts";

/** Tells a Node.js process, and none of its children, that it is to wait at its gate. */
const VARIABLE = "EBB_GATE";

/**
 * Loaded before the program: everything of Node.js itself is ready by then. Waits for a line on descriptor 3, as the shell before it has; its end
 * without a line says that Ebb is gone, and so this goes too. Children inherit neither the variable nor the option; workers run this too, and only hide it.
 */
const sourceAt = (path: string) => `"use strict";
const at = process.execArgv.indexOf(${JSON.stringify(path)});
if (at > 0) process.execArgv.splice(at - 1, 2);
if (process.env.${VARIABLE} === "3") {
  delete process.env.${VARIABLE};
  const { closeSync, readSync } = require("node:fs");
  require("node:http");
  const byte = Buffer.alloc(1);
  do {
    if (readSync(3, byte, 0, 1, null) === 0) process.exit(125);
  } while (byte[0] !== 10);
  closeSync(3);
}
`;

/** A file that Node.js loads first, for processes that are made ahead of their start. */
export class NodeGate {
  readonly #path: string;

  /** `root`: a folder that every instance may pass through. Writes the file there. */
  constructor(root: string) {
    this.#path = join(root, ".gate.cjs");
    writeFileSync(this.#path, sourceAt(this.#path), { mode: 0o644 });
  }

  /** The same launch, up to its program's first line; undefined for what is not started by Node.js itself. */
  before({ command, env, cwd }: Launch): Launch | undefined {
    const [program = "", ...rest] = command;
    if (basename(program) !== "node") return undefined;
    return { command: [program, "--require", this.#path, ...rest], env: { ...env, [VARIABLE]: "3" }, cwd };
  }
}
