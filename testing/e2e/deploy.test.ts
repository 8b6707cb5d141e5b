import { archive, deploy, type EbbServer, eventually, finished, inTest, nodeApp, SLOW_ANSWER, startEbb, startLoad } from "@ebb/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let ebb: EbbServer;
beforeAll(async () => {
  ebb = await startEbb({ args: ["--no-containers", "--progress-deadline", "12"] });
});
afterAll(() => ebb.dispose());

describe("a deploy", () => {
  test("under load loses no request", async () => {
    const app = (before = "") => nodeApp({ before, handler: SLOW_ANSWER });
    expect((await deploy(ebb.client, "busy", app())).failure).toBeNull();
    const load = startLoad(ebb.gateway, "busy-test.sls-local.localhost");
    await eventually(() => load.seen().succeeded > 100);
    for (let i = 0; i < 3; i++) expect((await deploy(ebb.client, "busy", app(`// ${i}`))).failure).toBeNull();
    await eventually(() => load.seen().versions.length === 4);
    const result = await load.stop();
    console.log(`3 deploys under load: ${result.succeeded} requests, ${result.failures.length} failed`);
    expect(result.failures).toEqual([]);
    expect(result.versions).toEqual(["busy-00001", "busy-00002", "busy-00003", "busy-00004"]);
  });

  test("that never becomes ready never receives traffic, says why, and leaves the old version serving", async () => {
    expect((await deploy(ebb.client, "steady", nodeApp())).failure).toBeNull();
    const load = startLoad(ebb.gateway, "steady-test.sls-local.localhost", 4);
    const crash = await deploy(
      ebb.client,
      "steady",
      nodeApp({ before: `console.error("no database at db.internal:5432"); process.exit(3);` }),
    );
    expect(crash.state).toBe("failed");
    expect(crash.failure?.chain.join(" ")).toContain("3");
    expect(crash.failure?.log.join("\n")).toContain("no database at db.internal:5432");
    const deaf = await deploy(ebb.client, "steady", {
      ...nodeApp(),
      "server.js": `require("node:http").createServer((q, r) => r.end("x")).listen(34567, "127.0.0.1")`,
    });
    expect(deaf.state).toBe("failed");
    expect(`${deaf.failure?.message} ${deaf.failure?.chain.join(" ")} ${deaf.failure?.hint}`).toContain("34567");
    const result = await load.stop();
    expect(result.failures).toEqual([]);
    expect(result.versions).toEqual(["steady-00001"]);
    expect((await ebb.client.getAppEnvironment(inTest("steady"))).traffic).toEqual([{ version: "v1", percent: 100 }]);
    // And the app is not stuck: the next good one goes through.
    expect(await deploy(ebb.client, "steady", nodeApp())).toMatchObject({ state: "succeeded" });
  });

  test("whose build fails ends with the cause and the log lines, without a version", async () => {
    const files = {
      ...nodeApp(),
      "package.json": JSON.stringify({ name: "x", private: true, scripts: { start: "node server.js", build: "node build.js" } }),
      "build.js": `console.log("compiling 12 files"); throw new Error("cannot find theme.css")`,
    };
    const operation = await deploy(ebb.client, "broken", files);
    expect(operation.state).toBe("failed");
    expect(operation.failure?.log.join("\n")).toContain("cannot find theme.css");
    expect(operation.phases.at(-1)).toMatchObject({ name: "build", state: "failed" });
  });

  test("two of one app at once: the second waits, both end, the last one serves", async () => {
    const operations = await Promise.all(
      [0, 1].map(async (i) => ebb.client.uploadSource(await archive(nodeApp({ before: `// ${i}` })), { name: "twice" })),
    );
    const ended = await Promise.all(operations.map((operation) => finished(ebb.client, operation.id)));
    expect(ended.map((operation) => operation.state)).toEqual(["succeeded", "succeeded"]);
    const last = Math.max(...ended.map((operation) => Number(operation.version?.slice(1))));
    expect((await ebb.client.getAppEnvironment(inTest("twice"))).traffic).toEqual([{ version: `v${last}`, percent: 100 }]);
  });

  test("split, rolled back, and brought back by a restart as it was", async () => {
    for (let i = 0; i < 2; i++) expect((await deploy(ebb.client, "split", nodeApp({ before: `// ${i}` }))).failure).toBeNull();
    const wanted = [
      { version: "v2", percent: 75 },
      { version: "v1", percent: 25 },
    ];
    expect(await finished(ebb.client, (await ebb.client.setTraffic(inTest("split"), { targets: wanted })).id)).toMatchObject({
      state: "succeeded",
    });
    const count: Record<string, number> = {};
    for (let i = 0; i < 400; i++) {
      const { version } = JSON.parse((await ebb.get("split")).body) as { version: string };
      count[version] = (count[version] ?? 0) + 1;
    }
    // 400 draws at 75 %: five standard deviations are 43.
    expect(Math.abs((count["split-00002"] ?? 0) - 300)).toBeLessThan(44);
    await ebb.stop();
    await ebb.start();
    expect((await ebb.client.getAppEnvironment(inTest("split"))).traffic).toEqual(wanted);
    expect((await ebb.get("split")).status).toBe(200);
    expect(await finished(ebb.client, (await ebb.client.rollback(inTest("split"), { to: "v1" })).id)).toMatchObject({ state: "succeeded" });
    expect(JSON.parse((await ebb.get("split")).body)).toMatchObject({ version: "split-00001" });
  });
});
