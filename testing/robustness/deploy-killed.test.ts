import { archive, type EbbServer, eventually, finished, inTest, nodeApp, startEbb } from "@ebb/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROUNDS = 10;
const VICTIMS = [["platform"], ["cluster"], ["cluster", "platform"]] as const;

let ebb: EbbServer;
beforeAll(async () => {
  ebb = await startEbb({ args: ["--no-containers"] });
});
afterAll(() => ebb.dispose());

/**
 * Design rule 5: nothing is ever stuck. Whatever dies at whatever moment of a deploy, it either finishes or ends in a named failure, and what
 * serves is one whole version: the new one if it succeeded, else the one before.
 */
test(`kill -9 in the middle of a deploy, ${ROUNDS} times at random moments`, { timeout: 600_000 }, async () => {
  const outcomes: Record<string, number> = {};
  let serving: string | undefined;
  // How long a deploy takes here: the moments are spread over all of it.
  const began = performance.now();
  const first = await finished(ebb.client, (await ebb.client.uploadSource(await archive(nodeApp()), { name: "target" })).id);
  const duration = performance.now() - began;
  expect(first.failure).toBeNull();
  serving = first.version ?? undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const source = await archive(nodeApp({ before: `// round ${round}` }));
    const operation = await ebb.client.uploadSource(source, { name: "target" });
    const moment = Math.random() * duration;
    await new Promise((resolve) => setTimeout(resolve, moment));
    for (const name of VICTIMS[round % VICTIMS.length] ?? [])
      await eventually(async () => process.kill(await ebb.pid(name), "SIGKILL"), 30_000);
    const ended = await eventually(
      async () => {
        const now = await ebb.client.getOperation(operation.id);
        return now.finishedAt === null ? undefined : now;
      },
      120_000,
      100,
    );
    outcomes[ended.state] = (outcomes[ended.state] ?? 0) + 1;
    const context = `round ${round}, killed after ${moment.toFixed(0)} ms: ${JSON.stringify(ended.failure)}`;
    if (ended.state === "succeeded") serving = ended.version ?? undefined;
    else expect(ended.failure?.code, context).toBeTruthy();
    const number = String(Number(serving?.slice(1))).padStart(5, "0");
    expect((await ebb.client.getAppEnvironment(inTest("target"))).traffic, context).toEqual([{ version: serving, percent: 100 }]);
    expect(JSON.parse((await ebb.get("target")).body), context).toMatchObject({ version: `target-${number}` });
  }
  console.log(`deploys killed at random moments: ${JSON.stringify(outcomes)}`);
  expect(outcomes["succeeded"] ?? 0).toBeGreaterThan(0);
});
