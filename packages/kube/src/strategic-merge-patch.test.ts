import { describe, expect, test } from "vitest";
import type { JsonObject } from "./patch.ts";
import { schemaOf } from "./schemas.ts";
import { strategicMergePatch } from "./strategic-merge-patch.ts";

const DEPLOYMENT = schemaOf({ group: "apps", version: "v1", kind: "Deployment" });
const POD = schemaOf({ group: "", version: "v1", kind: "Pod" });
const SERVICE = schemaOf({ group: "", version: "v1", kind: "Service" });
const SERVICE_ACCOUNT = schemaOf({ group: "", version: "v1", kind: "ServiceAccount" });

const pod = (spec: JsonObject, metadata: JsonObject = {}): JsonObject => ({ metadata, spec });
const names = (...list: string[]) => list.map((name) => ({ name }));
const containers = (...items: JsonObject[]) => pod({ containers: items });

// Cases of the guide "Update API Objects in Place Using kubectl patch" and of the design document of strategic merge patches, and what
// follows from each kind's markers.
test.each<[string, typeof POD, JsonObject, JsonObject, JsonObject]>([
  [
    "a new container comes before those that are there",
    POD,
    containers({ name: "nginx", image: "nginx" }),
    containers({ name: "redis", image: "redis" }),
    containers({ name: "redis", image: "redis" }, { name: "nginx", image: "nginx" }),
  ],
  [
    "a container is changed where it is",
    POD,
    containers(...names("a", "b")),
    containers({ name: "b", image: "i" }),
    containers({ name: "a" }, { name: "b", image: "i" }),
  ],
  [
    "tolerations have no key: they are replaced",
    POD,
    pod({ tolerations: [{ key: "a" }] }),
    pod({ tolerations: [{ key: "b" }] }),
    pod({ tolerations: [{ key: "b" }] }),
  ],
  [
    "plain lists are replaced",
    POD,
    containers({ name: "a", args: ["x", "y"] }),
    containers({ name: "a", args: ["z"] }),
    containers({ name: "a", args: ["z"] }),
  ],
  [
    "null removes",
    POD,
    pod({ nodeName: "n" }, { labels: { a: "1", b: "2" } }),
    pod({ nodeName: null }, { labels: { b: null } }),
    pod({}, { labels: { a: "1" } }),
  ],
  [
    "null for what is not there is nothing",
    POD,
    pod({}),
    pod({ nodeName: null, securityContext: { runAsUser: null } }),
    pod({ securityContext: {} }),
  ],
  [
    "$patch: delete takes an item out",
    POD,
    containers(...names("a", "b")),
    containers({ name: "a", $patch: "delete" }),
    containers({ name: "b" }),
  ],
  [
    "$patch: replace puts the list",
    POD,
    containers(...names("a", "b")),
    containers({ $patch: "replace" }, { name: "c" }),
    containers({ name: "c" }),
  ],
  [
    "$patch: replace puts the object",
    POD,
    pod({}, { labels: { a: "1" } }),
    pod({}, { labels: { $patch: "replace", b: "2" } }),
    pod({}, { labels: { b: "2" } }),
  ],
  [
    "$patch: delete empties the object",
    POD,
    pod({ securityContext: { runAsUser: 1 } }),
    pod({ securityContext: { $patch: "delete" } }),
    pod({ securityContext: {} }),
  ],
  [
    "directives in what is new are not kept",
    POD,
    pod({}),
    containers({ name: "a", $patch: "delete" }, { name: "b", env: [{ $patch: "replace" }] }),
    containers({ name: "b", env: [] }),
  ],
  [
    "finalizers are joined",
    POD,
    pod({}, { finalizers: ["x", "y"] }),
    pod({}, { finalizers: ["z", "x"] }),
    pod({}, { finalizers: ["z", "x", "y"] }),
  ],
  [
    "$deleteFromPrimitiveList takes plain values out",
    POD,
    pod({}, { finalizers: ["x", "y"] }),
    pod({}, { "$deleteFromPrimitiveList/finalizers": ["x"] }),
    pod({}, { finalizers: ["y"] }),
  ],
  [
    "$deleteFromPrimitiveList of a list that is not there is nothing",
    POD,
    pod({}),
    pod({}, { "$deleteFromPrimitiveList/finalizers": ["x"] }),
    pod({}),
  ],
  [
    "$setElementOrder orders, and what it does not name stays near where it was",
    POD,
    containers(...names("a", "server", "b")),
    pod({ "$setElementOrder/containers": names("b", "a", "new"), containers: [{ name: "new", image: "i" }] }),
    containers({ name: "server" }, { name: "b" }, { name: "a" }, { name: "new", image: "i" }),
  ],
  [
    "$setElementOrder alone only orders",
    POD,
    containers(...names("a", "b")),
    pod({ "$setElementOrder/containers": names("b", "a") }),
    containers(...names("b", "a")),
  ],
  [
    "$setElementOrder of plain values",
    POD,
    pod({}, { finalizers: ["x", "y"] }),
    pod({}, { "$setElementOrder/finalizers": ["z", "y", "x"], finalizers: ["z"] }),
    pod({}, { finalizers: ["z", "y", "x"] }),
  ],
  [
    "$retainKeys: another strategy takes its parameters with it",
    DEPLOYMENT,
    { spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } } },
    { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } },
    { spec: { strategy: { type: "Recreate" } } },
  ],
  [
    "$retainKeys: another source of a volume",
    POD,
    pod({ volumes: [{ name: "v", emptyDir: {} }] }),
    pod({ volumes: [{ $retainKeys: ["name", "configMap"], name: "v", configMap: { name: "m" } }] }),
    pod({ volumes: [{ name: "v", configMap: { name: "m" } }] }),
  ],
  [
    "a Service's ports are told apart by port",
    SERVICE,
    { spec: { ports: [{ port: 80, targetPort: 1 }, { port: 81 }] } },
    { spec: { ports: [{ port: 80, targetPort: 2 }] } },
    { spec: { ports: [{ port: 80, targetPort: 2 }, { port: 81 }] } },
  ],
  [
    "a container's ports by containerPort, its mounts by mountPath, its variables by name",
    DEPLOYMENT,
    template({
      name: "c",
      ports: [{ containerPort: 80 }],
      volumeMounts: [{ mountPath: "/a", name: "x" }],
      env: [{ name: "E", value: "1" }],
    }),
    template({
      name: "c",
      ports: [{ containerPort: 80, name: "p" }],
      volumeMounts: [{ mountPath: "/a", name: "y" }],
      env: [{ name: "E", value: "2" }],
    }),
    template({
      name: "c",
      ports: [{ containerPort: 80, name: "p" }],
      volumeMounts: [{ mountPath: "/a", name: "y" }],
      env: [{ name: "E", value: "2" }],
    }),
  ],
  ["a ServiceAccount's secrets by name", SERVICE_ACCOUNT, { secrets: names("a") }, { secrets: names("b") }, { secrets: names("b", "a") }],
  [
    "conditions by type",
    POD,
    { status: { conditions: [{ type: "Ready", status: "False" }, { type: "Other" }] } },
    { status: { conditions: [{ type: "Ready", status: "True" }] } },
    { status: { conditions: [{ type: "Ready", status: "True" }, { type: "Other" }] } },
  ],
  [
    "owners by uid",
    POD,
    pod({}, { ownerReferences: [{ uid: "1", name: "a" }] }),
    pod(
      {},
      {
        ownerReferences: [
          { uid: "1", $patch: "delete" },
          { uid: "2", name: "b" },
        ],
      },
    ),
    pod({}, { ownerReferences: [{ uid: "2", name: "b" }] }),
  ],
])("%s", (...[, schema, target, patch, expected]) => {
  const before = structuredClone([target, patch]);
  expect(strategicMergePatch(target, patch, schema)).toEqual(expected);
  expect([target, patch]).toEqual(before);
});

