import type { TrafficRule } from "@ebb/api";
import { archive, deploy, type EbbServer, eventually, finished, httpRequest, inTest, nodeApp, startEbb, startLoad } from "@ebb/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

let ebb: EbbServer;
beforeAll(async () => {
  ebb = await startEbb({ args: ["--no-containers"] });
});
afterAll(() => ebb.dispose());

test("rules lead requests to a version, come and go under load without a failed request, and previews stay", async () => {
  for (let i = 0; i < 2; i++) expect((await deploy(ebb.client, "ruled", nodeApp({ before: `// ${i}` }))).failure).toBeNull();
  const place = inTest("ruled");
  const host = "ruled-test.sls-local.localhost";
  const versionFor = async (headers: Record<string, string>, of = host) =>
    (JSON.parse((await httpRequest(ebb.gateway, { host: of, path: "/", headers })).body) as { version: string }).version;
  const targets = [{ version: "v1", percent: 100 }];
  const change = async (rules: TrafficRule[]) => finished(ebb.client, (await ebb.client.setTraffic(place, { targets, rules })).id);
  expect(await change([])).toMatchObject({ failure: null });
  const { url } = await ebb.client.getAppEnvironment(place);
  // What is remembered of a request decides which of them a change would move; a value is remembered once a rule asks for it.
  const seen = `seen-${Date.now()}`;
  await httpRequest(ebb.gateway, { host, path: "/cart?v=1", headers: { [seen]: "1", "x-request-id": seen } });
  await eventually(async () => (await ebb.client.recentRequests(place, { limit: 500 })).items.some(({ id }) => id === seen));
  const rule: TrafficRule = { version: "v2", when: [{ on: "header", name: seen, is: "exact", value: "1" }] };
  const unknown = await ebb.client.planTraffic(place, { targets, rules: [rule] });
  expect(unknown).toMatchObject({ moves: [], unknown: [{ requests: 1, because: `the value of the header ${seen} was not kept` }] });
  expect((await ebb.client.planTraffic(place, { targets: [{ version: "v2", percent: 100 }] })).moves).toMatchObject([
    { from: "v1", to: "v2", requests: unknown.requests, byChance: false },
  ]);
  const load = startLoad(ebb.gateway, host);
  await eventually(() => load.seen().succeeded > 50);

  const when = [{ on: "header" as const, name: "x-canary", is: "exact" as const, value: "1" }];
  const group = [{ on: "cookie" as const, name: "group", is: "exact" as const, value: "beta" }];
  expect(
    await change([
      { version: "v2", when },
      { version: "v2", when: group },
    ]),
  ).toMatchObject({ failure: null });
  expect(await versionFor({ "x-canary": "1" })).toBe("ruled-00002");
  expect(await versionFor({ cookie: "a=1; group=beta" })).toBe("ruled-00002");
  expect(await versionFor({})).toBe("ruled-00001");
  expect(await versionFor({}, "v2-ruled-test.sls-local.localhost")).toBe("ruled-00002");
  expect(await ebb.client.getAppEnvironment(place)).toMatchObject({ url, state: "ready" });
  expect(await ebb.client.explain(place, { headers: ["x-canary: 1"] })).toMatchObject({ version: "v2", rule: 1 });
  expect(await ebb.client.explain(place, { headers: [] })).toMatchObject({
    version: "v1",
    rule: null,
    skipped: [{ rule: 1 }, { rule: 2 }],
  });

  await httpRequest(ebb.gateway, {
    host,
    path: "/",
    headers: { "x-canary": "1", authorization: "Bearer abc", "x-request-id": "by-the-rule" },
  });
  const asked = await eventually(() => ebb.client.explain(place, { headers: [], request: "by-the-rule" }).catch(() => undefined));
  expect(asked).toMatchObject({
    version: "v2",
    rule: 1,
    unsure: [],
    request: { version: "v2", headers: { "x-canary": "1", authorization: null } },
  });
  expect((await ebb.client.planTraffic(place, { targets, rules: [] })).moves).toContainEqual(
    expect.objectContaining({ from: "v2", to: "v1", because: "no longer by the rule header x-canary=1" }),
  );
  await expect(ebb.client.explain(place, { headers: [], request: "no-such" })).rejects.toMatchObject({
    problem: { code: "request_not_found" },
  });

  expect(await change([])).toMatchObject({ failure: null });
  expect(await versionFor({ "x-canary": "1" })).toBe("ruled-00001");
  expect(await ebb.client.explain(place, { headers: ["x-canary: 1"] })).toMatchObject({ version: "v1", rule: null, skipped: [] });
  const result = await load.stop();
  console.log(`rules on and off under load: ${result.succeeded} requests, ${result.failures.length} failed`);
  expect(result.failures).toEqual([]);
  expect(result.versions).toEqual(["ruled-00001"]);
});

