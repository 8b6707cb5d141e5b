import { readFile } from "node:fs/promises";
import { sleep, systemCode, type Clock } from "@ebb/base";
import { runningServer, supervisorLock } from "../data-folder.ts";
import { EXIT } from "../exit-codes.ts";
import { Failure } from "../failure.ts";

/** Longer than the server gives its own processes to drain (35 s), so that its word is waited for. */
const STOP_DEADLINE = 60_000;
const POLL_PERIOD = 50;

/** The process id of the server that owns this data folder, ready or still starting; undefined when none runs. */
export async function serverProcess(folder: string): Promise<number | undefined> {
  const lock = await supervisorLock(folder);
  if (lock && (await startTimeOf(lock.pid)) === lock.startTime && lock.startTime !== "") return lock.pid;
  const server = await runningServer(folder);
  if (server && (await isServer(server.pid))) return server.pid;
  return undefined;
}

/** Asks the process to stop and waits until it is gone. Throws Failure when it may not be asked, or does not go. */
export async function stopServer(pid: number, clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    if (systemCode(error) === "ESRCH") return;
    throw new Failure(`this user may not stop process ${pid}`, {
      exit: EXIT.unauthorised,
      hint: "Run `ebb down` as the user who ran `ebb up`.",
      cause: error,
    });
  }
  const end = clock.monotonic() + STOP_DEADLINE;
  while (isAlive(pid)) {
    if (clock.monotonic() > end) {
      throw new Failure(`Ebb (process ${pid}) has not stopped within ${STOP_DEADLINE / 1000} s`, {
        hint: `Look at the logs in the data folder; \`kill -9 ${pid}\` ends it, and nothing that was acknowledged is lost.`,
      });
    }
    await sleep(clock, POLL_PERIOD, signal);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}

/** Process ids are used again: the one in an old record may be anything by now. */
async function isServer(pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => undefined);
  return command === undefined || command.includes("server");
}

/** Field 22 of /proc/PID/stat, as the server writes it into its lock; "" where there is no such process. */
async function startTimeOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? "" : (fields[19] ?? "");
}