function template(...items: JsonObject[]): JsonObject {
  return { spec: { template: { spec: { containers: items } } } };
}

describe("is refused", () => {
  test.each<[string, JsonObject, string]>([
    ["an item without its key", containers({ image: "c" }), "does not contain declared merge key: name"],
    ["a directive that is none", pod({}, { $patch: "nonsense" }), "unknown patch type"],
    ["one of an item", containers({ name: "a", $patch: "merge" }), "unknown patch type"],
    ["a key that is not retained", pod({ $retainKeys: ["a"], nodeName: "b" }), "invalid patch format of retainKeys"],
    [
      "an order that the list is not in",
      pod({ "$setElementOrder/containers": names("a", "b"), containers: names("b", "a") }),
      "doesn't match $setElementOrder",
    ],
    [
      "an item that the order does not have",
      pod({ "$setElementOrder/containers": names("a"), containers: names("b") }),
      "doesn't match $setElementOrder",
    ],
    ["an order that is no list", pod({ "$setElementOrder/containers": "a" }), "invalid patch format of setElementOrder"],
    ["a deletion that is no list", pod({}, { "$deleteFromPrimitiveList/finalizers": "a" }), "invalid patch format of primitive list"],
  ])("%s", (_, patch, message) => {
    const target = pod({ containers: names("a"), nodeName: "n" }, { finalizers: ["x"] });
    expect(() => strategicMergePatch(target, patch, POD)).toThrow(
      expect.objectContaining({ status: 400, message: expect.stringContaining(message) }),
    );
  });
});
