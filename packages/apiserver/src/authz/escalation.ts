import {
  forbidden,
  RBAC_GROUP,
  type ClusterRole,
  type Kind,
  type KubeObject,
  type PolicyRule,
  type Role,
  type RoleBinding,
} from "@ebb/kube";
import { isDeepStrictEqual } from "node:util";
import type { User } from "../registry/request-context.ts";
import type { Authorize } from "./attributes.ts";
import { MASTERS } from "./authorizer.ts";
import type { Grants } from "./grants.ts";
import { uncovered } from "./rules.ts";

/** What an aggregated ClusterRole may come to hold, so only who holds it may make one. */
const EVERYTHING: PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];
/** Missing rules that a refusal names. */
const MOST_NAMED = 20;

export interface EscalationDeps {
  grants: Grants;
  authorize: Authorize;
}

export type CheckEscalation = (kind: Kind, next: KubeObject, old: KubeObject | undefined, user: User) => void;

/**
 * Nobody may grant what they do not have: not by writing it into a role (unless they may `escalate` it) nor by binding a role (unless they
 * may `bind` it). After k8s.io/kubernetes pkg/registry/rbac policybased. The check throws Forbidden, naming what is missing.
 */
export function createEscalationCheck({ grants, authorize }: EscalationDeps): CheckEscalation {
  return (kind, next, old, user) => {
    if (kind.group !== RBAC_GROUP || user.groups.includes(MASTERS)) return;
    const namespace = next.metadata.namespace ?? "";
    const may = (verb: string, resource: string, name: string) =>
      authorize({ user, verb, group: RBAC_GROUP, resource, namespace, name }).allowed;
    const hold = (rules: readonly PolicyRule[]) => {
      const missing = uncovered(
        rules,
        [...grants.of(user, namespace)].flatMap((grant) => grant.rules),
      );
      if (missing.length > 0) throw forbidden(kind, next.metadata.name, refusal(user, missing));
    };
    if (kind.kind === "Role" || kind.kind === "ClusterRole") {
      const role = next as Role | ClusterRole;
      const before = old as typeof role | undefined;
      if (before && isDeepStrictEqual(grantsOf(role), grantsOf(before))) return;
      if (may("escalate", kind.plural, role.metadata.name)) return;
      return hold("aggregationRule" in role && role.aggregationRule ? EVERYTHING : (role.rules ?? []));
    }
    const { roleRef, subjects } = next as RoleBinding;
    if (old && isDeepStrictEqual((old as RoleBinding).subjects, subjects)) return;
    if (may("bind", resourceOfRole(roleRef.kind), roleRef.name)) return;
    const rules = grants.rulesOf(roleRef, namespace);
    if (!rules) throw forbidden(kind, next.metadata.name, `${resourceOfRole(roleRef.kind)}.${RBAC_GROUP} "${roleRef.name}" not found`);
    hold(rules);
  };
}

function grantsOf({ rules, ...rest }: Role | ClusterRole): unknown {
  return [rules ?? [], "aggregationRule" in rest ? rest.aggregationRule : undefined];
}

function resourceOfRole(kind: string): string {
  return kind === "ClusterRole" ? "clusterroles" : "roles";
}

function refusal({ name, groups }: User, missing: readonly PolicyRule[]): string {
  const lines = missing.slice(0, MOST_NAMED).map(inGo);
  if (missing.length > MOST_NAMED) lines.push(`… and ${missing.length - MOST_NAMED} more`);
  const who = `user ${JSON.stringify(name)} (groups=[${groups.map((group) => JSON.stringify(group)).join(" ")}])`;
  return `${who} is attempting to grant RBAC permissions not currently held:\n${lines.join("\n")}`;
}

/** As upstream prints a rule: `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`. */
function inGo({ apiGroups, resources, resourceNames, nonResourceURLs, verbs }: PolicyRule): string {
  const fields: [string, readonly string[] | undefined][] = [
    ["APIGroups", apiGroups],
    ["Resources", resources],
    ["ResourceNames", resourceNames],
    ["NonResourceURLs", nonResourceURLs],
    ["Verbs", verbs],
  ];
  return `{${fields.flatMap(([key, list]) => (list ? [`${key}:${JSON.stringify(list)}`] : [])).join(", ")}}`;
}
