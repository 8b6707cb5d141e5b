import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Launch } from "./command.ts";

/** Tells a Node.js process, and none of its children, that it is to wait at its gate. */
const VARIABLE = "EBB_GATE";

/** Options by which code of the application's would run before the gate, and see it at work. */
const PRELOADS = /(^|\s)(-r|--require|--import|--loader|--experimental-loader)(=|\s|$)/;

/** Loaded by the gate as the program will be, and forgotten again. */
const WARM = ".gate-warm.cjs";

/**
 * Loaded before the program. Loads a file, so that Node.js' ways to do so are compiled, and answers a request of its own, after which all that an HTTP server needs of Node.js is loaded and compiled: without it the
 * first answer takes three times as long. Then it waits for a line on descriptor 3, as the shell before it has; an end without a line says that
 * Ebb is gone, and so this goes too. Children inherit neither the variable nor the option; workers run this too, and only hide it.
 */
const sourceAt = (path: string) => `import { closeSync, readSync } from "node:fs";
import { createServer, get } from "node:http";
import { createRequire } from "node:module";
const at = process.execArgv.indexOf(${JSON.stringify(path)});
if (at > 0) process.execArgv.splice(at - 1, 2);
if (process.env.${VARIABLE} === "3") {
  delete process.env.${VARIABLE};
  const require = createRequire(import.meta.url);
  require("./${WARM}");
  delete require.cache[require.resolve("./${WARM}")];
  await import("data:text/javascript,");
  await new Promise((done) => {
    const server = createServer((_, answer) => answer.end("ready"));
    const end = () => {
      server.close(done);
      server.closeAllConnections();
    };
    server.once("error", done).listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      get({ host: "127.0.0.1", port, agent: false }, (answer) => answer.resume().once("close", end)).once("error", end);
    });
  });
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
    this.#path = join(root, ".gate.mjs");
    writeFileSync(join(root, WARM), "exports.loaded = true;\n", { mode: 0o644 });
    writeFileSync(this.#path, sourceAt(this.#path), { mode: 0o644 });
  }

  /** The same launch, up to its program's first line; undefined for what is not started by Node.js itself, or loads something of its own before it. */
  before({ command, env, cwd }: Launch): Launch | undefined {
    const [program = "", ...rest] = command;
    // The toolchain's own, which knows the option; another may not.
    if (program !== "node") return undefined;
    if ([...rest, env["NODE_OPTIONS"] ?? ""].some((word) => PRELOADS.test(word))) return undefined;
    return { command: [program, "--import", this.#path, ...rest], env: { ...env, [VARIABLE]: "3" }, cwd };
  }
}
