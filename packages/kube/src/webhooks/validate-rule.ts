import { invalidValue, requiredField, unsupportedValue, type FieldCause } from "../status-errors.ts";
import type { WebhookRule } from "./webhook-configuration.ts";

const OPERATIONS = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const SCOPES = ["*", "Cluster", "Namespaced"];

/** What is wrong with one rule of a webhook; k8s.io/kubernetes validateRuleWithOperations. */
export function ruleCauses({ operations = [], apiGroups = [], apiVersions = [], resources = [], scope = "*" }: WebhookRule, at: string) {
  const causes: FieldCause[] = [
    ...listCauses(operations, "operations", `${at}.operations`),
    ...operations.flatMap((operation, index) =>
      OPERATIONS.includes(operation) ? [] : [unsupportedValue(`${at}.operations[${index}]`, operation, OPERATIONS)],
    ),
    ...listCauses(apiGroups, "API groups", `${at}.apiGroups`),
    ...listCauses(apiVersions, "API versions", `${at}.apiVersions`),
    ...apiVersions.flatMap((version, index) => (version === "" ? [requiredField(`${at}.apiVersions[${index}]`)] : [])),
    ...(resources.length === 0 ? [requiredField(`${at}.resources`)] : resourceCauses(resources, `${at}.resources`)),
  ];
  if (!SCOPES.includes(scope)) causes.push(unsupportedValue(`${at}.scope`, scope, SCOPES));
  return causes;
}

function listCauses(values: readonly string[], what: string, at: string): FieldCause[] {
  if (values.length === 0) return [requiredField(at)];
  const mixed = values.length > 1 && values.includes("*");
  return mixed ? [invalidValue(at, values, `if '*' is present, must not specify other ${what}`)] : [];
}

/** Each resource at most once: what a wildcard covers must not be named beside it. */
function resourceCauses(resources: readonly string[], at: string): FieldCause[] {
  const causes: FieldCause[] = [];
  const wholeResources = new Set<string>();
  const wholeSubresources = new Set<string>();
  let named = false;
  for (const [index, text] of resources.entries()) {
    const [resource = "", subresource] = text.split("/", 2);
    const refuse = (wildcard: string) =>
      causes.push(invalidValue(`${at}[${index}]`, text, `if '${wildcard}' is present, must not specify ${text}`));
    if (text === "") causes.push(requiredField(`${at}[${index}]`));
    else if (subresource === undefined) named ||= text !== "*";
    else {
      if (wholeResources.has(resource)) refuse(`${resource}/*`);
      if (wholeSubresources.has(subresource)) refuse(`*/${subresource}`);
      if (subresource === "*") wholeResources.add(resource);
      if (resource === "*") wholeSubresources.add(subresource);
    }
  }
  if (resources.length > 1 && resources.includes("*/*"))
    causes.push(invalidValue(at, resources, "if '*/*' is present, must not specify other resources"));
  if (resources.includes("*") && named)
    causes.push(invalidValue(at, resources, "if '*' is present, must not specify other resources without subresources"));
  return causes;
}
