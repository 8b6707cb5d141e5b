import { readFile } from "node:fs/promises";

/** A process for ever: ids are used again, an id with its start time is not. */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
}

/** Field 22 of /proc/PID/stat (clock ticks since boot, proc(5)), or "" where there is no such process or no /proc. */
export async function startTime(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ZOMBIE = "Z";
    return fields[0] === ZOMBIE ? "" : (fields[19] ?? "");
  } catch {
    return "";
  }
}

export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const now = await startTime(identity.pid);
  if (now !== "") return now === identity.startTime;
  return false;
}
