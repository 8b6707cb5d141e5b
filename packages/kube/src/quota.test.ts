import { describe, expect, test } from "vitest";
import type { Container, ResourceQuota } from "./core.ts";
import { addAmounts, countedResource, invalidHard, overQuota, podAmounts, qosClass, quotaTakes, unspecified, usedStatus } from "./quota.ts";

const quota = (hard: Record<string, string>, scopes?: string[]): ResourceQuota => ({
  apiVersion: "v1",
  kind: "ResourceQuota",
  metadata: { name: "q", namespace: "team" },
  spec: { hard, ...(scopes ? { scopes } : {}) },
});
const container = (resources?: Container["resources"]): Container => ({
  name: "user-container",
  image: "app",
  ...(resources ? { resources } : {}),
});
const SIZED = container({ requests: { cpu: "200m" }, limits: { cpu: "500m", memory: "256Mi" } });

test("a Pod counts for what its containers ask for, a limit without a request for both", () => {
  expect(podAmounts([SIZED, SIZED])).toMatchObject({
    pods: 1,
    "requests.cpu": 0.4,
    cpu: 0.4,
    "limits.cpu": 1,
    "requests.memory": 2 * 256 * 2 ** 20,
    "limits.memory": 2 * 256 * 2 ** 20,
  });
});

test("a queue-proxy takes nothing, as nothing runs in it", () => {
  expect(podAmounts([SIZED, { ...SIZED, name: "queue-proxy" }])).toEqual(podAmounts([SIZED]));
});

test("containers that run first count where one of them asks for more than all the others", () => {
  const first = (cpu: string, memory: string) => container({ requests: { cpu, memory }, limits: { cpu, memory } });
  expect(podAmounts([SIZED, SIZED], [first("300m", "1Gi"), first("2", "1Mi")])).toMatchObject({
    "requests.cpu": 2,
    "limits.cpu": 2,
    "requests.memory": 2 ** 30,
    "limits.memory": 2 ** 30,
  });
  expect(podAmounts([SIZED, SIZED], [first("300m", "1Mi")])).toEqual(podAmounts([SIZED, SIZED]));
  expect(unspecified(quota({ "limits.cpu": "1" }), [SIZED], [container()])).toContain("limits.cpu for: user-container");
});

test.each<[string, Container["resources"], string]>([
  ["asks for nothing", undefined, "BestEffort"],
  ["asks for something", { requests: { cpu: "1" } }, "Burstable"],
  ["has limits that are what it asks for", { limits: { cpu: "1", memory: "1Gi" } }, "Guaranteed"],
  ["asks for less than its limits", { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } }, "Burstable"],
])("the class of a Pod that %s", (_, resources, expected) => {
  expect(qosClass([container(resources)])).toBe(expected);
});

describe("what is over a quota", () => {
  test.each<[string, Record<string, string>, number, string | undefined]>([
    ["the last that fits", { "limits.cpu": "1", pods: "2" }, 1, undefined],
    ["one Pod too many", { pods: "1" }, 1, "exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1"],
    [
      "all resources that are over, by name",
      { "requests.cpu": "300m", "limits.memory": "256Mi", pods: "5" },
      1,
      "exceeded quota: q, requested: limits.memory=256Mi,requests.cpu=200m, used: limits.memory=256Mi,requests.cpu=200m, limited: limits.memory=256Mi,requests.cpu=300m",
    ],
    ["sums of fractions are exact enough", { cpu: "600m" }, 2, undefined],
    ["a resource that it does not ask for", { "requests.ephemeral-storage": "0" }, 1, undefined],
    ["a value that is none is as if it were not there", { pods: "many" }, 9, undefined],
  ])("%s", (_, hard, running, expected) => {
    expect(overQuota(quota(hard), addAmounts({}, podAmounts([SIZED]), running), podAmounts([SIZED]))).toBe(expected);
  });
});

test("a quota on compute wants every container to say how much", () => {
  const hard = { "limits.cpu": "1", "requests.memory": "1Gi" };
  expect(unspecified(quota(hard), [SIZED])).toBeUndefined();
  expect(unspecified(quota(hard), [SIZED, { ...container(), name: "sidecar" }])).toBe(
    "failed quota: q: must specify limits.cpu for: sidecar; requests.memory for: sidecar",
  );
});

test.each<[string, string[], boolean, boolean, boolean]>([
  ["no scope takes everything", [], true, true, true],
  ["BestEffort takes Pods that ask for nothing", ["BestEffort"], true, false, false],
  ["NotBestEffort the others", ["NotBestEffort"], false, true, false],
  ["Terminating none that serve", ["Terminating"], false, false, false],
  ["NotTerminating all Pods", ["NotTerminating"], true, true, false],
])("scopes: %s", (_, scopes, ...taken) => {
  const made = quota({}, scopes);
  expect([quotaTakes(made, [container()]), quotaTakes(made, [SIZED]), quotaTakes(made, undefined)]).toEqual(taken);
});

test.each([
  ["services", "services"],
  ["count/services.serving.knative.dev", "services.serving.knative.dev"],
  ["count/pods", undefined],
  ["pods", undefined],
  ["requests.cpu", undefined],
])("%s counts %s", (name, resource) => expect(countedResource(name)).toBe(resource));

test("the status says what is used of each, in Kubernetes' notation", () => {
  expect(usedStatus(quota({ cpu: "2", memory: "1Gi", pods: "3" }), podAmounts([SIZED]))).toEqual({
    hard: { cpu: "2", memory: "1Gi", pods: "3" },
    used: { cpu: "200m", memory: "256Mi", pods: "1" },
  });
});

test("the status is in the form in which it is stored, or each count would write it anew", () => {
  const hard = { pods: "1000", memory: "1024Mi", "requests.storage": "many" };
  expect(usedStatus(quota(hard), { pods: 2000, memory: 1_500_000 })).toEqual({
    hard: { pods: "1k", memory: "1Gi" },
    used: { pods: "2k", memory: "1500k" },
  });
  expect(overQuota(quota({ pods: "2000" }), { pods: 2000 }, { pods: 1 })).toBe(
    "exceeded quota: q, requested: pods=1, used: pods=2k, limited: pods=2k",
  );
});

test("values that are no quantities, or negative, are told", () => {
  expect(invalidHard(quota({ cpu: "a", pods: "-1", memory: "1Gi" }))).toEqual(["cpu", "pods"]);
});
