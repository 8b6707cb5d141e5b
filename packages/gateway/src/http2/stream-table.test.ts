import fc from "fast-check";
import { expect, test } from "vitest";
import { StreamTable } from "./stream-table.ts";
import { Http2Stream, type StreamHost } from "./stream.ts";

const stream = (id: number) => new Http2Stream(id, 0, {} as StreamHost);

test("it says what a map by ids would say, however long some streams stay open", () => {
  // Mostly short ones, of which some stay while hundreds come and go.
  const step = fc.record({ opened: fc.integer({ min: 1, max: 60 }), closed: fc.array(fc.nat(400), { maxLength: 60 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const table = new StreamTable();
      const model = new Map<number, Http2Stream>();
      let last = -1;
      for (const { opened, closed } of steps) {
        for (let i = 0; i < opened; i++) {
          const one = stream((last += 2));
          table.add(one);
          model.set(one.id, one);
        }
        for (const pick of closed) {
          const ids = [...model.keys()];
          const gone = model.get(ids[pick % ids.length] ?? 0);
          if (!gone) continue;
          table.delete(gone);
          table.delete(gone);
          model.delete(gone.id);
          expect(table.get(gone.id)).toBeUndefined();
        }
        expect(table.size).toBe(model.size);
        expect(table.all()).toEqual([...model.values()]);
        for (const [id, one] of model) expect(table.get(id)).toBe(one);
      }
    }),
    { numRuns: 50 },
  );
});
