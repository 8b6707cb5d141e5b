import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { systemCode } from "@ebb/base";
import { Failure } from "./failure.ts";
import type { Host } from "./host.ts";

/** `run/server.json` of a data folder: written by Ebb when it is ready, removed when it stops. */
export interface RunningServer {
  readonly pid: number;
  readonly startedAt: string;
  readonly platform: string;
  readonly gateway: string;
  readonly api: string;
  /** Where applications reach each other. */
  readonly internal: string;
  readonly console: string;
  readonly kubeconfig: string;
}

/** Where the server keeps its state: --data, else EBB_DATA, else /var/lib/ebb for root, else the user's own data folder. */
export function dataFolder(host: Host, option: string | undefined): string {
  const chosen = option ?? host.env["EBB_DATA"];
  if (chosen) return resolve(host.cwd, chosen);
  if (host.uid === 0) return "/var/lib/ebb";
  return join(host.env["XDG_DATA_HOME"] || join(host.home, ".local/share"), "ebb");
}

export function runningServer(folder: string): Promise<RunningServer | undefined> {
  return readRecord<RunningServer>(join(folder, "run/server.json"), ["platform"]);
}

/** The supervisor's lock: there before Ebb is ready, and after a crash. */
export function supervisorLock(folder: string): Promise<{ pid: number; startTime: string } | undefined> {
  return readRecord(join(folder, "run/supervisor.json"), []);
}

export async function savedToken(folder: string): Promise<string | undefined> {
  return (await readRecord<{ token: string }>(join(folder, "credentials.json"), ["token"]))?.token;
}

/** Undefined when there is no such file, or it lacks one of `required` (it is being written by another version). */
async function readRecord<T>(path: string, required: readonly (keyof T & string)[]): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return undefined;
    throw new Failure(`cannot read ${path}`, {
      hint: "Run as the user who started Ebb, or choose another folder with --data or EBB_DATA.",
      chain: [error instanceof Error ? error.message : String(error)],
      cause: error,
    });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    return required.every((key) => typeof (value as Partial<T>)[key] === "string") ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}
