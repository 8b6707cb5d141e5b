import { readdirSync, readFileSync } from "node:fs";
import { readStat } from "./proc.ts";

/**
 * The memory of some sessions' processes that is nobody else's, in bytes: what stands in for a control group's count. What a process shares
 * (program text, pages from a fork that nobody changed count once for each) makes it an approximation.
 */
export function sessionMemory(leaders: ReadonlySet<number>): Map<number, number> {
  const memory = new Map<number, number>();
  if (leaders.size === 0) return memory;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const session = readStat(Number(name))?.session;
    if (session !== undefined && leaders.has(session)) memory.set(session, (memory.get(session) ?? 0) + anonymousMemory(name));
  }
  return memory;
}

/** Of one process, in bytes; 0 when it has gone. */
export function anonymousMemory(pid: string): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return ["RssAnon", "RssShmem"].reduce(
      (sum, key) => sum + 1024 * Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0),
      0,
    );
  } catch {
    return 0;
  }
}
