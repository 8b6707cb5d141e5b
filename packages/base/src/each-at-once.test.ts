import { expect, test } from "vitest";
import { eachAtOnce } from "./each-at-once.ts";

test("so many at once and no more, each once; what fails ends it when the others that had begun are done", async () => {
  const begun: number[] = [];
  const ends = new Map<number, () => void>();
  const settled: string[] = [];
  const all = eachAtOnce([1, 2, 3, 4, 5, 6], 3, (item) => {
    begun.push(item);
    return new Promise<void>((resolve, reject) => ends.set(item, () => (item === 2 ? reject(new Error("two")) : resolve())));
  }).then(
    () => settled.push("done"),
    (error: Error) => settled.push(error.message),
  );
  const end = async (item: number) => {
    ends.get(item)?.();
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  expect(begun).toEqual([1, 2, 3]);
  await end(1);
  expect(begun).toEqual([1, 2, 3, 4]);
  await end(2);
  await end(3);
  expect(begun).toEqual([1, 2, 3, 4]);
  expect(settled).toEqual([]);
  await end(4);
  await all;
  expect(settled).toEqual(["two"]);
});

test("all of them when none fails, and nothing of nothing", async () => {
  const seen: number[] = [];
  await eachAtOnce([1, 2, 3, 4, 5], 2, async (item) => void seen.push(item));
  await eachAtOnce([], 2, async (item) => void seen.push(item));
  expect(seen.sort()).toEqual([1, 2, 3, 4, 5]);
});
