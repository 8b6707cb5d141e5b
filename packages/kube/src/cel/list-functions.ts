import { isDeepStrictEqual } from "node:util";
import type { Environment } from "@marcbachmann/cel-js";

type Comparable = bigint | number | string;

/** As operators see it: an int is the double of the same value. */
function same(a: unknown, b: unknown): boolean {
  const numbers = (typeof a === "bigint" || typeof a === "number") && (typeof b === "bigint" || typeof b === "number");
  // oxlint-disable-next-line eslint/eqeqeq -- 1n == 1 is what is asked
  return numbers ? a == b : isDeepStrictEqual(a, b);
}

function extreme(list: readonly Comparable[], better: (a: Comparable, b: Comparable) => boolean): Comparable {
  const [first, ...rest] = list;
  if (first === undefined) throw new Error("list must not be empty");
  return rest.reduce((best, each) => (better(each, best) ? each : best), first);
}

function sum(list: readonly (bigint | number)[]): bigint | number {
  const [first, ...rest] = list;
  if (first === undefined) return 0n;
  return rest.reduce(
    (total, each) => (typeof total === "bigint" && typeof each === "bigint" ? total + each : Number(total) + Number(each)),
    first,
  );
}

/** What `sets.contains` and its like are methods of. */
class Sets {
  readonly name = "sets";
}

/** k8s.io/apiserver pkg/cel/library/lists.go and cel-go's ext.Sets. */
export function registerLists(env: Environment): void {
  env.registerFunction("list.isSorted(): bool", (list: readonly Comparable[]) =>
    list.every((each, index) => index === 0 || (list[index - 1] as Comparable) <= each),
  );
  env.registerFunction("list.sum(): dyn", sum);
  env.registerFunction("list.min(): dyn", (list: readonly Comparable[]) => extreme(list, (a, b) => a < b));
  env.registerFunction("list.max(): dyn", (list: readonly Comparable[]) => extreme(list, (a, b) => a > b));
  env.registerFunction("list.indexOf(dyn): int", (list: readonly unknown[], value: unknown) =>
    BigInt(list.findIndex((each) => same(each, value))),
  );
  env.registerFunction("list.lastIndexOf(dyn): int", (list: readonly unknown[], value: unknown) =>
    BigInt(list.findLastIndex((each) => same(each, value))),
  );
  const contains = (list: readonly unknown[], others: readonly unknown[]) =>
    others.every((other) => list.some((each) => same(each, other)));
  env.registerType("Sets", Sets);
  env.registerConstant("sets", "Sets", new Sets());
  env.registerFunction("Sets.contains(list, list): bool", (_: Sets, a: unknown[], b: unknown[]) => contains(a, b));
  env.registerFunction("Sets.equivalent(list, list): bool", (_: Sets, a: unknown[], b: unknown[]) => contains(a, b) && contains(b, a));
  env.registerFunction("Sets.intersects(list, list): bool", (_: Sets, a: unknown[], b: unknown[]) => b.some((each) => contains(a, [each])));
}
