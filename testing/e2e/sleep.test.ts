import { readFile } from "node:fs/promises";
import { deploy, type EbbServer, eventually, inTest, nodeApp, startEbb } from "@ebb/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

/** Upstream's shortest stable window. */
const SLEEPY = `scaling: { idle: 6s }\n`;
const APPS = 50;

let ebb: EbbServer;
beforeAll(async () => {
  ebb = await startEbb({ args: ["--no-containers"] });
});
afterAll(() => ebb.dispose());

async function residentKiB(): Promise<number> {
  let sum = 0;
  for (const name of ["gateway", "cluster", "platform"] as const) {
    const status = await readFile(`/proc/${await ebb.pid(name)}/status`, "utf8");
    sum += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  }
  return sum;
}

/** Of processes that have deployed nothing themselves: what an app costs that is only there. */
async function residentAfterRestart(): Promise<number> {
  await ebb.stop();
  await ebb.start();
  await eventually(async () => (await ebb.client.status()).cluster.ready, 30_000);
  return residentKiB();
}

test(`${APPS} apps asleep cost no process and next to no memory each; each wakes on a request`, { timeout: 400_000 }, async () => {
  expect((await deploy(ebb.client, "first", nodeApp({ ebbYaml: SLEEPY }))).failure).toBeNull();
  const before = await residentAfterRestart();
  // Those that wait for any instance that starts.
  const waiting = await instanceProcesses();
  const names = Array.from({ length: APPS }, (_, i) => `app-${i}`);
  const groups = Array.from({ length: 5 }, (_, group) => names.filter((_, i) => i % 5 === group));
  await Promise.all(
    groups.map(async (group) => {
      for (const name of group) expect((await deploy(ebb.client, name, nodeApp({ ebbYaml: SLEEPY }))).failure).toBeNull();
    }),
  );
  await eventually(
    async () =>
      (await ebb.client.listApps()).flatMap((app) => app.environments).every((app) => app.state === "asleep" && app.instances === 0),
    60_000,
    250,
  );
  expect(await instanceProcesses()).toBe(waiting);
  const after = await residentAfterRestart();
  console.log(`${APPS} apps asleep: 0 processes, ${((after - before) / APPS).toFixed(0)} KiB each in Ebb's three processes`);
  // Heaps grow in steps of their own; what it guards against is a cost per app of another order.
  expect((after - before) / APPS).toBeLessThan(1024);
  const answers = await Promise.all(names.slice(0, 10).map((name) => ebb.get(name)));
  expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 10 }, () => 200));
});

test("waking one does not wait for another", async () => {
  const slow = nodeApp({
    ebbYaml: SLEEPY,
    before: `const until = Date.now() + 4000; if (require("node:fs").existsSync(process.env.HOME)) while (Date.now() < until);`,
  });
  expect((await deploy(ebb.client, "slow", slow)).failure).toBeNull();
  expect((await deploy(ebb.client, "quick", nodeApp({ ebbYaml: SLEEPY }))).failure).toBeNull();
  await eventually(
    async () =>
      (await Promise.all(["slow", "quick"].map((name) => ebb.client.getAppEnvironment(inTest(name))))).every(
        (app) => app.state === "asleep",
      ),
    60_000,
    250,
  );
  const order: string[] = [];
  await Promise.all(
    ["slow", "quick"].map(async (name) => {
      expect((await ebb.get(name)).status).toBe(200);
      order.push(name);
    }),
  );
  expect(order).toEqual(["quick", "slow"]);
});

/** Children of the cluster process: its instances, and what waits to become one. */
async function instanceProcesses(): Promise<number> {
  const pid = await ebb.pid("cluster");
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return children.trim().split(/\s+/).filter(Boolean).length;
}
