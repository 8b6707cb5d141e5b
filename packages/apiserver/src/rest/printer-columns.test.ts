import {
  CoreServices,
  Deployments,
  Endpoints,
  EndpointSlices,
  HorizontalPodAutoscalers,
  Nodes,
  PersistentVolumeClaims,
  RoleBindings,
  Roles,
  StorageClasses,
  type Kind,
  type KubeObject,
} from "@ebb/kube";
import { expect, test } from "vitest";
import { columnsOf } from "./printer-columns.ts";

const NOW = Date.UTC(2026, 5, 1);
const row = (kind: Pick<Kind, "group" | "kind">, object: object) =>
  Object.fromEntries(columnsOf(kind).map((column) => [column.name, column.cell(object as KubeObject, NOW)]));
const metadata = { name: "x" };
const isDefault = { "storageclass.kubernetes.io/is-default-class": "true" };

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
  ["a Node that takes nothing new", Nodes, { metadata, spec: { unschedulable: true } }, { Status: "Unknown,SchedulingDisabled" }],
  ["a Service with no address of its own yet", CoreServices, { metadata, spec: { type: "LoadBalancer" } }, { "External-IP": "<pending>" }],
  [
    "a Service with addresses of its own",
    CoreServices,
    { metadata, spec: { type: "LoadBalancer", externalIPs: ["1"] }, status: { loadBalancer: { ingress: [{ hostname: "h" }] } } },
    { "External-IP": "1,h" },
  ],
  [
    "the class that is taken when none is named",
    StorageClasses,
    { metadata: { ...metadata, annotations: isDefault } },
    { Name: "x (default)" },
  ],
  [
    "a binding",
    RoleBindings,
    {
      metadata,
      roleRef: { kind: "Role", name: "r" },
      subjects: [
        { kind: "User", name: "ann" },
        { kind: "User", name: "bob" },
        { kind: "ServiceAccount", namespace: "n", name: "s" },
      ],
    },
    { Role: "Role/r", Users: "ann, bob", Groups: "", ServiceAccounts: "n/s" },
  ],
  ["a Role", Roles, { metadata: { ...metadata, creationTimestamp: "2026-05-31T00:00:00Z" } }, { "Created At": "2026-05-31T00:00:00Z" }],
  [
    "a Deployment's containers",
    Deployments,
    {
      metadata,
      spec: {
        replicas: 2,
        selector: { matchLabels: { a: "b" } },
        template: {
          spec: {
            containers: [
              { name: "c", image: "i" },
              { name: "d", image: "j" },
            ],
          },
        },
      },
      status: { readyReplicas: 1 },
    },
    { Ready: "1/2", Containers: "c,d", Images: "i,j", Selector: "a=b" },
  ],
])("%s", (_, kind, object, expected) => expect(row(kind, object)).toMatchObject(expected));

test("the age stands before what only -o wide shows", () => {
  expect(columnsOf(Deployments).map(({ name }) => name)).toEqual([
    "Name",
    "Ready",
    "Up-to-date",
    "Available",
    "Age",
    "Containers",
    "Images",
    "Selector",
  ]);
});
