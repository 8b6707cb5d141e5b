import { describe, expect, test } from "vitest";
import { autoscaler, marks, NOW, summary } from "../testing.ts";
import { autoscalerStatus, type ScaleObserved } from "./reconcile.ts";

const INITIALIZED = autoscaler({ conditions: marks({ ScaleTargetInitialized: "True" }) });
const OBSERVED: ScaleObserved = { desired: 0, ready: 0, initialScale: 1, timedOut: false, minScale: 0, mode: "Proxy" as const, now: NOW };

describe("autoscalerStatus", () => {
  test.each([
    ["new and starting", autoscaler(), { desired: 1 }, ["Active Unknown Queued", "Ready Unknown Queued", "ScaleTargetInitialized Unknown"]],
    [
      "some of the initial scale: not yet",
      autoscaler(),
      { desired: 3, ready: 2, initialScale: 3 },
      ["Active Unknown Queued", "Ready Unknown Queued", "ScaleTargetInitialized Unknown"],
    ],
    [
      "all of the initial scale",
      autoscaler(),
      { desired: 3, ready: 3, initialScale: 3 },
      ["Active True", "Ready True", "ScaleTargetInitialized True"],
    ],
    [
      "an initial scale of zero is reached at once",
      autoscaler(),
      { initialScale: 0 },
      ["Active False NoTraffic", "Ready False NoTraffic", "ScaleTargetInitialized True"],
    ],
    ["asleep", INITIALIZED, {}, ["Active False NoTraffic", "Ready False NoTraffic", "ScaleTargetInitialized True"]],
    ["waking", INITIALIZED, { desired: 1 }, ["Active Unknown Queued", "Ready Unknown Queued", "ScaleTargetInitialized True"]],
    ["one of several serves: active", INITIALIZED, { desired: 5, ready: 1 }, ["Active True", "Ready True", "ScaleTargetInitialized True"]],
    [
      "fewer than the minimum: not yet active",
      INITIALIZED,
      { desired: 3, ready: 1, minScale: 3 },
      ["Active Unknown Queued", "Ready Unknown Queued", "ScaleTargetInitialized True"],
    ],
    [
      "the last activation was given up",
      INITIALIZED,
      { timedOut: true },
      ["Active False TimedOut", "Ready False TimedOut", "ScaleTargetInitialized True"],
    ],
  ])("%s", (_, object, observed, expected) => {
    const status = autoscalerStatus(object, { ...OBSERVED, ...observed });
    expect(summary({ status })).toEqual(expected);
  });

  test("counts are told as they are", () => {
    expect(autoscalerStatus(INITIALIZED, { ...OBSERVED, desired: 4, ready: 2 })).toMatchObject({
      desiredScale: 4,
      actualScale: 2,
      serviceName: "shop-00001",
    });
  });
});
