import type { PolicyRule } from "@ebb/kube";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ruleAllows, uncovered } from "./rules.ts";

const user = { name: "ann", groups: [] };
const ask = (verb: string, resource: string, more: { group?: string; name?: string } = {}) => ({
  user,
  verb,
  group: more.group ?? "",
  resource,
  namespace: "team",
  name: more.name ?? "",
});
const rule = (verbs: string[], resources: string[], more: Partial<PolicyRule> = {}): PolicyRule => ({
  verbs,
  apiGroups: [""],
  resources,
  ...more,
});

describe("a rule", () => {
  test.each([
    ["allows its verb on its resource", rule(["get"], ["pods"]), ask("get", "pods"), true],
    ["does not allow another verb", rule(["get"], ["pods"]), ask("list", "pods"), false],
    ["does not allow another resource", rule(["get"], ["pods"]), ask("get", "secrets"), false],
    [
      "does not allow the same resource of another group",
      rule(["get"], ["services"]),
      ask("get", "services", { group: "serving.knative.dev" }),
      false,
    ],
    [
      "with * as its group allows every group",
      rule(["get"], ["services"], { apiGroups: ["*"] }),
      ask("get", "services", { group: "serving.knative.dev" }),
      true,
    ],
    ["with * as its verb allows every verb", rule(["*"], ["pods"]), ask("deletecollection", "pods"), true],
    ["for a resource does not allow its subresources", rule(["get"], ["pods"]), ask("get", "pods/log"), false],
    ["for a subresource does not allow the resource", rule(["get"], ["pods/log"]), ask("get", "pods"), false],
    ["for */scale allows the scale of everything", rule(["get"], ["*/scale"]), ask("get", "deployments/scale"), true],
    ["for */scale does not allow another subresource", rule(["get"], ["*/scale"]), ask("get", "deployments/status"), false],
    ["for * allows subresources too", rule(["get"], ["*"]), ask("get", "pods/log"), true],
    ["with names allows those", rule(["get"], ["secrets"], { resourceNames: ["db"] }), ask("get", "secrets", { name: "db" }), true],
    [
      "with names does not allow others",
      rule(["get"], ["secrets"], { resourceNames: ["db"] }),
      ask("get", "secrets", { name: "other" }),
      false,
    ],
    ["with names does not allow a list", rule(["list"], ["secrets"], { resourceNames: ["db"] }), ask("list", "secrets"), false],
    ["for resources allows no path", rule(["*"], ["*"], { apiGroups: ["*"] }), { user, verb: "get", path: "/metrics" }, false],
    ["for a path allows it", { verbs: ["get"], nonResourceURLs: ["/metrics"] }, { user, verb: "get", path: "/metrics" }, true],
    [
      "for a path does not allow what is below",
      { verbs: ["get"], nonResourceURLs: ["/metrics"] },
      { user, verb: "get", path: "/metrics/a" },
      false,
    ],
    [
      "for a path with * allows what begins so",
      { verbs: ["get"], nonResourceURLs: ["/api/*"] },
      { user, verb: "get", path: "/api/v1" },
      true,
    ],
    ["for all paths allows no resource", { verbs: ["*"], nonResourceURLs: ["*"] }, ask("get", "pods"), false],
  ])("%s", (_, given, attributes, allowed) => {
    expect(ruleAllows(given, attributes)).toBe(allowed);
  });
});

describe("what one may hand on", () => {
  test.each([
    ["what one has", [rule(["get"], ["pods"])], [rule(["get", "list"], ["pods", "secrets"])], 0],
    ["a verb that one lacks", [rule(["get", "delete"], ["pods"])], [rule(["get"], ["pods"])], 1],
    ["everything, having much", [rule(["*"], ["pods"])], [rule(["get", "list"], ["pods"])], 1],
    ["all names, having one", [rule(["get"], ["pods"])], [rule(["get"], ["pods"], { resourceNames: ["a"] })], 1],
    ["one name, having all", [rule(["get"], ["pods"], { resourceNames: ["a"] })], [rule(["get"], ["pods"])], 0],
    ["two parts that two rules cover", [rule(["get"], ["pods", "secrets"])], [rule(["get"], ["pods"]), rule(["get"], ["secrets"])], 0],
    ["a path below one's own", [{ verbs: ["get"], nonResourceURLs: ["/api/v1"] }], [{ verbs: ["get"], nonResourceURLs: ["/api/*"] }], 0],
    ["more paths than one's own", [{ verbs: ["get"], nonResourceURLs: ["*"] }], [{ verbs: ["get"], nonResourceURLs: ["/api/*"] }], 1],
  ])("%s", (_, wanted, held, missing) => {
    expect(uncovered(wanted, held)).toHaveLength(missing);
  });

  test("never lets through what the holder may not do", () => {
    const some = (...values: string[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
    const names = fc.uniqueArray(fc.constantFrom("x", "y"), { maxLength: 2 });
    const rules = fc.array(
      fc.record({
        verbs: some("get", "list", "*"),
        apiGroups: some("", "apps", "*"),
        resources: some("pods", "pods/log", "*/log", "*"),
        resourceNames: names,
      }),
      { maxLength: 3 },
    );
    const request = fc.record({
      verb: fc.constantFrom("get", "list", "watch"),
      group: fc.constantFrom("", "apps"),
      resource: fc.constantFrom("pods", "pods/log", "nodes/log"),
      name: fc.constantFrom("", "x", "y"),
    });
    fc.assert(
      fc.property(rules, rules, request, (wanted, held, { verb, resource, group, name }) => {
        const attributes = ask(verb, resource, { group, name });
        const granted = uncovered(wanted, held).length === 0 && wanted.some((one) => ruleAllows(one, attributes));
        return !granted || held.some((one) => ruleAllows(one, attributes));
      }),
    );
  });
});
