import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Decision } from "@ebb/autoscaler";
import { silentLogger } from "@ebb/base";
import { tempDir, VirtualClock } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { DecisionLog } from "./decision-log.ts";

const decision = (time: number, desired = 1) => ({ time, until: time, desired, reason: "because" }) as Decision;

async function open() {
  const folder = await tempDir("ebb-decisions-");
  onTestFinished(folder.remove);
  const path = join(folder.path, "cluster/decisions.jsonl");
  const clock = new VirtualClock();
  const start = async () => {
    const log = new DecisionLog({ path, clock, log: silentLogger });
    await log.start();
    return log;
  };
  return { path, clock, start, first: await start() };
}

test("an earlier run's decisions are handed over once, oldest first, the last fifty", async () => {
  const { clock, start, first } = await open();
  for (let i = 0; i < 60; i++) first.add("ns/a", decision(clock.now(), i));
  first.add("ns/b", decision(clock.now(), 7));
  await first.stop();
  const second = await start();
  expect(second.take("ns/a").map(({ desired }) => desired)).toEqual(Array.from({ length: 50 }, (_, i) => i + 10));
  expect(second.take("ns/a")).toEqual([]);
  expect(second.take("ns/b")).toEqual([decision(clock.now(), 7)]);
});

test("a removed revision has no past, nor has one of a week ago", async () => {
  const { clock, start, first } = await open();
  first.add("ns/gone", decision(clock.now()));
  first.remove("ns/gone");
  first.add("ns/gone", decision(clock.now(), 2));
  first.add("ns/old", decision(clock.now() - 8 * 24 * 3600_000));
  await first.stop();
  const second = await start();
  expect(second.take("ns/gone").map(({ desired }) => desired)).toEqual([2]);
  expect(second.take("ns/old")).toEqual([]);
});

test("a line cut by a kill, and what is no decision, are passed over", async () => {
  const { path, clock, start, first } = await open();
  first.add("ns/a", decision(clock.now()));
  await first.stop();
  await appendFile(path, 'null\n{"key":1}\n{"key":"ns/a","decision":null}\n{"key":"ns/a","decision":{"ti');
  const second = await start();
  expect(second.take("ns/a")).toHaveLength(1);
  expect((await readFile(path, "utf8")).trim().split("\n")).toHaveLength(1);
});

test("the file stays bounded, however long it runs", async () => {
  const { path, clock, first } = await open();
  for (let round = 0; round < 25; round++) {
    for (let i = 0; i < 1000; i++) first.add("ns/a", decision(clock.now(), i));
    await first.stop();
  }
  expect((await readFile(path, "utf8")).split("\n").length).toBeLessThan(20_000);
});
