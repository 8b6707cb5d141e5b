import type { ResourceQuota } from "@ebb/kube";
import { beforeEach, expect, test } from "vitest";
import { InstanceQuotas } from "./instance-quotas.ts";

const SHOP = "team/shop-00001";
const OTHER = "team/other-00001";
const SIZED = [{ name: "user-container", image: "app", resources: { limits: { cpu: "500m" } } }];

let hard: Record<string, string> | undefined;
let quotas: InstanceQuotas;
let changes: string[];

beforeEach(() => {
  hard = undefined;
  changes = [];
  const make = (): ResourceQuota[] =>
    hard ? [{ apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "q", namespace: "team" }, spec: { hard } }] : [];
  quotas = new InstanceQuotas({ list: make });
  quotas.changed.on((key) => changes.push(key));
  quotas.describe(SHOP, { containers: SIZED });
  quotas.describe(OTHER, { containers: SIZED });
});

const grant = (key: string, wanted: number, running = 0) => quotas.grant(key, { wanted, running });

test("without a quota everybody gets what they want", () => {
  expect([grant(SHOP, 100), quotas.shortage(SHOP)]).toEqual([100, undefined]);
});

test("Revisions of a namespace share what there is, and those that get less are told why", () => {
  hard = { "limits.cpu": "2" };
  expect([grant(SHOP, 3), grant(OTHER, 2)]).toEqual([3, 1]);
  expect(quotas.shortage(OTHER)).toEqual({
    reason: "FailedCreate",
    message:
      'pods "other-00001-deployment" is forbidden: exceeded quota: q, requested: limits.cpu=500m, used: limits.cpu=2, limited: limits.cpu=2',
  });
  expect(changes).toEqual([OTHER]);
});

test("what one gives back, another gets", () => {
  hard = { pods: "3" };
  expect([grant(SHOP, 3), grant(OTHER, 2)]).toEqual([3, 0]);
  expect([grant(SHOP, 1, 3), grant(OTHER, 2)]).toEqual([1, 2]);
  expect([quotas.shortage(OTHER), changes]).toEqual([undefined, [OTHER, OTHER]]);
});

test("a quota that is lowered stops nothing, and one that is raised lets more start", () => {
  hard = { pods: "1" };
  expect([grant(SHOP, 4, 3), quotas.shortage(SHOP)?.reason]).toEqual([3, "FailedCreate"]);
  hard = { pods: "9" };
  expect([grant(SHOP, 4, 3), quotas.shortage(SHOP)]).toEqual([4, undefined]);
});

test("one that does not say how much it needs gets nothing where that is limited", () => {
  hard = { memory: "1Gi" };
  expect([grant(SHOP, 1), quotas.shortage(SHOP)?.message]).toEqual([
    0,
    'pods "shop-00001-deployment" is forbidden: failed quota: q: must specify memory for: user-container',
  ]);
});

test("other namespaces, and Revisions that are gone, count for nothing", () => {
  hard = { pods: "1" };
  quotas.describe("else/shop-00001", { containers: SIZED });
  expect(grant("else/shop-00001", 5)).toBe(5);
  expect(grant(SHOP, 1)).toBe(1);
  quotas.remove(SHOP);
  expect(grant(OTHER, 1)).toBe(1);
});

test("one that a LimitRange refuses starts no more, keeps what it has, and says why", () => {
  quotas.describe(SHOP, { containers: SIZED }, "maximum cpu usage per Container is 100m, but limit is 500m");
  expect([grant(SHOP, 3, 1), quotas.shortage(SHOP)?.message]).toEqual([
    1,
    'pods "shop-00001-deployment" is forbidden: maximum cpu usage per Container is 100m, but limit is 500m',
  ]);
  quotas.describe(SHOP, { containers: SIZED });
  expect([grant(SHOP, 3, 1), quotas.shortage(SHOP)]).toEqual([3, undefined]);
});
