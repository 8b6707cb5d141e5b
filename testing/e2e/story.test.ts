import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Operation } from "@ebb/api";
import {
  eventually,
  finished,
  httpRequest,
  joinTeam,
  nodeApp,
  openTerminal,
  startEbb,
  startLoad,
  tempDir,
  type EbbServer,
  type Member,
  type Terminal,
} from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";

const PROD = { app: "shop", env: "prod" };
const HOST = "shop.sls-local.localhost";
const WAITS = /ebb approve ([a-z0-9]+)/;

interface Story {
  ebb: EbbServer;
  bob: Member;
  /** What ann types, in the folder of the shop; fails unless it ends with that exit code. */
  types: Terminal;
  bobTypes: Terminal;
  /** What ann types and bob has to approve first; the operation as it is when it has ended, or a release that has begun. */
  approved(line: string): Promise<Operation>;
  write(handler: string, before: string): Promise<void>;
  get(headers?: Record<string, string>): Promise<{ version: string; status: number }>;
}

test("sign in, deploy, promote, a canary by header, a guarded release, a bad version that is taken back, and the trail", async () => {
  const story = await begin();
  await fromTheEmptyFolderToProd(story);
  await secondVersionWithoutTraffic(story);
  const load = startLoad(story.ebb.gateway, HOST, 4);
  await canaryByHeader(story);
  await guardedRelease(story);
  await badVersion(story);
  await rollback(story);
  const { failures, succeeded, versions } = await load.stop();
  // Only the bad version's own answers were bad: nobody on another one saw a thing.
  expect(failures.filter((failure) => !failure.includes("shop-00003"))).toEqual([]);
  expect(versions).toEqual(["shop-00001", "shop-00002"]);
  console.log(`the story under load: ${succeeded} answers, ${failures.length} of the bad version, no other failed`);
  await trail(story);
});

async function begin(): Promise<Story> {
  const folder = await tempDir("ebb-story-");
  onTestFinished(folder.remove);
  const ebb = await startEbb({ args: ["--no-containers"] });
  onTestFinished(ebb.dispose);
  const [ann, bob] = await Promise.all([
    joinTeam(ebb.client, ebb.urls.platform, { name: "ann", role: "releaser" }),
    joinTeam(ebb.client, ebb.urls.platform, { name: "bob", role: "admin" }),
  ]);
  await ebb.client.patchUser("bob", { platformAdmin: true });
  await ebb.client.patchEnvironment("default", "prod", { approvals: 1 });
  const source = join(folder.path, "shop");
  await mkdir(source);
  const [types, bobTypes] = await Promise.all(
    [ann, bob].map((who) => openTerminal(ebb, who, { home: join(folder.path, who.name), folder: source })),
  );
  if (!types || !bobTypes) throw new Error("nobody has signed in");
  return {
    ebb,
    bob,
    types,
    bobTypes,
    async approved(line) {
      const id = WAITS.exec(await types(line, 6))?.[1] ?? "";
      await bob.client.approveOperation(id, "looks right");
      const operation = await ebb.client.getOperation(id);
      return operation.kind === "release" ? operation : finished(ebb.client, id);
    },
    async write(handler, before) {
      for (const [name, text] of Object.entries(nodeApp({ handler, before }))) await writeFile(join(source, name), text);
    },
    async get(headers = {}) {
      const { status, body } = await httpRequest(ebb.gateway, { host: HOST, path: "/cart", headers });
      return { status, version: /"version":"([^"]*)"/.exec(body)?.[1] ?? body };
    },
  };
}

async function fromTheEmptyFolderToProd({ ebb, bob, types, write, get }: Story): Promise<void> {
  await write("", "// v1");
  expect(await types("deploy")).toContain("App    shop in test, version v1");
  const waits = await types("promote shop --from test --to prod", 6);
  const id = WAITS.exec(waits)?.[1] ?? "";
  expect((await get()).status).toBe(404);
  await expect(ebb.client.getOperation(id)).resolves.toMatchObject({ state: "waiting", createdBy: "ann" });
  await bob.client.approveOperation(id, "first release");
  expect(await finished(ebb.client, id)).toMatchObject({ state: "succeeded", version: "v1" });
  expect(await get()).toEqual({ status: 200, version: "shop-00001" });
}

async function secondVersionWithoutTraffic({ types, write, approved, get }: Story): Promise<void> {
  await write("", "// v2");
  expect(await types("deploy")).toContain("App    shop in test, version v2");
  expect(await types("promote shop --from test --to staging")).toContain("shop in staging: v1 serves at");
  expect(await approved("promote shop --from staging --to prod --no-traffic")).toMatchObject({ state: "succeeded", version: "v2" });
  // Before the load begins: of that the gateway remembers a few a second.
  expect((await get({ "x-request-id": "seen", "x-canary": "1" })).version).toBe("shop-00001");
}

