import {
  CoreServices,
  Endpoints,
  EndpointSlices,
  HorizontalPodAutoscalers,
  Nodes,
  PersistentVolumeClaims,
  type Kind,
  type KubeObject,
} from "@ebb/kube";
import { expect, test } from "vitest";
import { age, columnsOf } from "./printer-columns.ts";

const NOW = Date.UTC(2026, 5, 1);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// The steps of k8s.io/apimachinery duration.HumanDuration.
test.each([
  [119_000, "119s"],
  [2 * MINUTE, "2m"],
  [9 * MINUTE + 30_000, "9m30s"],
  [179 * MINUTE, "179m"],
  [3 * HOUR + 5 * MINUTE, "3h5m"],
  [47 * HOUR, "47h"],
  [7 * DAY + 3 * HOUR, "7d3h"],
  [400 * DAY, "400d"],
  [800 * DAY, "2y70d"],
  [-5000, "0s"],
])("%i ms is %s", (elapsed, expected) => {
  expect(age(new Date(NOW - elapsed).toISOString(), NOW)).toBe(expected);
});

test("no time is no age", () => {
  expect(age(undefined, NOW)).toBe("<unknown>");
});

const row = (kind: Pick<Kind, "group" | "kind">, object: object) =>
  Object.fromEntries(columnsOf(kind).map((column) => [column.name, column.cell(object as KubeObject, NOW)]));
const metadata = { name: "x" };

test.each<[string, Pick<Kind, "group" | "kind">, object, Record<string, string>]>([
  [
    "Endpoints: three and how many more",
    Endpoints,
    { metadata, subsets: [{ addresses: ["1", "2", "3", "4"].map((ip) => ({ ip })), ports: [{ port: 80 }] }] },
    { Endpoints: "1:80,2:80,3:80 + 1 more..." },
  ],
  ["Endpoints that lead nowhere", Endpoints, { metadata }, { Endpoints: "<none>" }],
  [
    "an EndpointSlice",
    EndpointSlices,
    { metadata, addressType: "IPv4", ports: [{ port: 80 }], endpoints: [{ addresses: ["1"] }, { addresses: ["2"] }] },
    { AddressType: "IPv4", Ports: "80", Endpoints: "1,2" },
  ],
  [
    "a claim that is bound",
    PersistentVolumeClaims,
    { metadata, spec: {}, status: { phase: "Bound", accessModes: ["ReadWriteOnce", "ReadOnlyMany"], capacity: { storage: "1Gi" } } },
    { Status: "Bound", Capacity: "1Gi", "Access Modes": "RWO,ROX" },
  ],
  [
    "a claim that is kept while it is being deleted",
    PersistentVolumeClaims,
    { metadata: { ...metadata, deletionTimestamp: "2026-05-31T00:00:00Z" }, status: { phase: "Bound" } },
    { Status: "Terminating" },
  ],
  [
    "what a HorizontalPodAutoscaler measures and aims at",
    HorizontalPodAutoscalers,
    {
      metadata,
      spec: {
        scaleTargetRef: { kind: "Deployment", name: "d" },
        metrics: [{ resource: { name: "cpu", target: { averageUtilization: 75 } } }],
      },
      status: { currentMetrics: [{ resource: { name: "cpu", current: { averageUtilization: 12, averageValue: "36m" } } }] },
    },
    { Reference: "Deployment/d", Targets: "cpu: 12%/75%", MinPods: "<unset>" },
  ],
  ["a Service's selector", CoreServices, { metadata, spec: { selector: { a: "b" } } }, { Selector: "a=b" }],
  [
    "a Node",
    Nodes,
    {
      metadata: { ...metadata, labels: { "node-role.kubernetes.io/control-plane": "" } },
      status: { addresses: [{ type: "InternalIP", address: "10.0.0.1" }], nodeInfo: { kubeletVersion: "v1", osImage: "Debian" } },
    },
    { Roles: "control-plane", Version: "v1", "Internal-IP": "10.0.0.1", "External-IP": "<none>", "OS-Image": "Debian" },
  ],
])("%s", (_, kind, object, expected) => expect(row(kind, object)).toMatchObject(expected));
