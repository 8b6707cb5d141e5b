import { spawn } from "node:child_process";
import type { Clock, UserError } from "@ebb/base";
import { fault } from "../errors.ts";
import { likelyFix } from "./hints.ts";
import { BuildOutputLines } from "./output.ts";
import { endAll, kill } from "./processes.ts";

/** The user that a build's commands run as: one of its own for each build at a time, when Ebb is root; else Ebb's own. */
export interface BuildUser {
  uid: number;
  gid: number;
}

export interface BuildCommand {
  line: string;
  folder: string;
  env: Record<string, string>;
  user: BuildUser | undefined;
  /** Marks the build's processes; part of `env`. */
  marker: string;
}

/** Files open at once, size of one file in bytes, processes of the build's user. Node.js installs open hundreds of files. */
const LIMITS = { nofile: 16_384, fsize: 8 * 1024 ** 3, nproc: 2048 };

/**
 * Runs one command line in a shell without a terminal or input, unprivileged, in a process group of its own, and ends all that it started.
 * Throws UserError `build_failed` (with `details.log` and the likely fix), or the signal's reason once it is aborted and everything has ended.
 */
export async function runCommand(command: BuildCommand, log: (line: string) => void, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const lines = new BuildOutputLines(log);
  const [program = "", ...args] = argv(command);
  const child = spawn(program, args, { cwd: command.folder, env: command.env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  child.stdout.on("data", (chunk: Buffer) => lines.write(chunk));
  child.stderr.on("data", (chunk: Buffer) => lines.write(chunk));
  const endGroup = () => child.pid !== undefined && kill(-child.pid);
  signal.addEventListener("abort", endGroup, { once: true });
  const drained = new Promise((resolve) => child.once("close", resolve));
  try {
    // `exit`, not `close`: a process left in the background may hold the pipes open; it is ended below.
    const { code, by } = await new Promise<{ code: number | null; by: string | null }>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, by) => resolve({ code, by }));
    });
    endGroup();
    await endAll({ marker: command.marker, uid: command.user?.uid });
    await drained;
    lines.end();
    signal.throwIfAborted();
    if (code !== 0) throw failure(command.line, code, by, lines.last);
  } catch (error) {
    throw startFailure(error, program);
  } finally {
    signal.removeEventListener("abort", endGroup);
  }
}

function argv(command: BuildCommand): string[] {
  const shell = ["/bin/sh", "-c", command.line];
  if (process.platform !== "linux") return shell;
  const limits = ["prlimit", "--core=0", `--nofile=${LIMITS.nofile}`, `--fsize=${LIMITS.fsize}`];
  // Without a user of its own the limit on processes would count all of the person's.
  if (command.user === undefined) return [...limits, "--", "nice", "-n", "5", "setpriv", "--no-new-privs", "--", ...shell];
  const { uid, gid } = command.user;
  const drop = [
    "setpriv",
    `--reuid=${uid}`,
    `--regid=${gid}`,
    "--clear-groups",
    "--no-new-privs",
    "--inh-caps=-all",
    "--bounding-set=-all",
    "--",
  ];
  return [...limits, `--nproc=${LIMITS.nproc}`, "--", "nice", "-n", "5", ...drop, ...shell];
}

function failure(line: string, code: number | null, by: string | null, last: string[]): UserError {
  const how = by === null ? `exited with code ${code ?? "unknown"}` : `was ended by ${by}`;
  const hint = likelyFix(last);
  return fault("build_failed", `\`${line.length > 200 ? `${line.slice(0, 200)}…` : line}\` ${how}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { command: line, exitCode: code, log: last },
  });
}

function startFailure(error: unknown, program: string): unknown {
  if (error instanceof Error && "code" in error && error.code === "ENOENT" && "syscall" in error) {
    return fault("tool_missing", `${program} is not on this machine`, {
      hint: "`apt install util-linux` on the machine that Ebb runs on.",
      cause: error,
    });
  }
  return error;
}

/** A signal that aborts with `parent`, or with UserError `build_timeout` after `milliseconds`. */
export function withDeadline(parent: AbortSignal, clock: Clock, milliseconds: number): { signal: AbortSignal; done: () => void } {
  const deadline = new AbortController();
  const timer = clock.after(milliseconds, () => {
    deadline.abort(fault("build_timeout", `the build took longer than ${Math.round(milliseconds / 60_000)} minutes and was stopped`));
  });
  return { signal: AbortSignal.any([parent, deadline.signal]), done: () => timer.cancel() };
}
