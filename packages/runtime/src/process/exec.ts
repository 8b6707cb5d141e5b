import type { Clock } from "@ebb/base";
import type { ExecResult } from "../port.ts";
import type { Launch } from "./command.ts";
import { spawnWaiting, type ProcessLimits } from "./spawn.ts";

/** A probe's words, or a person's command: enough to read, bounded. */
const LARGEST_OUTPUT = 256 * 1024;
/** timeout(1) */
const TIMED_OUT = 124;
const BY_SIGNAL = 128 + 9;

/** What a further process of an instance needs to come into it. */
export interface Entrance {
  launch: Launch;
  uid: number | undefined;
  setpriv: string | undefined;
  limits: ProcessLimits;
  join(pid: number): Promise<void>;
  clock: Clock;
}

/** Runs a command as one of an instance's processes; after the timeout it is killed and the exit code is 124. */
export async function execInInstance(options: Entrance & { timeoutSeconds: number }): Promise<ExecResult> {
  const { child, pid, release } = await spawnWaiting(options);
  const chunks: Buffer[] = [];
  let size = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      if (size < LARGEST_OUTPUT) chunks.push(chunk.subarray(0, LARGEST_OUTPUT - size));
      size += chunk.length;
    });
  }
  let timedOut = false;
  const kill = () => {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  };
  const timer = options.clock.after(options.timeoutSeconds * 1000, () => {
    timedOut = true;
    kill();
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  try {
    await options.join(pid);
  } catch {
    // The instance is ending; so will this.
  }
  release();
  const code = await exited;
  timer.cancel();
  // What it left behind would hold the pipes open.
  kill();
  await closed;
  return { exitCode: timedOut ? TIMED_OUT : (code ?? BY_SIGNAL), output: Buffer.concat(chunks).toString("utf8") };
}