async function canaryByHeader({ ebb, types, approved, get }: Story): Promise<void> {
  await eventually(async () => (await ebb.client.recentRequests(PROD, { limit: 500 })).items.some(({ id }) => id === "seen"));
  const rule = 'traffic shop --env prod --rule "v2 header.x-canary"';
  expect(await types(`${rule} --plan`)).toMatch(/^Of the last \d+ requests \d+ would move from v1 to v2 \(rule 1: header x-canary\)/);
  expect(await approved(rule)).toMatchObject({ state: "succeeded" });
  expect([(await get()).version, (await get({ "x-canary": "1" })).version]).toEqual(["shop-00001", "shop-00002"]);
  expect(await types("explain shop --env prod --header x-canary=1")).toContain("v2: Rule 1 sends it to v2: header x-canary is present");
  await get({ "x-canary": "1", authorization: "Bearer abc", "x-request-id": "ruled" });
  const asked = await eventually(() => ebb.client.explain(PROD, { headers: [], request: "ruled" }).catch(() => undefined));
  expect(asked).toMatchObject({ version: "v2", rule: 1, unsure: [], request: { headers: { "x-canary": "1", authorization: null } } });
  expect(await ebb.client.explain(PROD, { headers: [] })).toMatchObject({ version: "v1", rule: null, skipped: [{ rule: 1 }] });
}

async function guardedRelease({ ebb, types, approved }: Story): Promise<void> {
  const { id } = await approved("release shop v2 --env prod --steps 25,100 --pause 1s --min-requests 20 --max-p95-ratio 100");
  expect(await finished(ebb.client, id)).toMatchObject({ state: "succeeded", failure: null });
  expect(await types("release status shop --env prod")).toMatch(/^v2 +succeeded +100 % \(2\/2\)/m);
}

async function badVersion({ ebb, types, write, approved }: Story): Promise<void> {
  await write("response.statusCode = 500;", "// v3");
  expect(await types("deploy --no-traffic")).toContain("version v3 (no traffic yet)");
  await approved("promote shop --from test --to prod --version v3 --no-traffic");
  // Copies tell before anybody has seen it.
  await approved("mirror shop --env prod --to v3 --percent 20");
  await eventually(async () => ((await ebb.client.mirrorReport(PROD)).comparisons[0]?.compared ?? 0) >= 20);
  const { comparisons } = await ebb.client.mirrorReport(PROD);
  expect(comparisons).toMatchObject([{ from: "v2", to: "v3" }]);
  expect(comparisons[0]?.samples[0]).toMatchObject({ from: { status: 200 }, to: { status: 500 } });
  expect(comparisons[0]?.statusDiffers).toBe(comparisons[0]?.compared);
  await approved("mirror shop --env prod --off");
  const { id } = await approved("release shop v3 --env prod --steps 25,100 --pause 60s --min-requests 20");
  expect(await finished(ebb.client, id)).toMatchObject({ state: "failed", failure: { code: "guard_breached" } });
  expect(await types("release status shop --env prod")).toMatch(
    /^v3 +failed +25 % \(1\/2\) +v3 did worse than what served before, and was taken back/m,
  );
  expect(await ebb.client.getAppEnvironment(PROD)).toMatchObject({ traffic: [{ version: "v2", percent: 100 }] });
  expect(await types("requests shop --env prod --failed")).toMatch(/ GET \/ +500 +\d+\.\d ms +v3 /);
}

/** In the middle of a release, which it ends; rules go with it. */
async function rollback({ ebb, types, approved, get }: Story): Promise<void> {
  const release = await approved("release shop v1 --env prod --steps 50,100 --pause manual");
  await eventually(async () => (await ebb.client.getAppEnvironment(PROD)).traffic.length === 2, 30_000);
  const began = performance.now();
  // It has served all, which was approved: this waits for nobody.
  await types("rollback shop --env prod --to v1");
  console.log(`rollback in the middle of a release: ${Math.round(performance.now() - began)} ms from the command until it was verified`);
  expect(await ebb.client.getOperation(release.id)).toMatchObject({ state: "cancelled" });
  expect(await ebb.client.getAppEnvironment(PROD)).toMatchObject({ traffic: [{ version: "v1", percent: 100 }], rules: [] });
  expect((await get({ "x-canary": "1" })).version).toBe("shop-00001");
}

async function trail({ ebb, bobTypes }: Story): Promise<void> {
  const rows = (await ebb.client.audit({ object: "app/shop" })).items.toReversed();
  const kinds = rows.map(({ actor, after }) => `${actor} ${(after as { kind?: string }).kind}`);
  const wanted = "deploy promote deploy promote promote traffic release deploy promote traffic traffic release";
  const anns = (text: string) => text.split(" ").map((kind) => `ann ${kind}`);
  expect(kinds).toEqual([...anns(wanted), "platform release", ...anns("release traffic")]);
  const list = await bobTypes("audit list");
  expect(list).toMatch(/ platform +release\.taken-back +app\/shop +release in prod /);
  expect(list.match(/ bob +operation\.approve /g)).toHaveLength(9);
  expect(await bobTypes("audit verify")).toMatch(/^\d+ rows, as they were written/);
}
