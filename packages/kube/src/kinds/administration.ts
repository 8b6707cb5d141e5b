import { API_EXTENSIONS_GROUP, type CustomResourceDefinition } from "../custom/definition.ts";
import { NODE_METRICS_COLUMNS, NODE_METRICS_SCHEMA, POD_METRICS_COLUMNS, POD_METRICS_SCHEMA } from "../measured.ts";
import type { AdmissionPolicy, AdmissionPolicyBinding } from "../policies/policy.ts";
import type { RuntimeClass } from "../policy/admit-runtime.ts";
import { RBAC_GROUP, type ClusterRole, type ClusterRoleBinding, type Role, type RoleBinding } from "../rbac.ts";
import { CERTIFICATES_GROUP, type SigningRequest } from "../signing/signing-request.ts";
import type { StorageClass } from "../storage.ts";
import type { WebhookConfiguration } from "../webhooks/webhook-configuration.ts";
import { define, inert } from "./kind.ts";

const rbac = { group: RBAC_GROUP, version: "v1", builtIn: true } as const;
export const Roles = define<Role>({ ...rbac, kind: "Role", plural: "roles" });
export const RoleBindings = define<RoleBinding>({ ...rbac, kind: "RoleBinding", plural: "rolebindings" });
export const ClusterRoles = define<ClusterRole>({ ...rbac, kind: "ClusterRole", plural: "clusterroles", namespaced: false });
export const ClusterRoleBindings = define<ClusterRoleBinding>({
  ...rbac,
  kind: "ClusterRoleBinding",
  plural: "clusterrolebindings",
  namespaced: false,
});

const admission = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  builtIn: true,
  categories: ["api-extensions"],
  namespaced: false,
  generation: true,
} as const;
export const MutatingWebhooks = define<WebhookConfiguration>({
  ...admission,
  kind: "MutatingWebhookConfiguration",
  plural: "mutatingwebhookconfigurations",
});
export const ValidatingWebhooks = define<WebhookConfiguration>({
  ...admission,
  kind: "ValidatingWebhookConfiguration",
  plural: "validatingwebhookconfigurations",
});
export const AdmissionPolicies = define<AdmissionPolicy>({
  ...admission,
  kind: "ValidatingAdmissionPolicy",
  plural: "validatingadmissionpolicies",
  statusSubresource: true,
});
export const AdmissionPolicyBindings = define<AdmissionPolicyBinding>({
  ...admission,
  kind: "ValidatingAdmissionPolicyBinding",
  plural: "validatingadmissionpolicybindings",
});

export const CustomResourceDefinitions = define<CustomResourceDefinition>({
  group: API_EXTENSIONS_GROUP,
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  namespaced: false,
  statusSubresource: true,
  generation: true,
});
const storage = { group: "storage.k8s.io", version: "v1", builtIn: true, namespaced: false } as const;
const NO_DRIVERS = "volumes are folders of this machine.";
export const StorageClasses = define<StorageClass>({ ...storage, kind: "StorageClass", plural: "storageclasses", shortNames: ["sc"] });
export const StorageDrivers = define({
  ...storage,
  ...inert("CSIDriver", NO_DRIVERS),
  kind: "CSIDriver",
  plural: "csidrivers",
  generation: true,
});
export const StorageNodes = define({ ...storage, ...inert("CSINode", NO_DRIVERS), kind: "CSINode", plural: "csinodes" });
export const VolumeAttachments = define({
  ...storage,
  ...inert("VolumeAttachment", NO_DRIVERS),
  kind: "VolumeAttachment",
  plural: "volumeattachments",
  statusSubresource: true,
});
export const PriorityClasses = define({
  group: "scheduling.k8s.io",
  version: "v1",
  builtIn: true,
  ...inert("PriorityClass", "there is one node, and no instance makes way for another."),
  kind: "PriorityClass",
  plural: "priorityclasses",
  shortNames: ["pc"],
  namespaced: false,
  generation: true,
});
export const RuntimeClasses = define<RuntimeClass>({
  group: "node.k8s.io",
  version: "v1",
  builtIn: true,
  ...inert("RuntimeClass", "all containers run in the engine of this machine."),
  kind: "RuntimeClass",
  plural: "runtimeclasses",
  namespaced: false,
});
export const CertificateSigningRequests = define<SigningRequest>({
  group: CERTIFICATES_GROUP,
  version: "v1",
  builtIn: true,
  kind: "CertificateSigningRequest",
  plural: "certificatesigningrequests",
  shortNames: ["csr"],
  namespaced: false,
  statusSubresource: true,
});
export const Leases = define({ group: "coordination.k8s.io", version: "v1", builtIn: true, kind: "Lease", plural: "leases" });
/** What the server tells of itself: of each group and version that it serves, and of its parts. */
export const APIServices = define({
  group: "apiregistration.k8s.io",
  version: "v1",
  builtIn: true,
  kind: "APIService",
  plural: "apiservices",
  categories: ["api-extensions"],
  namespaced: false,
  measured: true,
});
export const ComponentStatuses = define({
  group: "",
  version: "v1",
  builtIn: true,
  kind: "ComponentStatus",
  plural: "componentstatuses",
  shortNames: ["cs"],
  namespaced: false,
  measured: true,
});

const metrics = { group: "metrics.k8s.io", version: "v1beta1", builtIn: true, measured: true } as const;

/** What `kubectl top` asks for. */
export const PodMetrics = define({
  ...metrics,
  kind: "PodMetrics",
  plural: "pods",
  schema: POD_METRICS_SCHEMA,
  columns: POD_METRICS_COLUMNS,
});
export const NodeMetrics = define({
  ...metrics,
  kind: "NodeMetrics",
  plural: "nodes",
  namespaced: false,
  schema: NODE_METRICS_SCHEMA,
  columns: NODE_METRICS_COLUMNS,
});
