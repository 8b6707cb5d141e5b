import type { KubeNode, PodSpec } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { misplaced } from "./placement.ts";

const NODE = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "ebb", labels: { disk: "ssd", cores: "4" } },
  spec: { taints: [{ key: "soft", effect: "PreferNoSchedule" }] },
};
const GPU = { key: "gpu", value: "yes", effect: "NoSchedule" };
const TAINTED = { ...NODE, spec: { taints: [GPU] } };
const AROUND = {
  hasPriorityClass: (name: string) => ["system-node-critical", "urgent"].includes(name),
  runtimeHandler: (name: string) => (name === "kata" ? "kata-qemu" : undefined),
};
const why = (spec: Partial<PodSpec>, node: KubeNode = NODE) =>
  misplaced({ containers: [], ...spec }, { ...AROUND, node }, "shop-00001-deployment")?.message;
const required = (...terms: object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
});
const expression = (key: string, operator: string, ...values: string[]) => ({ matchExpressions: [{ key, operator, values }] });

const UNMATCHED = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";

describe("what the one node is, or not", () => {
  test.each<[string, Partial<PodSpec>, string | undefined]>([
    ["nothing is asked for", {}, undefined],
    ["a label that it has", { nodeSelector: { disk: "ssd" } }, undefined],
    ["a label with another value", { nodeSelector: { disk: "hdd" } }, UNMATCHED],
    ["a label that it has not", { nodeSelector: { disk: "ssd", zone: "a" } }, UNMATCHED],
    ["one of several terms is enough", required(expression("zone", "Exists"), expression("disk", "In", "ssd", "nvme")), undefined],
    [
      "all of a term must hold",
      required({
        matchExpressions: [
          { key: "disk", operator: "Exists" },
          { key: "zone", operator: "Exists" },
        ],
      }),
      UNMATCHED,
    ],
    ["a term that asks for nothing", required({}), UNMATCHED],
    ["not one of these", required(expression("disk", "NotIn", "ssd")), UNMATCHED],
    ["no such label", required(expression("zone", "DoesNotExist")), undefined],
    ["more than", required(expression("cores", "Gt", "3")), undefined],
    ["less than", required(expression("cores", "Lt", "4")), UNMATCHED],
    ["a number that it has not", required(expression("zone", "Lt", "4")), UNMATCHED],
    ["its name", required({ matchFields: [{ key: "metadata.name", operator: "In", values: ["ebb"] }] }), undefined],
    [
      "a wish alone",
      { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [expression("zone", "Exists")] } } },
      undefined,
    ],
    [
      "a runtime that there is none of",
      { runtimeClassName: "gvisor" },
      'pods "shop-00001-deployment" is forbidden: pod rejected: RuntimeClass "gvisor" not found',
    ],
    [
      "a priority that there is none of",
      { priorityClassName: "high" },
      'pods "shop-00001-deployment" is forbidden: no PriorityClass with name high was found',
    ],
    ["a priority of every cluster", { priorityClassName: "system-node-critical" }, undefined],
    ["a priority of a user", { priorityClassName: "urgent" }, undefined],
    [
      "a runtime that a user has described, and the machine has not",
      { runtimeClassName: "kata" },
      'Failed to create pod sandbox: failed to get sandbox runtime: no runtime for "kata-qemu" is configured',
    ],
    ["another scheduler", { schedulerName: "mine" }, 'nothing runs here that schedules for "mine"'],
    ["the usual scheduler", { schedulerName: "default-scheduler" }, undefined],
  ])("%s", (_, spec, message) => expect(why(spec)).toBe(message));

  test.each<[string, NonNullable<PodSpec["tolerations"]>, boolean]>([
    ["none", [], false],
    ["its key and value", [{ key: "gpu", value: "yes" }], true],
    ["another value", [{ key: "gpu", value: "no" }], false],
    ["its key, whatever its value", [{ key: "gpu", operator: "Exists", effect: "NoSchedule" }], true],
    ["another effect", [{ key: "gpu", operator: "Exists", effect: "NoExecute" }], false],
    ["everything", [{ operator: "Exists" }], true],
  ])("a taint is tolerated by %s: %j", (_, tolerations, tolerated) =>
    expect(why({ tolerations }, TAINTED)).toBe(
      tolerated ? undefined : "0/1 nodes are available: 1 node(s) had untolerated taint {gpu: yes}.",
    ),
  );

  test("before the node is known, it is not blamed", () =>
    expect(misplaced({ containers: [], nodeSelector: { zone: "a" } }, { ...AROUND, node: undefined }, "p")).toBeUndefined());
});
