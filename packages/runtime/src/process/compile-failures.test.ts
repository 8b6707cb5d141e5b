import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLogger, systemRandom } from "@ebb/base";
import { eventually, tempDir, VirtualClock } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import type { InstanceSpec } from "../port.ts";
import { CompileCaches } from "./compile-caches.ts";

const MINUTE = 60_000;
const SPEC = { id: "i", workload: "default/web", artifact: { kind: "bundle", digest: "0", path: "/nowhere" } } as InstanceSpec;
const LAUNCH = { command: ["node", "server.js"], env: {}, cwd: "/" };

/** Caches whose runs do as they are told. */
async function place() {
  const folder = await tempDir("ebb-compiled-");
  const clock = new VirtualClock();
  const ran: string[] = [];
  let fails = true;
  const run = {
    async make({ workload }: InstanceSpec, _toolchain: string, to: string) {
      ran.push(workload);
      if (fails) throw new Error("no space left on device");
      mkdirSync(join(to, "v24"));
      writeFileSync(join(to, "v24", "00000000"), "code");
      return { tag: "v24", bytes: 100_000 };
    },
    close: () => undefined,
  };
  const open = () => new CompileCaches({ root: folder.path, clock, random: systemRandom, log: silentLogger, run, calm: 1 });
  let caches = open();
  onTestFinished(async () => {
    await caches.close();
    await folder.remove();
  });
  const launch = (spec: InstanceSpec) =>
    caches.with(LAUNCH, spec, { at: join(folder.path, systemRandom.suffix(8)), uid: 1, toolchain: "/t" });
  return {
    root: join(folder.path, ".compiled"),
    clock,
    heal: () => void (fails = false),
    runs: () => ran.filter((workload) => workload === SPEC.workload).length,
    /** One more instance starts, and whatever that brings about is over: the same of another version comes behind it. */
    async start(spec = SPEC) {
      const { env } = launch(spec);
      const behind = systemRandom.suffix(8);
      launch({ ...SPEC, workload: behind });
      await eventually(async () => {
        await clock.advance(1);
        return ran.includes(behind);
      });
      return Object.keys(env);
    },
    retain: (...keys: string[]) => caches.retain(new Set(keys)),
    async reopen() {
      await caches.close();
      caches = open();
    },
  };
}

test("a run that has failed is tried again by a later start, less and less often", async () => {
  const { start, runs, clock, heal } = await place();
  await start();
  await start();
  expect(runs()).toBe(1);
  await clock.advance(MINUTE);
  await start();
  expect(runs()).toBe(2);
  await clock.advance(MINUTE);
  await start();
  expect(runs()).toBe(2);
  await clock.advance(3 * MINUTE);
  heal();
  expect(await start()).toEqual([]);
  expect(runs()).toBe(3);
  expect(await start()).toEqual(["NODE_COMPILE_CACHE"]);
  expect(runs()).toBe(3);
});

test("another artifact of the same name is not held up by what failed before", async () => {
  const { start, runs } = await place();
  await start();
  await start({ ...SPEC, artifact: { kind: "bundle", digest: "1", path: "/nowhere" } });
  expect(runs()).toBe(2);
});

test("what is dropped is out of the way at once, and gone soon; so is what an earlier Ebb had not come to remove", async () => {
  const { start, root, retain, reopen, heal } = await place();
  heal();
  await start();
  expect(readdirSync(root)).toContain("default%2Fweb");
  retain();
  expect(readdirSync(root).filter((name) => !name.startsWith("."))).toEqual([]);
  await reopen();
  expect(readdirSync(root)).toEqual([]);
  mkdirSync(join(root, ".gone-before", "v24"), { recursive: true });
  await reopen();
  await eventually(() => readdirSync(root).length === 0);
});
