import { describe, expect, test } from "vitest";
import { revision } from "../testing.ts";
import { queueProxyOf } from "./queue-proxy.ts";

const PREFIX = "queue.sidecar.serving.knative.dev/";
/** As knative's TestQueueSideCarResourceLimit asks for them. */
const OWN = { requests: { cpu: "50m", memory: "128Mi" }, limits: { cpu: "100m", memory: "258Mi" } };

const sized = (annotations: Record<string, string>, resources: object = OWN) =>
  queueProxyOf(
    revision(1, undefined, {
      annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`${PREFIX}${key}`, value])),
      spec: { containers: [{ image: "i", resources }] },
    }),
  )?.resources;

describe("queueProxyOf", () => {
  test("nobody speaks of it: there is none", () => {
    expect(sized({})).toBeUndefined();
  });

  test.each<[string, Parameters<typeof sized>, object]>([
    [
      "a small share is raised to the least",
      [{ "resource-percentage": "0.2" }],
      { requests: { cpu: "25m", memory: "50Mi" }, limits: { cpu: "40m", memory: "200Mi" } },
    ],
    [
      "a large share is cut to the most",
      [{ "resource-percentage": "100" }, { requests: { cpu: "2", memory: "4Gi" }, limits: { cpu: "2", memory: "4Gi" } }],
      { requests: { cpu: "100m", memory: "200Mi" }, limits: { cpu: "500m", memory: "500Mi" } },
    ],
    ["one in between is taken", [{ resourcePercentage: "10" }, { requests: { cpu: "500m" } }], { requests: { cpu: "50m" } }],
    ["a share of nothing is the default", [{ "resource-percentage": "10" }, {}], { requests: { cpu: "25m" } }],
    [
      "what is named goes before a share",
      [
        {
          "resource-percentage": "0.2",
          "cpu-resource-request": "1",
          "memory-resource-limit": "2Gi",
          "ephemeral-storage-resource-limit": "600Mi",
        },
      ],
      { requests: { cpu: "1", memory: "50Mi" }, limits: { cpu: "40m", memory: "2Gi", "ephemeral-storage": "600Mi" } },
    ],
    ["what is no quantity is left out", [{ "cpu-resource-request": "much" }], { requests: { cpu: "25m" } }],
  ])("%s", (_, given, resources) => {
    expect(sized(...given)).toEqual(resources);
  });
});
