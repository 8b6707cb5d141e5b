import { formatLabelSelector, parseLabelSelector, type LabelMatcher } from "../label-selector.ts";
import type { LabelSelector } from "../rbac.ts";
import type { WebhookRule } from "./webhook-configuration.ts";

/** A request as a rule sees it. */
export interface RuledRequest {
  operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  group: string;
  version: string;
  /** Plural. */
  resource: string;
  /** Empty for the resource itself. */
  subresource: string;
  /** Empty for what is in no namespace. A Namespace is in itself. */
  namespace: string;
}

/** Whether a rule is about a request; k8s.io/apiserver pkg/admission/plugin/webhook/predicates/rules. */
export function matchesRule(rule: WebhookRule, request: RuledRequest): boolean {
  return (
    matchesScope(rule.scope, request) &&
    includes(rule.operations, request.operation) &&
    includes(rule.apiGroups, request.group) &&
    includes(rule.apiVersions, request.version) &&
    (rule.resources ?? []).some((text) => matchesResource(text, request))
  );
}

function includes(list: readonly string[] = [], value: string): boolean {
  return list.includes("*") || list.includes(value);
}

function matchesScope(scope: string | undefined, { group, resource, namespace }: RuledRequest): boolean {
  const isNamespace = group === "" && resource === "namespaces";
  if (scope === "Namespaced") return namespace !== "" && !isNamespace;
  return scope === "Cluster" ? namespace === "" || isNamespace : true;
}

function matchesResource(text: string, request: RuledRequest): boolean {
  const [resource = "", subresource = ""] = text.split("/", 2);
  return (resource === "*" || resource === request.resource) && (subresource === "*" || subresource === request.subresource);
}

/** Selects everything when it is empty. */
export function selectorMatcher(selector: LabelSelector | undefined): LabelMatcher {
  return parseLabelSelector(formatLabelSelector(selector));
}
