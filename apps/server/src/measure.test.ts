import { VirtualClock } from "@ebb/testkit";
import type { InstanceStatus } from "@ebb/runtime";
import { expect, test } from "vitest";
import { createMeasure } from "./measure.ts";

const MIB = 1024 * 1024;

function scene(running: { id: string; workload: string }[]) {
  const clock = new VirtualClock(0);
  /** Half a core each. */
  const read = () => ({ cpuMs: clock.monotonic() / 2, memoryBytes: 10 * MIB });
  const instances = {
    all: () => running as InstanceStatus[],
    usage: (id: string) => (id.startsWith("asleep") ? undefined : read()),
  };
  return { clock, running, measure: createMeasure({ instances, machine: read, clock }) };
}

const A = { id: "a", workload: "team/a-00001" };

test("what was not read before is read twice, a second apart", async () => {
  const { clock, measure } = scene([A]);
  const used = measure.pods([{ namespace: "team", name: "a" }]);
  await clock.advance(1000);
  expect(await used).toEqual(new Map([["a", { cores: 0.5, memoryBytes: 10 * MIB, windowMs: 1000 }]]));
});

test("who asks again is answered at once, over the time since then", async () => {
  const { clock, measure } = scene([A]);
  const ask = () => measure.pods([{ namespace: "team", name: "a" }]);
  const first = ask();
  await clock.advance(1000);
  await first;
  await clock.advance(9000);
  expect((await ask()).get("a")).toMatchObject({ windowMs: 10_000 });
  await clock.advance(20_000);
  expect((await ask()).get("a")).toMatchObject({ windowMs: 20_000 });
});

test("a reading of long ago is not taken into account", async () => {
  const { clock, measure } = scene([A]);
  const first = measure.pods([{ namespace: "team", name: "a" }]);
  await clock.advance(1000);
  await first;
  await clock.advance(600_000);
  const again = measure.pods([{ namespace: "team", name: "a" }]);
  await clock.advance(1000);
  expect((await again).get("a")).toMatchObject({ windowMs: 1000 });
});

test("nothing is told of another namespace's instance, of one that is gone, and of one that does not run", async () => {
  const { measure } = scene([A, { id: "asleep", workload: "team/b-00001" }]);
  expect(
    await measure.pods([
      { namespace: "other", name: "a" },
      { namespace: "team", name: "gone" },
      { namespace: "team", name: "asleep" },
    ]),
  ).toEqual(new Map());
});

test("the machine is measured as a node", async () => {
  const { clock, measure } = scene([]);
  const used = measure.nodes(["ebb"]);
  await clock.advance(1000);
  expect(await used).toEqual(new Map([["ebb", { cores: 0.5, memoryBytes: 10 * MIB, windowMs: 1000 }]]));
});
