import { expect, test } from "vitest";
import { Shelf, Shelved } from "./shelf.ts";

test("a value is made once while it stays, no more stay than there is room for, and the one in use stays", () => {
  const shelf = new Shelf<number>(10);
  let made = 0;
  class Numbered extends Shelved<number> {
    readonly index: number;
    constructor(index: number) {
      super(shelf);
      this.index = index;
    }
    protected make(): number {
      made++;
      return this.index;
    }
  }
  const values = Array.from({ length: 100 }, (_, index) => new Numbered(index));
  const [hot] = values;
  for (const [index, value] of values.entries()) {
    expect(value.get()).toBe(index);
    expect(hot?.get()).toBe(0);
  }
  // The hand takes it once when it comes round for the first time.
  expect(made).toBeLessThanOrEqual(101);
  for (const [index, value] of values.entries()) expect(value.get()).toBe(index);
  expect(made).toBeGreaterThanOrEqual(190);
});
