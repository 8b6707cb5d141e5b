import { spawn } from "node:child_process";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "@ebb/base";
import { Failure } from "../failure.ts";
import type { Host } from "../host.ts";

const ENTRIES = join(import.meta.dirname, "../../../server/src");

export interface LaunchedServer {
  readonly pid: number;
  /** Its events, as tailLines reads them. */
  readonly events: string;
  /** The exit code (1 for a signal) once it has ended. */
  exitCode(): number | undefined;
  readonly ended: Promise<number>;
  /** The end of what it wrote on standard error. */
  lastWords(): Promise<string[]>;
}

/**
 * Starts the server in a session of its own, with files for its output: it lives on when this command ends, in the background and after
 * a crash of the terminal alike, and Ctrl-C reaches it only through us. Throws Failure when the data folder cannot be written.
 */
export async function launchServer(
  host: Host,
  folder: string,
  args: readonly string[],
  name: "up" | "database-copy" | `platform-${number}` = "up",
): Promise<LaunchedServer> {
  const run = join(folder, "run");
  const events = join(run, `${name}.jsonl`);
  const errors = join(run, `${name}.err`);
  const entry = join(ENTRIES, entryOf(name));
  const [stdout, stderr] = await makeFiles(folder, run, [events, errors]);
  try {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry, "--data", folder, ...args], {
      cwd: "/",
      env: { ...host.env },
      detached: true,
      stdio: ["ignore", stdout.fd, stderr.fd],
    });
    let code: number | undefined;
    const ended = new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (exit) => {
        code = exit ?? 1;
        resolve(code);
      });
    });
    await new Promise((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    return { pid: child.pid ?? 0, events, exitCode: () => code, ended, lastWords: () => lastLines(errors) };
  } finally {
    await Promise.all([stdout.close(), stderr.close()]);
  }
}

function entryOf(name: string): string {
  if (name === "up") return "main.ts";
  return name === "database-copy" ? "database-copy-main.ts" : "second-platform-main.ts";
}

async function makeFiles(folder: string, run: string, paths: readonly [string, string]) {
  try {
    await mkdir(folder, { recursive: true, mode: 0o711 });
    await mkdir(run, { recursive: true, mode: 0o700 });
    return await Promise.all([open(paths[0], "w", 0o600), open(paths[1], "w", 0o600)]);
  } catch (error) {
    const full = systemCode(error) === "ENOSPC";
    throw new Failure(full ? `the disk of ${folder} is full` : `cannot write to the data folder ${folder}`, {
      hint: full
        ? "Free some space, or move the data folder with --data DIR."
        : "Choose another with --data DIR or EBB_DATA, or give this user the right to write there.",
      chain: [error instanceof Error ? error.message : String(error)],
      cause: error,
    });
  }
}

async function lastLines(path: string): Promise<string[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text
    .trim()
    .split("\n")
    .slice(-20)
    .filter((line) => line !== "");
}
