import { causeChain, type Clock, type Logger, type Runnable, type Timer } from "@ebb/base";
import { sql } from "kysely";
import type { Database } from "./database.ts";

const PERIOD = 5000;
/** However many ask, the database is asked once a second. */
const FRESH = 1000;
/** A load balancer waits no longer for its answer. */
const PATIENCE = 2000;

export interface DatabaseMonitor extends Runnable {
  /** Whether the database answers, as of a second ago at most. */
  ready(): Promise<boolean>;
}

/** Says in the log when the database goes away and when it is back, once each, and tells whoever asks whether it answers. */
export function createDatabaseMonitor({ db, clock, log }: { db: Database; clock: Clock; log: Logger }): DatabaseMonitor {
  let timer: Timer | undefined;
  let asking: Promise<void> | undefined;
  let askedAt = -Infinity;
  let answers = true;
  const ask = async () => {
    try {
      await sql`select 1`.execute(db);
      if (!answers) log.info({}, "the database answers again");
      answers = true;
    } catch (error) {
      if (answers) log.error({ causes: causeChain(error) }, "the database does not answer; it is asked again");
      answers = false;
    }
    askedAt = clock.monotonic();
  };
  const look = () => (asking ??= ask().finally(() => (asking = undefined)));
  return {
    name: "database monitor",
    start() {
      timer = clock.every(PERIOD, () => void look());
      return Promise.resolve();
    },
    async stop() {
      timer?.cancel();
      await asking;
    },
    async ready() {
      if (clock.monotonic() - askedAt < FRESH) return answers;
      const late = Promise.withResolvers<boolean>();
      const waiting = clock.after(PATIENCE, () => late.resolve(false));
      const ready = await Promise.race([look().then(() => answers), late.promise]);
      waiting.cancel();
      return ready;
    },
  };
}
