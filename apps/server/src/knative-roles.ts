import type { ClusterRole, PolicyRule } from "@ebb/kube";

const INTERNAL = ["networking.internal.knative.dev", "autoscaling.internal.knative.dev", "caching.internal.knative.dev"];
const READ = ["get", "list", "watch"];

function role(name: string, aggregateTo: string, rules: PolicyRule[]): ClusterRole {
  const labels = { "app.kubernetes.io/name": "knative-serving", [`rbac.authorization.k8s.io/aggregate-to-${aggregateTo}`]: "true" };
  return { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name, labels }, rules };
}

function rule(apiGroups: string[], verbs: string[]): PolicyRule {
  return { apiGroups, resources: ["*"], verbs };
}

/** What knative/serving adds to `admin`, `edit` and `view` (config/core/200-roles). */
export const KNATIVE_ROLES: readonly ClusterRole[] = [
  role("knative-serving-namespaced-admin", "admin", [rule(["serving.knative.dev"], ["*"]), rule(INTERNAL, READ)]),
  role("knative-serving-namespaced-edit", "edit", [
    rule(["serving.knative.dev"], ["create", "update", "patch", "delete"]),
    rule(INTERNAL, READ),
  ]),
  role("knative-serving-namespaced-view", "view", [rule(["serving.knative.dev", ...INTERNAL], READ)]),
];
