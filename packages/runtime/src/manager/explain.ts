import { causeChain, EbbError, systemCode, type BackoffPolicy } from "@ebb/base";
import type { InstanceExit, InstanceSpec, LogLine } from "../port.ts";

/** kubelet waits 10 s after the first crash and doubles up to 5 min. A second is kinder to a start that lost a race; the ceiling is the same. */
export const CRASH_BACKOFF: BackoffPolicy = { base: 1000, max: 300_000, factor: 2 };
/** The very first restart: a single crash should cost next to nothing. */
export const FIRST_RESTART = 100;
/** kubelet forgets the crashes of a container that ran for twice the ceiling. */
export const FORGIVEN_AFTER = 2 * CRASH_BACKOFF.max;

/** Log lines shown with a crash, and how much of each. */
export const LAST_WORDS = 10;
const LONGEST_LINE = 500;

/** The field's words for what drivers throw when an artifact cannot be had. */
const REASONS: Record<string, string> = {
  ImageNotFound: "ErrImagePull",
  ImagePullFailed: "ErrImagePull",
  ImageReferenceInvalid: "InvalidImageName",
};

const DISK_FULL = new Set(["ENOSPC", "EDQUOT"]);

export function explainStartError(error: unknown): { reason: string; message: string } {
  if (DISK_FULL.has(systemCode(error) ?? ""))
    return { reason: "StartError", message: "the disk of Ebb's data folder is full. Free some space on it" };
  const message = causeChain(error).join(": ");
  if (!(error instanceof EbbError)) return { reason: "StartError", message };
  const reason = REASONS[error.code] ?? (error.kind === "user" ? error.code : "StartError");
  return { reason, message: error.hint === undefined ? message : `${message}. ${error.hint}` };
}

/** How an instance ended, with what is likely to help, and its last lines. */
export function explainExit(exit: InstanceExit, spec: InstanceSpec, lastLines: readonly LogLine[]): string {
  const lines = lastLines.map(({ text }) => (text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text));
  const words = lines.length > 0 ? `\nIts last lines:\n${lines.map((line) => `  ${line}`).join("\n")}` : "";
  const said = exit.message !== undefined && exit.reason !== "Evicted" ? `\nIt says: ${exit.message.trim()}` : "";
  return `${howItEnded(exit, spec)}${said}${words}`;
}

function howItEnded(exit: InstanceExit, spec: InstanceSpec): string {
  if (exit.reason === "OOMKilled") {
    const { memoryBytes } = spec.resources;
    if (memoryBytes === undefined)
      return "it has no limit of memory, used all that the machine has for applications, and was killed: give it a limit, or make it use less";
    const limit = Math.round(memoryBytes / 1024 / 1024);
    return `it used more memory than its limit of ${limit} MiB and was killed: raise the limit, or make it use less`;
  }
  if (exit.reason === "Evicted") return `it was ended: ${exit.message ?? "it took more than it may have"}`;
  if (exit.reason === "Completed") return "it exited with code 0, but a server must keep running and listen on $PORT";
  if (exit.signal !== undefined) return `it was ended by ${exit.signal}`;
  if (exit.exitCode === undefined) return "it ended while Ebb was not running";
  if (exit.exitCode === 127) return "it exited with code 127: a command was not found";
  if (exit.exitCode === 126) return "it exited with code 126: a command could not be executed";
  return `it exited with code ${exit.exitCode}`;
}
