import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { choose } from "./balance.ts";
import { ConcurrencyMeter } from "./concurrency-meter.ts";
import { Fifo, type FifoNode } from "./fifo.ts";

describe("choose", () => {
  const candidates = fc.array(fc.record({ load: fc.nat(6) }), { maxLength: 8 });

  test("never picks an instance without room, and finds one whenever there is one", () => {
    fc.assert(
      fc.property(candidates, fc.nat(5), fc.double({ min: 0, max: 0.999, noNaN: true }), (loads, limit, random) => {
        const all = loads.map(({ load }) => ({ load, room: () => (limit === 0 ? Infinity : limit) - load }));
        const chosen = choose(all, limit, () => random);
        if (chosen) expect(chosen.room()).toBeGreaterThan(0);
        else expect(all.every((each) => each.room() <= 0)).toBe(true);
      }),
    );
  });

  test("fills the first up to a limit of three, and spreads above it", () => {
    const at = (load: number, limit: number) => ({ load, room: () => limit - load });
    const random = () => 0.5;
    expect(choose([at(2, 3), at(0, 3)], 3, random)).toMatchObject({ load: 2 });
    expect(choose([at(2, 4), at(0, 4)], 4, random)).toMatchObject({ load: 0 });
  });

  test("without a limit takes the less loaded of two different ones", () => {
    const at = (load: number) => ({ load, room: () => Infinity });
    for (const random of [0, 0.3, 0.6, 0.99]) expect(choose([at(5), at(1)], 0, () => random)).toMatchObject({ load: 1 });
  });
});

test("Fifo keeps order whatever leaves it from the middle", () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constant("push" as const) }),
    fc.record({ kind: fc.constant("unshift" as const) }),
    fc.record({ kind: fc.constant("shift" as const) }),
    fc.record({ kind: fc.constant("remove" as const), at: fc.nat(20) }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const queue = new Fifo<number>();
      let model: FifoNode<number>[] = [];
      let next = 0;
      for (const each of operations) {
        if (each.kind === "push") model.push(queue.push(next++));
        else if (each.kind === "unshift") model.unshift(queue.unshift(next++));
        else if (each.kind === "shift") expect(queue.shift()).toBe(model.shift()?.value);
        else {
          const node = model[each.at];
          if (node) {
            queue.remove(node);
            queue.remove(node);
          }
          model = model.filter((other) => other !== node);
        }
        expect(queue.length).toBe(model.length);
      }
      expect(model.map(() => queue.shift())).toEqual(model.map((node) => node.value));
    }),
  );
});

test("the meter weighs concurrency by time", () => {
  const meter = new ConcurrencyMeter(0);
  meter.arrive(0);
  meter.arrive(250);
  meter.depart(750);
  expect(meter.report(1000)).toEqual({ concurrency: 1.5, requests: 2 });
  expect(meter.report(2000)).toEqual({ concurrency: 1, requests: 0 });
  meter.depart(2500);
  expect(meter.report(3000)).toEqual({ concurrency: 0.5, requests: 0 });
});
