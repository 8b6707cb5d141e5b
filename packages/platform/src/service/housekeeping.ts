import { causeChain, type Clock, type Logger, type Runnable, type Timer } from "@ebb/base";

const PERIOD = 10 * 60_000;
/** After the start there is better to do. */
const FIRST = 60_000;

/** Runs `run` every ten minutes, never twice at once; what fails is logged and tried the next time. */
export function createHousekeeping(options: { clock: Clock; log: Logger; run: () => Promise<void> }): Runnable {
  const { clock, log, run } = options;
  let timer: Timer | undefined;
  let running: Promise<void> = Promise.resolve();
  const plan = (delay: number) => {
    timer = clock.after(delay, () => {
      running = run()
        .catch((error: unknown) => log.warn({ causes: causeChain(error) }, "housekeeping failed; it is tried again later"))
        .then(() => {
          if (timer) plan(PERIOD);
        });
    });
  };
  return {
    name: "housekeeping",
    start() {
      plan(FIRST);
      return Promise.resolve();
    },
    async stop() {
      timer?.cancel();
      timer = undefined;
      await running;
    },
  };
}
