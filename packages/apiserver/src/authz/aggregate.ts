import { isDeepStrictEqual } from "node:util";
import type { ClusterRole, LabelSelector, PolicyRule } from "@ebb/kube";

/**
 * The rules that an aggregated role must have: those of all other roles that one of its selectors matches, in the order of their names,
 * none twice. Undefined for a role that is not aggregated. After k8s.io/kubernetes pkg/controller/clusterroleaggregation.
 */
export function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] | undefined {
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  if (selectors.length === 0) return undefined;
  const rules: PolicyRule[] = [];
  for (const other of all) {
    if (other.metadata.name === role.metadata.name || !selectors.some((selector) => matches(selector, other.metadata.labels ?? {})))
      continue;
    for (const rule of other.rules ?? []) if (!rules.some((known) => isDeepStrictEqual(known, rule))) rules.push(rule);
  }
  return rules;
}

function matches({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Record<string, string>): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === "Exists") return value !== undefined;
      if (operator === "DoesNotExist") return value === undefined;
      const listed = value !== undefined && values.includes(value);
      return operator === "In" ? listed : !listed;
    })
  );
}
