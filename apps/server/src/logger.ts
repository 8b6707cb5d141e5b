import { renameSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Logger, Runnable } from "@ebb/base";
import { pino } from "pino";

/** One file and one before it are kept: at most twice this a process. */
const LARGEST_FILE_BYTES = 16 * 1024 * 1024;
const CHECK_PERIOD = 60_000;
/** What is kept in memory while the disk takes nothing; lines beyond are dropped. */
const LONGEST_WAIT_BYTES = 1024 * 1024;

/**
 * JSON lines in `LOGS/NAME.log`, rotated by size. Written synchronously, so that the last words before a crash are there. A disk that is
 * full never ends the process: lines wait, and are written once there is space.
 */
export function createLogger(logsDir: string, name: string, clock: Clock): { log: Logger; rotation: Runnable } {
  const path = join(logsDir, `${name}.log`);
  const destination = pino.destination({ dest: path, mkdir: true, sync: true, mode: 0o600, maxLength: LONGEST_WAIT_BYTES });
  destination.on("error", () => {});
  const log = pino({ name, level: process.env["EBB_LOG_LEVEL"] ?? "info", serializers: { error: pino.stdSerializers.err } }, destination);
  let timer: { cancel(): void } | undefined;
  const rotation: Runnable = {
    name: "log rotation",
    async start() {
      timer = clock.every(CHECK_PERIOD, () => {
        try {
          if (statSync(path).size < LARGEST_FILE_BYTES) return;
          renameSync(path, `${path}.1`);
          destination.reopen();
        } catch (error) {
          log.warn({ error }, "the log could not be rotated");
        }
      });
    },
    async stop() {
      timer?.cancel();
    },
  };
  return { log, rotation };
}
