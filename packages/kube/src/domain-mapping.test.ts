import { describe, expect, test } from "vitest";
import { admit } from "./admit.ts";
import type { DomainMapping } from "./domain-mapping.ts";
import { DomainMappings } from "./kinds/knative.ts";

const mapping = (name: string, ref: object): DomainMapping => ({
  apiVersion: "serving.knative.dev/v1beta1",
  kind: "DomainMapping",
  metadata: { name, namespace: "team" },
  spec: { ref: { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "shop", ...ref } },
});

test("the reference's namespace and who made it are filled in", () => {
  expect(admit(DomainMappings, mapping("shop.example.com", {}), { user: "alice" })).toMatchObject({
    metadata: { annotations: { "serving.knative.dev/creator": "alice" } },
    spec: { ref: { namespace: "team" } },
  });
});

test.each<[sentence: string, DomainMapping, words: RegExp]>([
  ["the name is a host", mapping("shop", {}), /invalid name "shop": .*at least two segments.*: metadata.name/],
  [
    "outside the cluster's domain",
    mapping("a.svc.cluster.local", {}),
    /must not be a subdomain of cluster local domain "cluster.local": metadata.name/,
  ],
  [
    "a reference has all its parts",
    mapping("a.org", { apiVersion: "", name: "" }),
    /missing field\(s\): spec.ref.apiVersion, spec.ref.name$/,
  ],
  ["a group is no way to say it", mapping("a.org", { group: "serving.knative.dev" }), /must not set the field\(s\): spec.ref.group$/],
  [
    "each part of the name is a label of DNS",
    mapping(`${"a".repeat(64)}.org`, {}),
    /invalid name "a{64}.org": name: Invalid value: "a{64}": must be no more than 63 characters: metadata.name$/,
  ],
  [
    "in the same namespace",
    mapping("a.org", { namespace: "other" }),
    /mismatched namespaces: spec.ref.namespace\nparent namespace: "team" does not match ref: "other"/,
  ],
])("%s", (_, object, words) => {
  expect(() => admit(DomainMappings, object, { user: "alice" })).toThrow(words);
});

// knative/serving pkg/apis/serving/v1beta1/domainmapping_validation_test.go, TestDomainMappingAnnotationUpdate.
describe("who made it and who changed it last", () => {
  const stamped = (creator: string, lastModifier: string, name: string): DomainMapping => {
    const { metadata, ...rest } = mapping("valid.example.com", { name, namespace: "team" });
    const annotations = { "serving.knative.dev/creator": creator, "serving.knative.dev/lastModifier": lastModifier };
    return { ...rest, metadata: { ...metadata, annotations } };
  };
  const old = stamped("oveja", "oveja", "old");
  const AT = "metadata.annotations.serving.knative.dev";
  test.each<[string, DomainMapping, string | undefined]>([
    ["update creator annotation", stamped("cabra", "oveja", "old"), `annotation value is immutable: ${AT}/creator`],
    ["update creator annotation with spec changes", stamped("cabra", "oveja", "new"), `annotation value is immutable: ${AT}/creator`],
    ["update lastModifier annotation without spec changes", stamped("oveja", "cabra", "old"), `invalid value: cabra: ${AT}/lastModifier`],
    ["update lastModifier annotation with spec changes", stamped("oveja", "vaca", "new"), undefined],
  ])("%s", (_, object, message) => {
    const act = () => admit(DomainMappings, object, { old, user: "ann" });
    if (message === undefined) expect(act).not.toThrow();
    else expect(act).toThrow(message);
  });
});
