import { sleep, type Clock } from "@ebb/base";

/** Only a process stuck in the kernel outlives SIGKILL for longer. */
const PATIENCE = 10_000;
const POLL = 10;

/** Does nothing to what has ended. A negative number is a process group's. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

/** Kills all that there are, and what they have started meanwhile, until there are none. Returns those that do not end. */
export async function killAll(members: () => number[], clock: Clock): Promise<number[]> {
  const deadline = clock.monotonic() + PATIENCE;
  for (let left = members(); left.length > 0; left = members()) {
    for (const pid of left) signal(pid, "SIGKILL");
    if (clock.monotonic() >= deadline) return left;
    await sleep(clock, POLL);
  }
  return [];
}
