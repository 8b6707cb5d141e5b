import { homedir } from "node:os";
import { systemClock, systemCode } from "@ebb/base";
import metadata from "../package.json" with { type: "json" };
import { EXIT } from "./exit-codes.ts";
import type { Host } from "./host.ts";
import { runCli } from "./run-cli.ts";

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    // Asked twice: whatever the command is waiting for, it does not wait any longer.
    if (interrupted.signal.aborted) process.exit(EXIT.interrupted);
    interrupted.abort(new Error("interrupted"));
  });
}

// `ebb logs hello -f | head`: the reader has seen enough, which is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error) => process.exit(systemCode(error) === "EPIPE" ? EXIT.ok : EXIT.failed));
}

const host: Host = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  home: homedir(),
  uid: process.getuid?.(),
  clock: systemClock,
  interrupted: interrupted.signal,
};
// Not process.exit(): what was written to a pipe is still on its way.
process.exitCode = await runCli(process.argv.slice(2), host, metadata.version);
