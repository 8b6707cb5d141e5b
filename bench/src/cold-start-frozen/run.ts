import { eventually, inTest } from "@ebb/testkit";
import type { Benchmark } from "../main.ts";
import { percentile } from "../peers/percentile.ts";
import { showPhases } from "../peers/phases.ts";
import { withSleepingApps } from "../peers/sleeping-apps.ts";

const APPS = 25;
const ROUNDS = 3;
/** Milliseconds to the first byte. */
const GOALS = { p50: 3, p99: 15 };

export const benchmark: Benchmark = {
  summary: `first byte of a Node application whose last instance is kept frozen: the worse of ${GOALS.p50} ms / p50 and ${GOALS.p99} ms / p99`,
  goal: 1,
  run,
};

function run(): Promise<number> {
  return withSleepingApps({ count: APPS }, async ({ ebb, names, wake, asleep, awake, coldStarts }) => {
    for (const name of names) await ebb.client.patchScaling(inTest(name), { idle: "frozen" });
    // What is kept is what ran: each starts once.
    for (const name of names) await wake(name);
    const times: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      await asleep(1);
      for (const name of names) times.push(await wake(name));
      await awake();
      console.log(
        `  round ${round}: ${APPS} woken, median so far ${percentile(
          [...times].sort((a, b) => a - b),
          0.5,
        ).toFixed(2)} ms`,
      );
    }
    // The gateway tells each second; a wake of anything else would never make them as many.
    const frozen = await eventually(async () => {
      const known = (await coldStarts()).filter(({ from }) => from === "frozen");
      return known.length >= times.length ? known : undefined;
    });
    showPhases(frozen);
    times.sort((a, b) => a - b);
    const p50 = percentile(times, 0.5);
    const p99 = percentile(times, 0.99);
    console.log(`  ${times.length} wakes: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`);
    return Math.min(GOALS.p50 / p50, GOALS.p99 / p99);
  });
}
