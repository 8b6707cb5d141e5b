import fc from "fast-check";
import { expect, test } from "vitest";
import { admit } from "../admit.ts";
import { HorizontalPodAutoscalers, OldHorizontalPodAutoscalers } from "../kinds/workloads.ts";
import type { KubeObject } from "../meta.ts";
import { convertAutoscaler } from "./convert-autoscaler.ts";

const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "d" };
const utilization = (name: string, averageUtilization: number) => ({
  type: "Resource",
  resource: { name, target: { type: "Utilization", averageUtilization } },
});

const metric = fc.oneof(
  fc
    .record({ name: fc.constantFrom("cpu", "memory"), value: fc.integer({ min: 1, max: 100 }) })
    .map(({ name, value }) => utilization(name, value)),
  fc.constant({ type: "Pods", pods: { metric: { name: "requests" }, target: { type: "AverageValue", averageValue: "10" } } }),
);

test("what v1 shows of a v2 autoscaler comes back as it was, whatever it has that v1 has not", () => {
  fc.assert(
    fc.property(
      fc.array(metric, { maxLength: 4 }),
      fc.option(fc.constant({ scaleDown: { stabilizationWindowSeconds: 5 } })),
      (metrics, behavior) => {
        const object = {
          apiVersion: "autoscaling/v2",
          kind: "HorizontalPodAutoscaler",
          metadata: { name: "a", annotations: { own: "x" } },
          spec: { scaleTargetRef, maxReplicas: 3, ...(metrics.length > 0 ? { metrics } : {}), ...(behavior ? { behavior } : {}) },
          status: { conditions: [{ type: "AbleToScale", status: "True" }] },
        } as KubeObject;
        // The one that v1 has a field for comes first.
        const cpu = metrics.find((each) => "resource" in each && each.resource.name === "cpu");
        const ordered = cpu ? [cpu, ...metrics.filter((each) => each !== cpu)] : metrics;
        const back = convertAutoscaler(convertAutoscaler(object, "autoscaling/v1"), "autoscaling/v2");
        expect(back).toEqual({ ...object, spec: { ...(object.spec as object), ...(metrics.length > 0 ? { metrics: ordered } : {}) } });
      },
    ),
  );
});

test("an annotation that cannot be read is as good as none", () => {
  const metadata = {
    name: "a",
    annotations: { "autoscaling.alpha.kubernetes.io/metrics": "{", "autoscaling.alpha.kubernetes.io/behavior": "7" },
  };
  const object = {
    apiVersion: "autoscaling/v1",
    kind: "HorizontalPodAutoscaler",
    metadata,
    spec: { scaleTargetRef, maxReplicas: 3 },
  } as KubeObject;
  expect(convertAutoscaler(object, "autoscaling/v2")).toMatchObject({
    apiVersion: "autoscaling/v2",
    spec: { scaleTargetRef, maxReplicas: 3 },
  });
});

test.each([
  [
    "v1 without a target is given one",
    OldHorizontalPodAutoscalers,
    { maxReplicas: 3 },
    { minReplicas: 1, targetCPUUtilizationPercentage: 80 },
  ],
  ["v2 without a metric too", HorizontalPodAutoscalers, { maxReplicas: 3 }, { minReplicas: 1, metrics: [utilization("cpu", 80)] }],
  [
    "a target of one's own stays",
    OldHorizontalPodAutoscalers,
    { maxReplicas: 3, targetCPUUtilizationPercentage: 5 },
    { targetCPUUtilizationPercentage: 5 },
  ],
])("%s", (_, kind, spec, expected) => {
  const apiVersion = `autoscaling/${kind.version}`;
  const object = { apiVersion, kind: kind.kind, metadata: { name: "a" }, spec: { scaleTargetRef, ...spec } } as KubeObject;
  expect(admit(kind, object, { user: "u" })).toMatchObject({ apiVersion, spec: expected });
});

test.each([
  ["no target", { maxReplicas: 1 }, "spec.scaleTargetRef.kind: Required value"],
  ["no bound", { scaleTargetRef }, "spec.maxReplicas: Invalid value: 0: must be greater than 0"],
  ["bounds that cross", { scaleTargetRef, minReplicas: 5, maxReplicas: 2 }, "must be greater than or equal to `minReplicas`"],
])("%s is refused", (_, spec, message) => {
  const object = { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata: { name: "a" }, spec } as KubeObject;
  expect(() => admit(HorizontalPodAutoscalers, object, { user: "u" })).toThrow(message);
});
