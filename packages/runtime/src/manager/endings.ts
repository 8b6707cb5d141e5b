import { sleep, type Clock, type Logger } from "@ebb/base";
import type { Driver, InstanceExit, InstanceSpec, LogLine } from "../port.ts";
import { LAST_WORDS } from "./explain.ts";

const STOP_RETRY = 5000;

interface EndingDeps {
  driver: Driver;
  clock: Clock;
  log: Logger;
}

/** Tried until it succeeds, as the instance runs until then: an engine that does not answer will be back. */
export async function stopForSure(
  spec: InstanceSpec,
  { driver, clock, log }: EndingDeps,
  until: AbortSignal,
  scope?: "program",
): Promise<void> {
  while (!until.aborted) {
    try {
      return await driver.stop(spec.id, spec.terminationGraceSeconds, scope);
    } catch (error) {
      log.warn({ id: spec.id, error }, "an instance could not be stopped yet");
      await sleep(clock, STOP_RETRY, until).catch(() => undefined);
    }
  }
}

/** How one that has been stopped ended, of which its log says nothing that stands in for a message; undefined when nobody can tell. */
export async function endOf(id: string, { driver, log }: EndingDeps): Promise<InstanceExit | undefined> {
  try {
    return (await driver.ended()).find(({ spec }) => spec.id === id)?.exit;
  } catch (error) {
    log.warn({ id, error }, "it is not known how an instance ended");
    return undefined;
  }
}

/** The kubelet's bounds for a log that stands in for a message. */
const MOST_LINES = 80;
const MOST_BYTES = 2048;

/** How it ended, with what it says of that, and what it printed last: nothing when that cannot be read. */
export async function lastWords(
  exit: InstanceExit,
  spec: InstanceSpec,
  { driver, log }: EndingDeps,
): Promise<{ exit: InstanceExit; lines: LogLine[] }> {
  const lines: LogLine[] = [];
  try {
    for await (const line of driver.logs(spec.id, { tail: MOST_LINES })) lines.push(line);
  } catch (error) {
    log.warn({ id: spec.id, error }, "could not read the last lines of an instance");
  }
  const last = lines.slice(-LAST_WORDS);
  // What one printed that we ended says nothing of why.
  if (
    exit.message !== undefined ||
    exit.exitCode === 0 ||
    exit.reason === "Evicted" ||
    spec.terminationMessage?.policy === "File" ||
    lines.length === 0
  )
    return { exit, lines: last };
  const printed = Buffer.from(lines.map(({ text }) => `${text}\n`).join(""));
  return { exit: { ...exit, message: printed.subarray(-MOST_BYTES).toString() }, lines: last };
}
