import { expect, test } from "vitest";
import { ALL_KINDS } from "../kinds/all-kinds.ts";
import { expressionWarnings } from "./check-types.ts";
import type { AdmissionPolicy, PolicyValidation } from "./policy.ts";

const RULE = { operations: ["CREATE"], apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments"] };

function warningsOf(validation: PolicyValidation, rule: object = {}, spec: object = {}) {
  const policy = { spec: { matchConstraints: { resourceRules: [{ ...RULE, ...rule }] }, validations: [validation], ...spec } };
  return expressionWarnings(policy as AdmissionPolicy, ALL_KINDS);
}

test("a field that the kind does not have is named and pointed at, as in Kubernetes' documentation", () => {
  expect(warningsOf({ expression: "object.replicas > 1" })).toEqual([
    {
      fieldRef: "spec.validations[0].expression",
      warning: "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^",
    },
  ]);
});

test("in the line where it is, of the message too", () => {
  const [message] = warningsOf({ expression: "true", messageExpression: "'a' +\n  string(oldObject.spec.size)" });
  expect(message).toEqual({
    fieldRef: "spec.validations[0].messageExpression",
    warning:
      "apps/v1, Kind=Deployment: ERROR: <input>:2:24: undefined field 'size'\n |   string(oldObject.spec.size)\n | .......................^",
  });
});

test.each<[string, string, object?, object?]>([
  ["fields that are there", "object.spec.replicas > 1 && has(object.spec.template.spec.containers) && oldObject.metadata.name != ''"],
  ["keys of a map", "object.metadata.labels.anything == 'x'"],
  ["rules with a wildcard", "object.nothing", { resources: ["*"] }],
  ["kinds that nobody serves", "object.nothing", { resources: ["others"] }],
  ["the request, and a policy's own variables", "request.nothing == '' && variables.nothing"],
  ["parameters whose kind is not known", "params.nothing", {}, { paramKind: { apiVersion: "x/v1", kind: "X" } }],
])("nothing is said of %s", (_, expression, rule, spec) => expect(warningsOf({ expression }, rule, spec)).toEqual([]));

test("parameters and the namespace are looked at too, for each kind", () => {
  const spec = { paramKind: { apiVersion: "v1", kind: "ConfigMap" } };
  const rule = { resources: ["deployments", "replicasets"] };
  const [warning] = warningsOf({ expression: "params.spec == namespaceObject.data" }, rule, spec);
  expect(warning?.warning.match(/undefined field '\w+'/g)).toEqual([
    "undefined field 'spec'",
    "undefined field 'data'",
    "undefined field 'spec'",
    "undefined field 'data'",
  ]);
  expect(warning?.warning).toContain("apps/v1, Kind=ReplicaSet: ERROR");
});
