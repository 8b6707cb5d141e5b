import { appendFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Signal, silentLogger } from "@ebb/base";
import type { RevisionStats, SeenRequest } from "@ebb/gateway";
import { tempDir, VirtualClock } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { RequestLog } from "./request-log.ts";

const DAY = 24 * 3_600_000;
const request = (id: string, time: number): SeenRequest => ({
  id,
  time,
  method: "GET",
  host: "shop.test",
  path: "/",
  headers: {},
  cookies: {},
  query: {},
  status: 200,
  outcome: "complete",
  durationMs: 1,
  responseBytes: 2,
  count: 1,
});
const failed = (id: string, time: number): SeenRequest => ({ ...request(id, time), status: 503 });

async function open(folder?: string) {
  const onStats = new Signal<{ time: number; revisions: RevisionStats[] }>();
  const clock = new VirtualClock();
  const serviceOf = (revision: string) => /^(?:.*\/)(.*)-0000\d$/.exec(revision)?.[1];
  const log = new RequestLog({ folder, gateway: { onStats }, serviceOf, clock, log: silentLogger });
  log.start();
  onTestFinished(() => log.stop());
  const see = (revision: string, ...seen: SeenRequest[]) => onStats.emit({ time: 0, revisions: [{ revision, seen } as RevisionStats] });
  return { log, see, clock };
}

async function folder(): Promise<string> {
  const made = await tempDir("ebb-requests-");
  onTestFinished(made.remove);
  return join(made.path, "requests");
}

test("an app's requests are told with the revision that answered, also by the next control plane, and not those of others", async () => {
  const path = await folder();
  const { log, see, clock } = await open(path);
  see("team/shop-00001", request("a", clock.now()));
  see("team/shop-00002", request("b", clock.now()));
  see("team/other-00001", request("c", clock.now()));
  see("team/nobody", request("d", clock.now()));
  expect((await log.list("team/shop")).map(({ id, revision }) => `${id} ${revision}`)).toEqual(["a shop-00001", "b shop-00002"]);
  await log.stop();
  const next = await open(path);
  expect((await next.log.list("team/shop")).map(({ id }) => id)).toEqual(["a", "b"]);
  expect((await stat(join(path, "team_shop.jsonl"))).mode & 0o077).toBe(0);
});

test("after two days they are forgotten, half a line is passed over, and an app that is gone leaves nothing", async () => {
  const path = await folder();
  const { log, see, clock } = await open(path);
  see("team/shop-00001", request("old", clock.now() - 3 * DAY), request("new", clock.now()));
  await log.list("team/shop");
  await appendFile(join(path, "team_shop.jsonl"), '{"id":"half');
  expect((await log.list("team/shop")).map(({ id }) => id)).toEqual(["new"]);
  see("team/shop-00001", failed("failed", clock.now()));
  await log.list("team/shop");
  log.remove("team/shop");
  expect(await log.list("team/shop")).toEqual([]);
  expect(await readdir(path)).toEqual([]);
});

test("the disk is bounded: two files an app, and the newest requests are in them", async () => {
  const path = await folder();
  const { log, see, clock } = await open(path);
  for (let round = 0; round < 20; round++) {
    see("team/shop-00001", ...Array.from({ length: 500 }, (_, i) => ({ ...request(`${round}-${i}`, clock.now()), path: "/".repeat(200) })));
    await log.list("team/shop");
  }
  const sizes = await Promise.all((await readdir(path)).map(async (name) => (await stat(join(path, name))).size));
  expect(sizes).toHaveLength(2);
  for (const size of sizes) expect(size).toBeLessThan(1024 * 1024);
  expect((await log.list("team/shop")).at(-1)?.id).toBe("19-499");
});

test("failures stay however much is answered, and are told in the order in which they came", async () => {
  const path = await folder();
  const { log, see, clock } = await open(path);
  see("team/shop-00001", failed("first", clock.now()));
  for (let round = 1; round <= 20; round++)
    see(
      "team/shop-00001",
      ...Array.from({ length: 500 }, (_, i) => ({ ...request(`${round}-${i}`, clock.now() + round), path: "/".repeat(200) })),
    );
  see("team/shop-00002", failed("last", clock.now() + 100));
  await clock.advance(100);
  const told = (await log.list("team/shop")).map(({ id }) => id);
  expect([told[0], told[1], told.at(-1)]).toEqual(["first", "20-0", "last"]);
});
