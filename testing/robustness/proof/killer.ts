import { eventually, type EbbServer, type ProcessName } from "@ebb/testkit";

export interface Killer {
  readonly kills: () => number;
  stop(): Promise<void>;
}

/** For it to be back: on a machine with much else to do a start takes a minute. */
const PATIENCE = 300_000;

/** `kill -9` of a process at a random moment, and again at another after it is back. */
export function startKiller(ebb: EbbServer, victims: readonly ProcessName[], longest: number): Killer {
  let kills = 0;
  let running = true;
  const stopped = new AbortController();
  const wait = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      stopped.signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  const loop = (async () => {
    while (running) {
      await wait(Math.random() * longest);
      const victim = victims[Math.floor(Math.random() * victims.length)];
      if (!running || victim === undefined) return;
      const pid = await ebb.pid(victim);
      process.kill(pid, "SIGKILL");
      kills++;
      await eventually(async () => (await ebb.pid(victim)) !== pid, PATIENCE, 50);
      await eventually(async () => (await ebb.client.status()).cluster.ready, PATIENCE, 50);
    }
  })();
  // Told by `stop`, which the whole waits for: thrown at once it would end the proof and leave its Ebb running.
  loop.catch(() => undefined);
  return {
    kills: () => kills,
    async stop() {
      running = false;
      stopped.abort();
      await loop;
    },
  };
}
