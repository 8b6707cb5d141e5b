import fc from "fast-check";
import { expect, test } from "vitest";
import { Groups } from "./groups.ts";

test("it is a map of maps without the empty ones, whatever is done to it", () => {
  const step = fc.record({
    add: fc.boolean(),
    group: fc.constantFrom("g", "h"),
    member: fc.constantFrom("a", "b", "c"),
    value: fc.nat(9),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const groups = new Groups<number>();
      const model = new Map<string, Map<string, number>>();
      for (const { add, group, member, value } of steps) {
        const members = model.get(group) ?? new Map<string, number>();
        if (add) {
          groups.set(group, member, value);
          members.set(member, value);
        } else {
          groups.delete(group, member);
          members.delete(member);
        }
        if (members.size === 0) model.delete(group);
        else model.set(group, members);
        expect(groups.get(group)).toEqual([...members]);
        expect(groups.size).toBe(model.size);
      }
    }),
  );
});
