import type { Kind } from "./kinds/kind.ts";
import type { KubeObject } from "./meta.ts";
import {
  RBAC_GROUP,
  type ClusterRole,
  type ClusterRoleBinding,
  type PolicyRule,
  type Role,
  type RoleBinding,
  type Subject,
} from "./rbac.ts";
import { invalidValue, refuseInvalid, requiredField, unsupportedValue, type FieldCause } from "./status-errors.ts";

/** k8s.io/kubernetes pkg/apis/rbac/validation: what a Role or ClusterRole may say. Throws Invalid. */
export function admitRole(object: KubeObject, kind: Kind): KubeObject {
  const role = object as Role | ClusterRole;
  const causes = (role.rules ?? []).flatMap((rule, index) => ruleCauses(rule, `rules[${index}]`, kind.namespaced));
  if (role.kind === "ClusterRole") causes.push(...aggregationCauses(role));
  refuseInvalid(kind, role, causes);
  return role;
}

/** The same for bindings; fills in the API groups that are left out. Throws Invalid. */
export function admitBinding(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const given = object as RoleBinding | ClusterRoleBinding;
  const binding = {
    ...given,
    roleRef: { ...given.roleRef, apiGroup: given.roleRef?.apiGroup || RBAC_GROUP },
    ...(given.subjects ? { subjects: given.subjects.map((subject) => withGroup(subject)) } : {}),
  };
  const before = old as RoleBinding | undefined;
  const causes = [
    ...roleRefCauses(binding.roleRef, kind.namespaced),
    ...(binding.subjects ?? []).flatMap((subject, index) => subjectCauses(subject, `subjects[${index}]`)),
  ];
  if (before && !sameRole(before.roleRef, binding.roleRef)) causes.push(invalidValue("roleRef", binding.roleRef, "cannot change roleRef"));
  refuseInvalid(kind, binding, causes);
  return binding;
}

function ruleCauses(rule: PolicyRule, at: string, namespaced: boolean): FieldCause[] {
  const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const causes: FieldCause[] = [];
  if (!("verbs" in rule) || rule.verbs.length === 0) causes.push(requiredField(`${at}.verbs`, "verbs must contain at least one value"));
  if (nonResourceURLs.length > 0) {
    const refuse = (why: string) => causes.push(invalidValue(`${at}.nonResourceURLs`, nonResourceURLs, why));
    if (namespaced) refuse("namespaced rules cannot apply to non-resource URLs");
    if (apiGroups.length + resources.length + resourceNames.length > 0)
      refuse("rules cannot apply to both regular resources and non-resource URLs");
    return causes;
  }
  if (apiGroups.length === 0) causes.push(requiredField(`${at}.apiGroups`, "resource rules must supply at least one api group"));
  if (resources.length === 0) causes.push(requiredField(`${at}.resources`, "resource rules must supply at least one resource"));
  return causes;
}

function aggregationCauses({ aggregationRule }: ClusterRole): FieldCause[] {
  if (!aggregationRule || (aggregationRule.clusterRoleSelectors ?? []).length > 0) return [];
  const why = "at least one clusterRoleSelector required if aggregationRule is non-nil";
  return [requiredField("aggregationRule.clusterRoleSelectors", why)];
}

function roleRefCauses({ apiGroup, kind, name }: RoleBinding["roleRef"], namespaced: boolean): FieldCause[] {
  const kinds = namespaced ? ["ClusterRole", "Role"] : ["ClusterRole"];
  return [
    ...(apiGroup === RBAC_GROUP ? [] : [unsupportedValue("roleRef.apiGroup", apiGroup, [RBAC_GROUP])]),
    ...(kinds.includes(kind) ? [] : [unsupportedValue("roleRef.kind", kind ?? "", kinds)]),
    ...(name ? [] : [requiredField("roleRef.name")]),
  ];
}

function subjectCauses({ kind, apiGroup = "", name, namespace }: Subject, at: string): FieldCause[] {
  const causes = name ? [] : [requiredField(`${at}.name`)];
  if (kind === "ServiceAccount") {
    if (apiGroup !== "") causes.push(unsupportedValue(`${at}.apiGroup`, apiGroup, [""]));
    if (!namespace) causes.push(requiredField(`${at}.namespace`));
  } else if (kind === "User" || kind === "Group") {
    if (apiGroup !== RBAC_GROUP) causes.push(unsupportedValue(`${at}.apiGroup`, apiGroup, [RBAC_GROUP]));
  } else causes.push(unsupportedValue(`${at}.kind`, kind ?? "", ["ServiceAccount", "User", "Group"]));
  return causes;
}

function withGroup(subject: Subject): Subject {
  return subject.apiGroup || subject.kind === "ServiceAccount" ? subject : { ...subject, apiGroup: RBAC_GROUP };
}

function sameRole(a: RoleBinding["roleRef"], b: RoleBinding["roleRef"]): boolean {
  return a.kind === b.kind && a.name === b.name;
}
