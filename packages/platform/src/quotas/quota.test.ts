import { quantityValue } from "@ebb/kube";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clusterQuota, keptFault, NO_QUOTA, parseQuota, type Kept } from "./quota.ts";

const kept = (instances: number, resources: Kept["resources"] = {}, where = "shop in prod"): Kept => ({ where, instances, resources });

describe("a team's quota", () => {
  test.each([
    ["of nothing is none", {}, null],
    ["of apps is the platform's alone", { apps: 3 }, null],
    ["of instances limits pods, and asks nothing of containers", { instances: 9 }, { hard: { pods: "9" }, defaults: {} }],
    ["of cores gives containers a limit that can be counted", { cpu: "8" }, { hard: { "limits.cpu": "8" }, defaults: { cpu: "500m" } }],
    [
      "that is small gives no more than there is",
      { cpu: "250m", memory: "256Mi" },
      { hard: { "limits.cpu": "250m", "limits.memory": "256Mi" }, defaults: { cpu: "250m", memory: "256Mi" } },
    ],
  ])("%s", (_, quota, expected) => expect(clusterQuota({ ...NO_QUOTA, ...quota })).toEqual(expected));

  test.each([
    ["what is not kept is not counted", { instances: 1 }, kept(0), [kept(1)], undefined],
    ["what fits fits", { instances: 3, cpu: "2" }, kept(2, { cpu: "500m" }), [kept(1, { cpu: "1" })], undefined],
    [
      "instances are counted everywhere",
      { instances: 3 },
      kept(2),
      [kept(2, {}, "blog in test")],
      "shop in prod is to keep 2 instances; with what the team keeps elsewhere that makes 4, and it may have 3",
    ],
    [
      "cores are",
      { cpu: "2" },
      kept(1, { cpu: "1500m" }),
      [kept(2)],
      "shop in prod is to keep an instance; with what the team keeps elsewhere that makes 2500m of cpu, and it may have 2",
    ],
    ["memory is", { memory: "1Gi" }, kept(2, { memory: "768Mi" }), [], "that makes 1536Mi of memory, and it may have 1Gi"],
    [
      "one that could never start is refused asleep, too",
      { cpu: "1" },
      kept(0, { cpu: "2" }),
      [],
      "an instance of shop in prod asks for 2 of cpu, and the team may have 1 in all",
    ],
  ])("%s", (...[, quota, wanted, others, fault]) => {
    const found = keptFault({ ...NO_QUOTA, ...quota }, wanted, others);
    if (fault === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(fault);
  });

  test("is never exceeded by what is let in, and never refuses what fits", () => {
    const any = fc.record({ instances: fc.integer({ min: 0, max: 5 }), cpu: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(
        fc.array(any, { maxLength: 8 }),
        fc.integer({ min: 4, max: 20 }),
        fc.integer({ min: 0, max: 20 }),
        (asked, cpu, instances) => {
          const quota = { ...NO_QUOTA, cpu: String(cpu), instances };
          const had: Kept[] = [];
          for (const each of asked) {
            const next = kept(each.instances, { cpu: String(each.cpu) });
            const sum = (of: readonly Kept[], value: (one: Kept) => number) =>
              of.reduce((total, one) => total + one.instances * value(one), 0);
            const all = [...had, next];
            const fits = sum(all, () => 1) <= instances && sum(all, ({ resources }) => quantityValue(resources.cpu ?? "0")) <= cpu;
            const fault = keptFault(quota, next, had);
            expect(fault === undefined).toBe(fits || next.instances === 0);
            if (fault === undefined) had.push(next);
          }
        },
      ),
    );
  });

  test("is as it was stored, with no limit where nothing was", () => {
    expect(parseQuota("{}")).toEqual(NO_QUOTA);
    expect(parseQuota('{"apps":3}')).toEqual({ ...NO_QUOTA, apps: 3 });
  });
});
