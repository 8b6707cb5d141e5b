import type { TrafficRule } from "@ebb/api";
import { deploy, type EbbServer, eventually, finished, httpRequest, inTest, nodeApp, startEbb, startLoad } from "@ebb/testkit";
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

  expect(await change([])).toMatchObject({ failure: null });
  expect(await versionFor({ "x-canary": "1" })).toBe("ruled-00001");
  expect(await ebb.client.explain(place, { headers: ["x-canary: 1"] })).toMatchObject({ version: "v1", rule: null, skipped: [] });
  const result = await load.stop();
  console.log(`rules on and off under load: ${result.succeeded} requests, ${result.failures.length} failed`);
  expect(result.failures).toEqual([]);
  expect(result.versions).toEqual(["ruled-00001"]);
});
