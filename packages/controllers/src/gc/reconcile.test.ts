import { parseGcConfig } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { configuration, NOW, revision } from "../testing.ts";
import { garbage } from "./reconcile.ts";

const HOUR = 3_600_000;
const at = (hoursAgo: number) => new Date(NOW - hoursAgo * HOUR).toISOString();

function aged(generation: number, created: number, active: number, more: { state?: string; noGc?: boolean } = {}) {
  const made = revision(generation, undefined, {
    labels: { "serving.knative.dev/routingState": more.state ?? "reserve" },
    annotations: { "serving.knative.dev/routingStateModified": at(active), ...(more.noGc ? { "serving.knative.dev/no-gc": "true" } : {}) },
  });
  made.metadata.creationTimestamp = at(created);
  return made;
}

function deleted(data: Record<string, string>, revisions: ReturnType<typeof aged>[], latest = "shop-00009") {
  const owner = configuration(9, { latestReadyRevisionName: latest, latestCreatedRevisionName: latest });
  return garbage(parseGcConfig(data), owner, revisions, NOW).map(({ metadata }) => metadata.name);
}
const KEEP_ONE = { "min-non-active-revisions": "1" };

describe("garbage", () => {
  test.each([
    [
      "old and long inactive: deleted, oldest first, but the minimum is kept",
      KEEP_ONE,
      [aged(1, 99, 90), aged(2, 98, 80), aged(3, 97, 70)],
      ["shop-00001", "shop-00002"],
    ],
    ["created too recently: kept", KEEP_ONE, [aged(1, 47, 46), aged(2, 47, 46)], []],
    ["active too recently: kept", KEEP_ONE, [aged(1, 99, 14), aged(2, 99, 14)], []],
    ["active ones never", KEEP_ONE, [aged(1, 99, 90, { state: "active" }), aged(2, 99, 90), aged(3, 99, 90)], ["shop-00002"]],
    ["pending ones never", KEEP_ONE, [aged(1, 99, 90, { state: "pending" }), aged(2, 99, 90)], []],
    ["no-gc never", KEEP_ONE, [aged(1, 99, 90, { noGc: true }), aged(2, 99, 90)], []],
    ["the latest ready one never", KEEP_ONE, [aged(9, 99, 90), aged(2, 99, 90)], []],
    ["upstream's default keeps twenty", {}, [aged(1, 99, 90), aged(2, 99, 90)], []],
    [
      "above the maximum even fresh ones go",
      { "min-non-active-revisions": "0", "max-non-active-revisions": "1" },
      [aged(1, 2, 2), aged(2, 1, 1)],
      ["shop-00001"],
    ],
    [
      "disabled: nothing is stale",
      {
        ...KEEP_ONE,
        "retain-since-create-time": "disabled",
        "retain-since-last-active-time": "disabled",
        "max-non-active-revisions": "disabled",
      },
      [aged(1, 999, 999), aged(2, 999, 999)],
      [],
    ],
  ])("%s", (_, data, revisions, names) => expect(deleted(data as Record<string, string>, revisions)).toEqual(names));
});
