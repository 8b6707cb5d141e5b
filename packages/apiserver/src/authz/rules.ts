import type { PolicyRule } from "@ebb/kube";
import { isResource, type Attributes } from "./attributes.ts";

/** Whether one rule allows it; k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac RuleAllows. */
export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false;
  if (!isResource(attributes)) return (rule.nonResourceURLs ?? []).some((pattern) => urlMatches(pattern, attributes.path));
  const { group, resource, name } = attributes;
  return has(rule.apiGroups, group) && resourceMatches(rule.resources ?? [], resource) && nameMatches(rule.resourceNames ?? [], name);
}

function has(list: readonly string[] = [], value: string): boolean {
  return list.includes(value) || list.includes("*");
}

function resourceMatches(resources: readonly string[], resource: string): boolean {
  if (has(resources, resource)) return true;
  const slash = resource.indexOf("/");
  return slash >= 0 && resources.includes(`*${resource.slice(slash)}`);
}

function nameMatches(names: readonly string[], name: string): boolean {
  return names.length === 0 || names.includes(name);
}

function urlMatches(pattern: string, path: string): boolean {
  return pattern === "*" || pattern === path || (pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1)));
}

/**
 * The parts of `wanted` that `held` does not cover, one verb, group, resource and name each: what somebody may not hand on because they
 * do not have it. After k8s.io/component-helpers auth/rbac/validation Covers.
 */
export function uncovered(wanted: readonly PolicyRule[], held: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap((rule) => atoms(rule)).filter((atom) => !held.some((rule) => covers(rule, atom)));
}

function atoms({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule): PolicyRule[] {
  const urls = nonResourceURLs.flatMap((url) => verbs.map((verb): PolicyRule => ({ verbs: [verb], nonResourceURLs: [url] })));
  const names = resourceNames.length === 0 ? [undefined] : resourceNames;
  const acts = apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      names.flatMap((name) =>
        verbs.map((verb): PolicyRule => {
          const atom = { verbs: [verb], apiGroups: [group], resources: [resource] };
          return name === undefined ? atom : { ...atom, resourceNames: [name] };
        }),
      ),
    ),
  );
  return [...urls, ...acts];
}

/** `atom` has one value in each list. */
function covers(rule: PolicyRule, { verbs: [verb = ""], apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): boolean {
  if (!has(rule.verbs, verb)) return false;
  const [url] = nonResourceURLs ?? [];
  if (url !== undefined) return (rule.nonResourceURLs ?? []).some((pattern) => urlMatches(pattern, url));
  const names = rule.resourceNames ?? [];
  const [name] = resourceNames ?? [];
  return (
    has(rule.apiGroups, apiGroups?.[0] ?? "") &&
    resourceMatches(rule.resources ?? [], resources?.[0] ?? "") &&
    (names.length === 0 || (name !== undefined && names.includes(name)))
  );
}
