import { expect, test } from "vitest";
import { admit } from "./admit.ts";
import { Pods } from "./kinds/core.ts";
import type { KubeObject } from "./meta.ts";

const spec = {
  containers: [{ name: "app", image: "a:1", args: [], env: [{ name: "A", value: "1" }] }],
  initContainers: [{ name: "init", image: "i:1" }],
  hostNetwork: false,
  activeDeadlineSeconds: 60,
  tolerations: [{ key: "k", operator: "Exists" }],
};
const [container] = spec.containers;
const pod = (of: object, metadata: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", ...metadata },
  spec: of,
});
const before = admit(Pods, pod(spec), { user: "ann" });
const change = (of: object) => admit(Pods, pod(of), { user: "ann", old: before });

test.each<[string, object]>([
  ["images", { ...spec, containers: [{ ...container, image: "a:2" }], initContainers: [{ name: "init", image: "i:2" }] }],
  ["an earlier deadline", { ...spec, activeDeadlineSeconds: 30 }],
  [
    "a further toleration, and the time of another",
    { ...spec, tolerations: [{ key: "k", operator: "Exists", tolerationSeconds: 5 }, { key: "l" }] },
  ],
])("a Pod may be changed in: %s", (_, of) => {
  expect(change(of).spec).toMatchObject(of);
});

test("a volume of which nothing is said is an empty folder, and may be said to be one", () => {
  const of = (more: object) => pod({ containers: [container], volumes: [{ name: "v", ...more }] });
  const old = admit(Pods, of({}), { user: "ann" });
  expect(old.spec).toMatchObject({ volumes: [{ name: "v", emptyDir: {} }] });
  expect(() => admit(Pods, of({ emptyDir: {} }), { user: "ann", old })).not.toThrow();
});

test("what a client written in Go leaves out is no change, nor are labels", () => {
  const { hostNetwork: _, ...left } = spec;
  const { args: __, ...bare } = container ?? {};
  expect(() => change({ ...left, containers: [bare] })).not.toThrow();
  expect(admit(Pods, pod(spec, { labels: { a: "b" } }), { user: "ann", old: before }).metadata.labels).toEqual({ a: "b" });
});

test("nor what it writes of which nothing was said", () => {
  const of = (resourceFieldRef: object, template: object) =>
    pod({
      containers: [
        { ...container, env: [{ name: "L", valueFrom: { resourceFieldRef: { resource: "limits.cpu", ...resourceFieldRef } } }] },
      ],
      volumes: [
        {
          name: "v",
          ephemeral: {
            volumeClaimTemplate: { spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } }, ...template },
          },
        },
      ],
    });
  const old = admit(Pods, of({}, {}), { user: "ann" });
  expect(() => admit(Pods, of({ divisor: "0" }, { metadata: {} }), { user: "ann", old })).not.toThrow();
});

test("a Pod that is held back by a gate may be told where to go, and let go, but not held back by another", () => {
  const gated = { ...spec, schedulingGates: [{ name: "queue.example.com/wait" }] };
  const old = admit(Pods, pod(gated), { user: "ann" });
  const told = (of: object) => () => admit(Pods, pod(of), { user: "ann", old });
  expect(told({ ...gated, nodeSelector: { disk: "ssd" } })).not.toThrow();
  expect(told({ ...spec, nodeSelector: { disk: "ssd" } })).not.toThrow();
  expect(told({ ...gated, schedulingGates: [{ name: "other" }] })).toThrow("spec.schedulingGates");
});

const OTHER =
  "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n\tchanged: ";

test.each<[string, object, string]>([
  ["a variable", { ...spec, containers: [{ ...container, env: [{ name: "A", value: "2" }] }] }, `${OTHER}spec.containers[0].env[0].value`],
  ["names", { ...spec, hostname: "a", nodeName: "b" }, `${OTHER}spec.hostname, spec.nodeName`],
  ["grace", { ...spec, terminationGracePeriodSeconds: 1 }, `${OTHER}spec.terminationGracePeriodSeconds`],
  [
    "a container more",
    { ...spec, containers: [container, container] },
    "spec.containers: Forbidden: pod updates may not add or remove containers",
  ],
  [
    "no image",
    { ...spec, containers: [{ ...container, image: "", imagePullPolicy: "IfNotPresent" }] },
    "spec.containers[0].image: Required value",
  ],
  [
    "a later deadline",
    { ...spec, activeDeadlineSeconds: 61 },
    "spec.activeDeadlineSeconds: Invalid value: 61: must be less than or equal to previous value",
  ],
  [
    "no deadline",
    { ...spec, activeDeadlineSeconds: undefined },
    "spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value",
  ],
  [
    "no toleration",
    { ...spec, tolerations: [] },
    "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
  ],
])("and in nothing else: %s", (_, of, message) => {
  expect(() => change(of)).toThrow(`Pod "p" is invalid: ${message}`);
});

test("the record of an instance is bound by the same", () => {
  const ownerReferences = [{ apiVersion: "serving.knative.dev/v1", kind: "Revision", name: "r", uid: "1", controller: true }];
  const record = pod({ containers: [container] }, { ownerReferences });
  const changed = pod({ containers: [container], hostname: "a" }, { ownerReferences });
  expect(() => admit(Pods, changed, { user: "ann", old: record })).toThrow(`${OTHER}spec.hostname`);
  expect(admit(Pods, record, { user: "ann", old: record }).spec).toEqual({ containers: [container] });
});
