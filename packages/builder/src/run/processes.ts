import { readdir, readFile, stat } from "node:fs/promises";

export interface BuildProcesses {
  /** `NAME=VALUE` in the environment of all that the build starts. */
  marker: string;
  /** The user that runs nothing but builds, if there is one. */
  uid: number | undefined;
}

/**
 * Ends every process of a build, also those that left its process group. They are known by the variable that they inherited; those of a
 * build's user that have dropped it belong to the build too, unless they have the mark of another Ebb on this machine. Looks again until
 * there is none, as one may be forking while the list is read.
 */
export async function endAll(build: BuildProcesses): Promise<void> {
  await endWhile((pid) => belongs(pid, build));
}

/** Ends every process in a control group of that name, or in one below it. */
export async function endGroup(name: string): Promise<void> {
  await endWhile(async (pid) => (await readFile(`/proc/${pid}/cgroup`, "utf8")).includes(name) && (await isAlive(pid)));
}

/** A process that cannot be read has ended in the meantime, or is another user's. */
async function endWhile(isOne: (pid: number) => Promise<boolean>): Promise<void> {
  // A fork bomb is bounded by RLIMIT_NPROC, so that killing overtakes it; the bound here is against a bug of ours.
  for (let round = 0; round < 1000; round++) {
    const all = (await pids()).filter((pid) => pid !== process.pid);
    const found = await Promise.all(all.map(async (pid) => ((await isOne(pid).catch(() => false)) ? pid : undefined)));
    const living = found.filter((pid) => pid !== undefined);
    if (living.length === 0) return;
    for (const pid of living) kill(pid);
  }
}

async function belongs(pid: number, build: BuildProcesses): Promise<boolean> {
  const owner = (await stat(`/proc/${pid}`)).uid;
  if (build.uid !== undefined && owner !== build.uid) return false;
  const environment = (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0");
  const name = build.marker.slice(0, build.marker.indexOf("=") + 1);
  const unmarked = build.uid !== undefined && !environment.some((variable) => variable.startsWith(name));
  return (unmarked || environment.includes(build.marker)) && isAlive(pid);
}

/** The dead ones only wait for their parent to notice. */
async function isAlive(pid: number): Promise<boolean> {
  return !/\) [ZX] /.test(await readFile(`/proc/${pid}/stat`, "utf8"));
}

async function pids(): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself in the meantime.
  }
}
