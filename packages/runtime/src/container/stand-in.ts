import { spawn, type ChildProcess } from "node:child_process";
import { isAlive } from "../child-lives.ts";

/** Seconds. A start that never came leaves somebody at the pipe. */
const PATIENCE = 60;
/** Opening a pipe to write waits for a reader. */
const SCRIPT = `while IFS= read -r pipe; do
  if [ -p "$pipe" ]; then timeout ${PATIENCE} /bin/sh -c 'printf 0 >"$1"' stand-in "$pipe" 2>/dev/null & fi
done`;

/**
 * A shell that stands at pipes in place of processes that were let go, where `runc start` waits for a byte, with its engine's lock on the container. It is no
 * part of Ebb's process: if that is killed in between, the engine must not wait until the next one starts.
 */
export class StandIn {
  #shell: ChildProcess | undefined;

  /** Starts it, unless it runs: forking takes a large process some milliseconds. */
  ensure(): void {
    if (this.#alive()) return;
    const shell = spawn("/bin/sh", ["-c", SCRIPT], {
      cwd: "/",
      env: { PATH: "/usr/bin:/bin" },
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    // Without it, we stand there ourselves.
    shell.once("error", () => undefined);
    shell.stdin?.on("error", () => undefined);
    shell.unref();
    this.#shell = shell;
  }

  /** Sends it to a pipe; false when there is nobody to send. */
  send(pipe: string): boolean {
    if (!this.#alive()) return false;
    this.#shell?.stdin?.write(`${pipe}\n`);
    return true;
  }

  close(): void {
    this.#shell?.stdin?.end();
    this.#shell = undefined;
  }

  #alive(): boolean {
    return this.#shell !== undefined && isAlive(this.#shell);
  }
}
