import type { KubeObject } from "./meta.ts";

export const RBAC_GROUP = "rbac.authorization.k8s.io";

/** rbac.authorization.k8s.io/v1. A list with `*` in it matches everything; `resources` may name subresources: `pods/log`. */
export interface PolicyRule {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  /** Any name when absent or empty. */
  resourceNames?: string[];
  /** Of ClusterRoles alone; `/healthz/*` matches what begins with `/healthz/`. */
  nonResourceURLs?: string[];
}
export interface Role extends KubeObject {
  apiVersion: "rbac.authorization.k8s.io/v1";
  kind: "Role";
  rules?: PolicyRule[];
}
export interface ClusterRole extends KubeObject {
  apiVersion: "rbac.authorization.k8s.io/v1";
  kind: "ClusterRole";
  rules?: PolicyRule[];
  /** Its rules are then those of the ClusterRoles selected, written by the cluster. */
  aggregationRule?: { clusterRoleSelectors?: LabelSelector[] };
}
export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: "In" | "NotIn" | "Exists" | "DoesNotExist"; values?: string[] }[];
}
export interface Subject {
  kind: "User" | "Group" | "ServiceAccount";
  apiGroup?: string;
  name: string;
  /** Of ServiceAccounts alone. */
  namespace?: string;
}
export interface RoleRef {
  apiGroup: string;
  kind: "Role" | "ClusterRole";
  name: string;
}
export interface RoleBinding extends KubeObject {
  apiVersion: "rbac.authorization.k8s.io/v1";
  kind: "RoleBinding";
  subjects?: Subject[];
  roleRef: RoleRef;
}
export interface ClusterRoleBinding extends KubeObject {
  apiVersion: "rbac.authorization.k8s.io/v1";
  kind: "ClusterRoleBinding";
  subjects?: Subject[];
  roleRef: RoleRef;
}
