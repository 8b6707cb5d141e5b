import { expect, test } from "vitest";
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
    /missing field\(s\): spec.ref.apiVersion, spec.ref.name/,
  ],
  [
    "in the same namespace",
    mapping("a.org", { namespace: "other" }),
    /mismatched namespaces: spec.ref.namespace\nparent namespace: "team" does not match ref: "other"/,
  ],
])("%s", (_, object, words) => {
  expect(() => admit(DomainMappings, object, { user: "alice" })).toThrow(words);
});
