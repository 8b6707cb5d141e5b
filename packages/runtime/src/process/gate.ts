import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Launch } from "./command.ts";

/** Tells a Node.js process, and none of its children, that it is to wait at its gate, and the FIFO by which it says that it listens. */
const VARIABLE = "EBB_GATE";

/** Options by which code of the application's would run before the gate, and see it at work. */
const PRELOADS = /(^|\s)(-r|--require|--import|--loader|--experimental-loader)(=|\s|$)/;

/** Loaded by the gate as the program will be, and forgotten again. */
const WARM = ".gate-warm.cjs";

/** After so many, what Node.js does for one is compiled, and has been run often enough that the engine knows what it works on. */
const TIMES = 20;

/**
 * Loaded before the program. Loads a file, and answers requests of its own, after which all that a program needs of Node.js to be loaded and to answer by HTTP is loaded and compiled: without it the
 * first answer takes three times as long. Whoever let it go has requests for it: it is told once a server listens at the program's port, where Node.js says so (`diagnostics_channel`). It waits for a line on descriptor 3, as the shell before it has; an end without a line says that
 * Ebb is gone, and so this goes too. Children inherit neither the variable nor the option; workers run this too, and only hide it.
 */
const sourceAt = (path: string) => `import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { createServer, get } from "node:http";
import { createRequire } from "node:module";
const at = process.execArgv.indexOf(${JSON.stringify(path)});
if (at > 0) process.execArgv.splice(at - 1, 2);
const told = process.env.${VARIABLE};
if (told !== undefined) {
  delete process.env.${VARIABLE};
  const require = createRequire(import.meta.url);
  require("./${WARM}");
  for (let time = 0; time < ${TIMES}; time++) await import("./${WARM}?" + time);
  delete require.cache[require.resolve("./${WARM}")];
  await import("data:text/javascript,");
  await new Promise((done) => {
    let left = ${TIMES};
    const server = createServer(({ url }, answer) => {
      answer.setHeader("content-type", "application/json");
      answer.end(JSON.stringify({ url }));
    });
    const end = () => {
      server.close(done);
      server.closeAllConnections();
    };
    server.once("error", done).listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      const ask = () => {
        if (left-- === 0) return end();
        get({ host: "127.0.0.1", port, agent: false }, (answer) => answer.resume().once("close", ask)).once("error", end);
      };
      ask();
    });
  });
  const channel = "tracing:net.server.listen:asyncEnd";
  const port = Number(process.env.PORT);
  const tell = ({ server }) => {
    try {
      if (server.address()?.port !== port) return;
      unsubscribe(channel, tell);
      const descriptor = openSync(told, constants.O_WRONLY | constants.O_NONBLOCK);
      writeSync(descriptor, "\\n");
      closeSync(descriptor);
    } catch {
      // Nobody wants to know.
    }
  };
  subscribe(channel, tell);
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

  /** The same launch, up to its program's first line, from which on `listens` is told of its server; undefined for what is not started by Node.js itself, or loads something of its own before it. */
  before({ command, env, cwd }: Launch, listens: string): Launch | undefined {
    const [program = "", ...rest] = command;
    // The toolchain's own, which knows the option; another may not.
    if (program !== "node") return undefined;
    if ([...rest, env["NODE_OPTIONS"] ?? ""].some((word) => PRELOADS.test(word))) return undefined;
    return { command: [program, "--import", this.#path, ...rest], env: { ...env, [VARIABLE]: listens }, cwd };
  }
}
