import { CERTIFICATES_GROUP, CLIENT_SIGNER, RBAC_GROUP, type ClusterRole, type ClusterRoleBinding, type PolicyRule } from "@ebb/kube";
import { MASTERS } from "./authorizer.ts";
import { AUTHENTICATED, UNAUTHENTICATED } from "./users.ts";

const READ = ["get", "list", "watch"];
const WRITE = ["create", "delete", "deletecollection", "patch", "update"];
const LABELS = { "kubernetes.io/bootstrapping": "rbac-defaults" };
/** What an operator removes it from is left alone at the next start. */
export const AUTO_UPDATE = "rbac.authorization.kubernetes.io/autoupdate";

function rule(group: string, resources: string[], verbs: string[]): PolicyRule {
  return { apiGroups: [group], resources, verbs };
}

function role(name: string, rules: PolicyRule[], more: { labels?: Record<string, string>; aggregate?: string } = {}): ClusterRole {
  const { labels = {}, aggregate } = more;
  const metadata = { name, labels: { ...LABELS, ...labels }, annotations: { [AUTO_UPDATE]: "true" } };
  const type = { apiVersion: `${RBAC_GROUP}/v1`, kind: "ClusterRole" } as const;
  if (aggregate === undefined) return { ...type, metadata, rules };
  return { ...type, metadata, aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregateTo(aggregate)]: "true" } }] } };
}

function aggregateTo(name: string): string {
  return `rbac.authorization.k8s.io/aggregate-to-${name}`;
}

function binding(name: string, groups: string[]): ClusterRoleBinding {
  return {
    apiVersion: `${RBAC_GROUP}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name, labels: LABELS, annotations: { [AUTO_UPDATE]: "true" } },
    subjects: groups.map((group) => ({ kind: "Group", apiGroup: RBAC_GROUP, name: group })),
    roleRef: { apiGroup: RBAC_GROUP, kind: "ClusterRole", name },
  };
}

/** Namespaced kinds that whoever may see a namespace may see; Secrets and RBAC are not among them. */
const VIEWED: PolicyRule[] = [
  rule("", ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "replicationcontrollers"], READ),
  rule("", ["replicationcontrollers/scale", "replicationcontrollers/status", "serviceaccounts", "services", "services/status"], READ),
  rule("", ["bindings", "events", "limitranges", "namespaces/status", "pods/log", "pods/status", "resourcequotas"], READ),
  rule("", ["resourcequotas/status", "namespaces"], READ),
  rule("discovery.k8s.io", ["endpointslices"], READ),
  rule("apps", ["controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status"], READ),
  rule(
    "apps",
    ["replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"],
    READ,
  ),
  rule("autoscaling", ["horizontalpodautoscalers", "horizontalpodautoscalers/status"], READ),
  rule("batch", ["cronjobs", "cronjobs/status", "jobs", "jobs/status"], READ),
  rule("policy", ["poddisruptionbudgets", "poddisruptionbudgets/status"], READ),
  rule("networking.k8s.io", ["ingresses", "ingresses/status", "networkpolicies"], READ),
];
const EDITED: PolicyRule[] = [
  rule("", ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy"], READ),
  rule("", ["serviceaccounts"], ["impersonate"]),
  rule("", ["pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"], WRITE),
  rule("", ["pods/eviction", "serviceaccounts/token"], ["create"]),
  rule("", ["configmaps", "events", "persistentvolumeclaims", "replicationcontrollers", "replicationcontrollers/scale"], WRITE),
  rule("", ["secrets", "serviceaccounts", "services", "services/proxy"], WRITE),
  rule("apps", ["daemonsets", "deployments", "deployments/rollback", "deployments/scale", "replicasets", "replicasets/scale"], WRITE),
  rule("apps", ["statefulsets", "statefulsets/scale"], WRITE),
  rule("autoscaling", ["horizontalpodautoscalers"], WRITE),
  rule("batch", ["cronjobs", "jobs"], WRITE),
  rule("policy", ["poddisruptionbudgets"], WRITE),
  rule("networking.k8s.io", ["ingresses", "networkpolicies"], WRITE),
  rule("coordination.k8s.io", ["leases"], [...WRITE, ...READ]),
];
const ADMINISTERED: PolicyRule[] = [
  rule("authorization.k8s.io", ["localsubjectaccessreviews"], ["create"]),
  rule(RBAC_GROUP, ["rolebindings", "roles"], [...WRITE, ...READ]),
];
const SELF_REVIEWS: PolicyRule[] = [
  rule("authorization.k8s.io", ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], ["create"]),
  rule("authentication.k8s.io", ["selfsubjectreviews"], ["create"]),
];
const PUBLIC = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
const DISCOVERY = ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", ...PUBLIC];

/** The ClusterRoles of a fresh Kubernetes that people bind and that every client relies on (bootstrappolicy in k8s.io/kubernetes). */
export const BOOTSTRAP_ROLES: readonly ClusterRole[] = [
  role("cluster-admin", [
    { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
    { nonResourceURLs: ["*"], verbs: ["*"] },
  ]),
  role("system:discovery", [{ nonResourceURLs: DISCOVERY, verbs: ["get"] }]),
  role("system:public-info-viewer", [{ nonResourceURLs: PUBLIC, verbs: ["get"] }]),
  role("system:basic-user", SELF_REVIEWS),
  role("system:service-account-issuer-discovery", [
    { nonResourceURLs: ["/.well-known/openid-configuration", "/openid/v1/jwks"], verbs: ["get"] },
  ]),
  role("system:auth-delegator", [
    rule("authentication.k8s.io", ["tokenreviews"], ["create"]),
    rule("authorization.k8s.io", ["subjectaccessreviews"], ["create"]),
  ]),
  role("system:monitoring", [
    { nonResourceURLs: ["/healthz", "/healthz/*", "/livez", "/livez/*", "/metrics", "/readyz", "/readyz/*"], verbs: ["get"] },
  ]),
  role("system:certificates.k8s.io:kube-apiserver-client-approver", [
    { ...rule(CERTIFICATES_GROUP, ["signers"], ["approve"]), resourceNames: [CLIENT_SIGNER] },
  ]),
  role("admin", [], { aggregate: "admin" }),
  role("edit", [], { aggregate: "edit", labels: { [aggregateTo("admin")]: "true" } }),
  role("view", [], { aggregate: "view", labels: { [aggregateTo("edit")]: "true" } }),
  role("system:aggregate-to-admin", ADMINISTERED, { labels: { [aggregateTo("admin")]: "true" } }),
  role("system:aggregate-to-edit", EDITED, { labels: { [aggregateTo("edit")]: "true" } }),
  role("system:aggregate-to-view", VIEWED, { labels: { [aggregateTo("view")]: "true" } }),
  // As metrics-server brings it.
  role("system:aggregated-metrics-reader", [rule("metrics.k8s.io", ["pods", "nodes"], READ)], {
    labels: { [aggregateTo("view")]: "true" },
  }),
];

export const BOOTSTRAP_BINDINGS: readonly ClusterRoleBinding[] = [
  binding("cluster-admin", [MASTERS]),
  binding("system:discovery", [AUTHENTICATED]),
  binding("system:public-info-viewer", [AUTHENTICATED, UNAUTHENTICATED]),
  binding("system:basic-user", [AUTHENTICATED]),
  binding("system:service-account-issuer-discovery", ["system:serviceaccounts"]),
  binding("system:monitoring", ["system:monitoring"]),
];