test("a guarded release takes a bad version back by itself under load, and carries a good one to the end", async () => {
  const upload = async (handler: string) =>
    finished(ebb.client, (await ebb.client.uploadSource(await archive(nodeApp({ handler })), { name: "guarded", noTraffic: true })).id);
  const place = inTest("guarded");
  expect((await deploy(ebb.client, "guarded", nodeApp())).failure).toBeNull();
  expect((await upload("response.statusCode = 500;")).failure).toBeNull();
  expect((await upload("// good")).failure).toBeNull();
  const load = startLoad(ebb.gateway, "guarded-test.sls-local.localhost");
  await eventually(() => load.seen().succeeded > 50);
  // Copies tell before anybody has seen it, and change nothing for those who ask.
  await finished(ebb.client, (await ebb.client.setMirror(place, { version: "v2", percent: 20 })).id);
  await eventually(async () => ((await ebb.client.mirrorReport(place)).comparisons[0]?.compared ?? 0) >= 20);
  expect(await finished(ebb.client, (await ebb.client.stopMirror(place)).id)).toMatchObject({ failure: null });
  const mirrored = await ebb.client.mirrorReport(place);
  const [compared] = mirrored.comparisons;
  expect(mirrored).toMatchObject({ mirror: null, recorded: true, comparisons: [{ from: "v1", to: "v2" }] });
  expect(compared?.statusDiffers).toBe(compared?.compared);
  expect(compared?.samples[0]).toMatchObject({ method: "GET", path: "/", from: { status: 200 }, to: { status: 500 } });
  expect(load.seen()).toMatchObject({ failures: [], versions: ["guarded-00001"] });
  console.log(`mirrored: ${mirrored.message}`);
  const bad = await finished(
    ebb.client,
    (await ebb.client.startRelease(place, { version: "v2", steps: [20, 100], pauseSeconds: 60, guard: { minRequests: 20 } })).id,
  );
  expect(bad).toMatchObject({ state: "failed", failure: { code: "guard_breached" } });
  expect((await ebb.client.getAppEnvironment(place)).traffic).toEqual([{ version: "v1", percent: 100 }]);
  const during = await load.stop();
  // Only the bad version's own answers were bad: nobody on the old one saw a thing.
  expect(during.failures.filter((failure) => !failure.includes("guarded-00002"))).toEqual([]);
  expect(during.versions).toEqual(["guarded-00001"]);
  console.log(
    `taken back: ${bad.failure?.chain[0] ?? ""}; ${during.failures.length} of ${during.succeeded + during.failures.length} requests saw it`,
  );

  const again = startLoad(ebb.gateway, "guarded-test.sls-local.localhost");
  const good = await finished(
    ebb.client,
    (
      await ebb.client.startRelease(place, {
        version: "v3",
        steps: [50, 100],
        pauseSeconds: 2,
        guard: { minRequests: 5, maxP95Ratio: 100 },
      })
    ).id,
  );
  expect(good).toMatchObject({ state: "succeeded", version: "v3" });
  await ebb.client.startRelease(place, { version: "v1", steps: [50, 100], pauseSeconds: null });
  await eventually(async () => (await ebb.client.getAppEnvironment(place)).traffic.length === 2);
  const began = performance.now();
  expect(await finished(ebb.client, (await ebb.client.rollback(place)).id)).toMatchObject({ state: "succeeded" });
  console.log(`rollback in the middle of a release: ${Math.round(performance.now() - began)} ms until it had been verified`);
  expect((await ebb.client.getAppEnvironment(place)).traffic).toEqual([{ version: "v3", percent: 100 }]);
  expect((await again.stop()).failures).toEqual([]);
});
