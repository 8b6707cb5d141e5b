import { expect, test } from "vitest";
import { admit } from "./admit.ts";
import type { LimitRange, LimitRangeItem, ResourceRequirements } from "./core.ts";
import { LimitRanges } from "./kinds/core.ts";
import { limitRefusal, withLimitDefaults } from "./limit-range.ts";

const range = (...limits: LimitRangeItem[]): LimitRange => {
  const object: LimitRange = { apiVersion: "v1", kind: "LimitRange", metadata: { name: "r", namespace: "n" }, spec: { limits } };
  return admit(LimitRanges, object, { user: "u" }) as LimitRange;
};
const containers = (...resources: ResourceRequirements[]) => resources.map((each) => ({ image: "x", resources: each }));
const cpu = (limit?: string, request?: string): ResourceRequirements => ({
  ...(limit ? { limits: { cpu: limit } } : {}),
  ...(request ? { requests: { cpu: request } } : {}),
});

test.each<[string, LimitRangeItem, ResourceRequirements, ResourceRequirements]>([
  ["what is said stays", { type: "Container", default: { cpu: "1" } }, cpu("2", "500m"), cpu("2", "500m")],
  ["defaults are filled in", { type: "Container", default: { cpu: "1" }, defaultRequest: { cpu: "100m" } }, {}, cpu("1", "100m")],
  ["a limit is the request before a default is", { type: "Container", defaultRequest: { cpu: "100m" } }, cpu("2"), cpu("2", "2")],
  ["the largest is the default limit, and that the default request", { type: "Container", max: { cpu: "4" } }, {}, cpu("4", "4")],
  ["the smallest is the default request", { type: "Container", min: { cpu: "50m" } }, {}, { limits: {}, requests: { cpu: "50m" } }],
  ["a range of Pods has no defaults", { type: "Pod", max: { cpu: "4" } }, {}, {}],
])("%s", (_, item, given, expected) => {
  expect(withLimitDefaults(containers(given), [range(item)])).toEqual(containers(expected));
});

test.each<[LimitRangeItem, ResourceRequirements[], string | undefined]>([
  [{ type: "Container", max: { cpu: "1" } }, [cpu("1", "1")], undefined],
  [{ type: "Container", max: { cpu: "1" } }, [cpu("1500m", "1")], "maximum cpu usage per Container is 1, but limit is 1500m"],
  [{ type: "Container", min: { cpu: "200m" } }, [cpu("1", "100m")], "minimum cpu usage per Container is 200m, but request is 100m"],
  [
    { type: "Container", maxLimitRequestRatio: { cpu: "2" } },
    [cpu("1", "250m")],
    "cpu max limit to request ratio per Container is 2, but provided ratio is 4.000000",
  ],
  [{ type: "Pod", max: { cpu: "1" } }, [cpu("600m"), cpu("600m")], "maximum cpu usage per Pod is 1, but limit is 1.2"],
  [{ type: "Pod", min: { cpu: "1" } }, [{}], "minimum cpu usage per Pod is 1.  No request is specified"],
  [
    { type: "Container", min: { cpu: "1" }, max: { cpu: "2" } },
    [cpu("3", "500m")],
    "[minimum cpu usage per Container is 1, but request is 500m, maximum cpu usage per Container is 2, but limit is 3]",
  ],
])("%j of %j: %s", (item, resources, expected) => {
  expect(limitRefusal(containers(...resources), [range(item)])).toBe(expected);
});

test("containers that run first are bounded too, and a Pod by the most that is needed at a time", () => {
  const refusal = (item: LimitRangeItem) => limitRefusal(containers(cpu("600m")), [range(item)], containers(cpu("800m"), cpu("900m")));
  expect(refusal({ type: "Container", max: { cpu: "850m" } })).toBe("maximum cpu usage per Container is 850m, but limit is 900m");
  expect(refusal({ type: "Pod", max: { cpu: "1" } })).toBeUndefined();
  expect(refusal({ type: "Pod", max: { cpu: "700m" } })).toBe("maximum cpu usage per Pod is 700m, but limit is 0.9");
});

test("a range that contradicts itself is refused", () => {
  const fields = (...items: object[]) => {
    try {
      range(...(items as LimitRangeItem[]));
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };
  expect(fields({ type: "Container", min: { cpu: "2" }, max: { cpu: "1" } })).toContain(
    'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
  );
  expect(fields({ type: "Pod", default: { cpu: "2" } })).toContain(
    "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
  );
  expect(fields({ type: "Thing" })).toContain('spec.limits[0].type: Unsupported value: "Thing"');
  expect(fields({ type: "Pod", max: { cpu: "x" } })).toContain("spec.limits[0].max[cpu]: Invalid value");
  expect(fields({ type: "Pod" }, { type: "Pod" })).toContain('spec.limits[1].type: Duplicate value: "Pod"');
});
