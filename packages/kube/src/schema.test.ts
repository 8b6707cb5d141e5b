import { expect, test } from "vitest";
import { PodAutoscalers, Services } from "./kinds/knative.ts";
import { applyPartialSchema, applySchema } from "./schema.ts";
import { schemaOf } from "./schemas.ts";

const service = (container: object, more: object = {}) => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: { name: "a" },
  spec: { template: { spec: { containers: [{ image: "a", ...container }] } }, ...more },
});

test("unknown fields are pruned and named; null is absent; defaults are filled in", () => {
  const object = service({ lifecycle: {}, ports: [{ containerPort: 80, hostPort: 80 }], env: null }, { extra: 1 });
  const { value, unknown, causes } = applySchema(schemaOf(Services), object, "");
  const at = "spec.template.spec.containers[0]";
  expect(unknown.sort()).toEqual(["spec.extra", `${at}.lifecycle`, `${at}.ports[0].hostPort`]);
  expect(value).toEqual(service({ ports: [{ containerPort: 80, protocol: "TCP" }] }));
  expect(causes).toEqual([]);
});

test("wrong types and missing fields are told with their paths", () => {
  const object = service({
    ports: [{ containerPort: "80" }],
    args: "x",
    env: [{ value: "1" }],
    resources: { limits: { cpu: 1, memory: "1Gi" } },
  });
  const { causes } = applySchema(schemaOf(Services), object, "");
  const at = "spec.template.spec.containers[0]";
  expect(causes.map(({ field, reason }) => [field, reason])).toEqual([
    [`${at}.ports[0].containerPort`, "FieldValueTypeInvalid"],
    [`${at}.args`, "FieldValueTypeInvalid"],
    [`${at}.env[0].name`, "FieldValueRequired"],
  ]);
});

test("a null in a list of objects is none, nor in what is applied", () => {
  const object = { ...service({ args: ["x"], ports: [null] }), metadata: { name: "a", ownerReferences: [null] } };
  const fields = ["metadata.ownerReferences[0]", "spec.template.spec.containers[0].ports[0]"];
  for (const { causes } of [applySchema(schemaOf(Services), object, ""), applyPartialSchema(schemaOf(Services), object)]) {
    expect(causes.map(({ field }) => field)).toEqual(fields);
    expect(causes[0]?.message).toContain('must be of type object: "null"');
  }
});

test("a label named like a part of every JavaScript object is a label", () => {
  const object = { ...service({}), metadata: { name: "a", labels: { constructor: "x" }, constructor: 1 } };
  const { value, unknown } = applySchema(schemaOf(Services), object, "");
  expect(value).toMatchObject({ metadata: { labels: { constructor: "x" } } });
  expect(unknown).toEqual(["metadata.constructor"]);
});

test("each kind that is served has its schema", () => {
  expect(schemaOf(PodAutoscalers).properties).toHaveProperty("spec");
});
