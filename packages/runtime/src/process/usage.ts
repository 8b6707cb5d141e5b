import { readdirSync } from "node:fs";
import type { ResourceUsage } from "../port.ts";
import { anonymousMemory } from "./memory-watch.ts";
import { readStat } from "./proc.ts";

/** The kernel shows times in hundredths of a second on every architecture (USER_HZ). */
const TICK = 10;

/** What some live processes have used: their CPU time and that of their children that have ended; memory that is nobody else's. */
export function usageOf(pids: readonly number[]): ResourceUsage {
  let ticks = 0;
  let memoryBytes = 0;
  for (const pid of pids) {
    ticks += readStat(pid)?.cpuTicks ?? 0;
    memoryBytes += anonymousMemory(String(pid));
  }
  return { cpuMs: ticks * TICK, memoryBytes };
}

/** A process and all that came from it and lives. */
export function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const stat = /^\d+$/.test(name) ? readStat(Number(name)) : undefined;
    if (stat) children.set(stat.parent, [...(children.get(stat.parent) ?? []), stat.pid]);
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}
