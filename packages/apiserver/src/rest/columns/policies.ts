import {
  formatLabelSelector,
  type AdmissionPolicy,
  type AdmissionPolicyBinding,
  type KubeObject,
  type RoleBinding,
  hasSigningCondition,
  type SigningRequest,
  type Subject,
} from "@ebb/kube";
import { humanDuration } from "./age.ts";
import { AGE, column, countOf, CREATED_AT, field, flag, wide, type Columns } from "./column.ts";

const BINDING = [
  column("Role", (object) => {
    const { kind, name } = (object as RoleBinding).roleRef;
    return `${kind}/${name}`;
  }),
  wide("Users", subjects("User")),
  wide("Groups", subjects("Group")),
  wide("ServiceAccounts", subjects("ServiceAccount")),
];

/** Who may do what, and what is refused. */
export const POLICY_COLUMNS: Columns = {
  "admissionregistration.k8s.io/MutatingWebhookConfiguration": [column("Webhooks", countOf("webhooks"), { type: "integer" })],
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration": [column("Webhooks", countOf("webhooks"), { type: "integer" })],
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy": [
    column("Validations", ({ spec }) => (spec as AdmissionPolicy["spec"])?.validations?.length ?? 0, { type: "integer" }),
    column("ParamKind", ({ spec }) => {
      const { paramKind } = (spec ?? {}) as NonNullable<AdmissionPolicy["spec"]>;
      return paramKind ? `${paramKind.apiVersion}/${paramKind.kind}` : "<unset>";
    }),
  ],
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding": [
    field("PolicyName", "spec.policyName"),
    column("ParamRef", ({ spec }) => {
      const { paramRef } = (spec ?? {}) as NonNullable<AdmissionPolicyBinding["spec"]>;
      if (!paramRef) return "<unset>";
      return paramRef.selector ? formatLabelSelector(paramRef.selector) : `${paramRef.namespace ?? "*"}/${paramRef.name ?? ""}`;
    }),
  ],
  "certificates.k8s.io/CertificateSigningRequest": [
    AGE,
    field("SignerName", "spec.signerName"),
    field("Requestor", "spec.username"),
    column("RequestedDuration", (object) => {
      const { expirationSeconds } = (object as SigningRequest).spec;
      return expirationSeconds === undefined ? "<none>" : humanDuration(expirationSeconds);
    }),
    column("Condition", (object) => signingState(object as SigningRequest)),
  ],
  "scheduling.k8s.io/PriorityClass": [
    field("Value", "value", "integer"),
    flag("Global-Default", "globalDefault"),
    AGE,
    field("PreemptionPolicy", "preemptionPolicy"),
  ],
  "rbac.authorization.k8s.io/Role": [CREATED_AT],
  "rbac.authorization.k8s.io/ClusterRole": [CREATED_AT],
  "rbac.authorization.k8s.io/RoleBinding": BINDING,
  "rbac.authorization.k8s.io/ClusterRoleBinding": BINDING,
  "apiextensions.k8s.io/CustomResourceDefinition": [CREATED_AT],
};

function subjects(wanted: Subject["kind"]): (object: KubeObject) => string {
  return (object) =>
    ((object as RoleBinding).subjects ?? [])
      .flatMap(({ kind, name, namespace }) => (kind === wanted ? (namespace ? `${namespace}/${name}` : name) : []))
      .join(", ");
}

function signingState(request: SigningRequest): string {
  const decision = hasSigningCondition(request, "Denied") ? "Denied" : hasSigningCondition(request, "Approved") ? "Approved" : "Pending";
  const failed = hasSigningCondition(request, "Failed") ? ",Failed" : "";
  return `${decision}${failed}${request.status?.certificate ? ",Issued" : ""}`;
}
