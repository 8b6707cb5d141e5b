import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What identifies a process for good: a pid is used again, its start time (clock ticks since boot) in one boot is not. */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
  bootId: string;
}

interface ProcessStat {
  pid: number;
  state: string;
  parent: number;
  group: number;
  session: number;
  startTime: string;
  /** Used by it and by its children that were waited for, in ticks of USER_HZ. */
  cpuTicks: number;
}

/** proc(5) `/proc/PID/stat`; undefined when there is no such process. The name in parentheses may hold anything, so parsing starts behind it. */
export function parseStat(text: string): ProcessStat | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parent, group, session] = fields;
  const startTime = fields[19];
  if (state === undefined || startTime === undefined) return undefined;
  const cpuTicks = fields.slice(11, 15).reduce((sum, value) => sum + Number(value), 0);
  return {
    pid: Number.parseInt(text, 10),
    state,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startTime,
    cpuTicks,
  };
}

export function readStat(pid: number): ProcessStat | undefined {
  const text = readText(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseStat(text);
}

const DEAD = new Set(["Z", "X", "x"]);

/** Whether that very process still runs; a zombie does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  const stat = readStat(identity.pid);
  return stat !== undefined && stat.startTime === identity.startTime && !DEAD.has(stat.state) && identity.bootId === bootId();
}

let knownBootId: string | undefined;
/** Constant while the machine is up. */
export function bootId(): string {
  knownBootId ??= readText("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
  return knownBootId;
}

/** The live processes of a session or process group: what a child started with setsid leaves behind, unless it called setsid itself. */
export function sessionMembers(leader: number): number[] {
  const members: number[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readStat(Number(name));
    if (stat && (stat.session === leader || stat.group === leader) && !DEAD.has(stat.state)) members.push(stat.pid);
  }
  return members;
}

/** The live processes of a user id; of one that a single instance has, all of that instance, whatever sessions they made. */
export function userMembers(uid: number): number[] {
  const members: number[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const status = readText(`/proc/${name}/status`);
    if (status === undefined || !new RegExp(`^Uid:\\t${uid}\\t`, "m").test(status) || /^State:\t[ZX]/m.test(status)) continue;
    members.push(Number(name));
  }
  return members;
}

/** The live processes of this user that were started with `entry` in their environment: finds those that left their session, where there is nothing better. */
export function environmentMembers(entry: string): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const environment = readText(`/proc/${name}/environ`);
    const stat = environment?.split("\0").includes(entry) ? readStat(Number(name)) : undefined;
    return stat && !DEAD.has(stat.state) ? [stat.pid] : [];
  });
}

/** The sockets that a process holds, by inode; none when it has gone or may not be looked into. */
export function socketInodes(pid: number): Set<string> {
  const inodes = new Set<string>();
  let descriptors: string[] = [];
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return inodes;
  }
  for (const descriptor of descriptors) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1];
      if (inode !== undefined) inodes.add(inode);
    } catch {
      // Closed meanwhile.
    }
  }
  return inodes;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
