import { deploy, type EbbServer, eventually, inTest, nodeApp, SLOW_ANSWER, startEbb, startLoad } from "@ebb/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROUNDS = 5;

describe("instances killed at random under load", () => {
  let ebb: EbbServer;

  beforeAll(async () => {
    ebb = await startEbb({ args: ["--no-containers"] });
    const source = nodeApp({ ebbYaml: "scaling: { min: 3, max: 3 }\n", handler: SLOW_ANSWER });
    expect((await deploy(ebb.client, "many", source)).failure).toBeNull();
  });
  afterAll(() => ebb.dispose());

  test("no request that may be repeated fails, and as many instances come back", async () => {
    const pids = new Set<number>();
    const answering = async () => {
      const { pid } = JSON.parse((await ebb.get("many")).body) as { pid: number };
      pids.add(pid);
      return pid;
    };
    const allServe = async () => (await ebb.client.listInstances(inTest("many"))).filter((instance) => instance.ready).length === 3;
    await eventually(allServe, 30_000);
    const load = startLoad(ebb.gateway, "many-test.sls-local.localhost");
    for (let round = 0; round < ROUNDS; round++) {
      const victim = await answering();
      const before = load.seen().succeeded;
      process.kill(victim, "SIGKILL");
      await eventually(() => load.seen().succeeded > before + 50, 30_000);
      await eventually(allServe, 60_000);
    }
    const result = await load.stop();
    console.log(`${ROUNDS} instances killed under load: ${result.succeeded} requests, slowest ${result.slowest.toFixed(0)} ms`);
    expect(result.failures).toEqual([]);
    expect(pids.size).toBeGreaterThan(3);
  });
});
