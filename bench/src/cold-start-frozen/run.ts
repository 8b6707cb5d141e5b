import { join } from "node:path";
import { eventually, inTest } from "@ebb/testkit";
import type { Benchmark } from "../main.ts";
import { layOut } from "../peers/by-hand.ts";
import { calm, compareByHand, frozenByHand, type KeptByHand } from "../peers/kept-by-hand.ts";
import { percentile } from "../peers/percentile.ts";
import { showPhases } from "../peers/phases.ts";
import { Stage } from "../peers/processes.ts";
import { APP, withSleepingApps } from "../peers/sleeping-apps.ts";

const APPS = 25;
const ROUNDS = 3;
/** Each is woken so seldom that it has slept for some seconds, as Ebb's have. */
const BY_HAND = 5;
/** Milliseconds to the first byte. */
const GOALS = { p50: 3, p99: 15 };

export const benchmark: Benchmark = {
  summary: `first byte of a Node application whose last instance is kept frozen: the worse of ${GOALS.p50} ms / p50 and ${GOALS.p99} ms / p99`,
  goal: 1,
  run,
};

function run(): Promise<number> {
  return Stage.run(async (stage) => {
    const folder = await layOut(join(stage.folder, "app"), APP);
    const kept: KeptByHand[] = [];
    try {
      for (let i = 0; i < BY_HAND; i++) kept.push(await frozenByHand(folder));
      return await measure(kept);
    } finally {
      for (const each of kept) await each.end();
    }
  });
}

function measure(kept: readonly KeptByHand[]): Promise<number> {
  return withSleepingApps({ count: APPS }, async ({ ebb, names, wake, asleep, awake, coldStarts }) => {
    for (const name of names) await ebb.client.patchScaling(inTest(name), { idle: "frozen" });
    // What is kept is what ran: each starts once.
    for (const name of names) await wake(name);
    const times: number[] = [];
    const byHand: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      // Of those that sleep no longer than this takes, the first may sleep again before the last is woken.
      await asleep(1);
      for (const [index, name] of names.entries()) {
        await calm();
        times.push(await wake(name));
        await awake(name);
        await calm();
        byHand.push((await kept[index % kept.length]?.wake()) ?? Number.NaN);
      }
      console.log(`  round ${round}: ${APPS} woken`);
    }
    // The gateway tells each second; a wake of anything else would never make them as many.
    const frozen = await eventually(async () => {
      const known = (await coldStarts()).filter(({ from }) => from === "frozen");
      return known.length >= times.length ? known : undefined;
    });
    showPhases(frozen);
    compareByHand(times, byHand);
    times.sort((a, b) => a - b);
    return Math.min(GOALS.p50 / percentile(times, 0.5), GOALS.p99 / percentile(times, 0.99));
  });
}
