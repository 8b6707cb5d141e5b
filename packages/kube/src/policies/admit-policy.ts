import { compile, CompileError } from "../cel/compile.ts";
import type { Kind } from "../kinds/kind.ts";
import { isLabelKey } from "../label-selector.ts";
import type { KubeObject } from "../meta.ts";
import { dns1035LabelFaults, dnsSubdomainFaults } from "../dns-names.ts";
import { forbiddenField, invalidValue, oneOf, refuseInvalid, requiredField, unsupportedValue, type FieldCause } from "../status-errors.ts";
import { duplicates } from "../webhooks/duplicates.ts";
import { conditionCauses } from "../webhooks/match-conditions.ts";
import { ruleCauses } from "../webhooks/validate-rule.ts";
import { selectorCauses } from "../webhooks/validate-webhook.ts";
import type {
  AdmissionPolicy,
  AdmissionPolicyBinding,
  AuditAnnotation,
  MatchResources,
  ParamKind,
  ParamRef,
  PolicyValidation,
  PolicyVariable,
} from "./policy.ts";
import { conditionVariables, POLICY_VARIABLES } from "./policy-variables.ts";

const REASONS = ["Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"];
const ACTIONS = ["Audit", "Deny", "Warn"];
const MOST_ANNOTATIONS = 20;
const LONGEST_VALUE_EXPRESSION = 5 * 1024;
const EITHER = "validations or auditAnnotations must contain at least one item";

/**
 * What the API server's registry does to a ValidatingAdmissionPolicy: fills in defaults, and refuses what is wrong in upstream's words
 * (k8s.io/kubernetes pkg/apis/admissionregistration).
 */
export function admitPolicy(object: KubeObject, kind: Kind): KubeObject {
  const policy = object as AdmissionPolicy;
  const { matchConstraints } = policy.spec ?? {};
  const spec = {
    failurePolicy: "Fail",
    ...policy.spec,
    ...(matchConstraints ? { matchConstraints: withDefaults(matchConstraints) } : {}),
  };
  const causes = policyCauses(spec, policy.metadata.name);
  refuseInvalid(kind, object, causes);
  return { ...policy, spec };
}

/** The same for a ValidatingAdmissionPolicyBinding. */
export function admitPolicyBinding(object: KubeObject, kind: Kind): KubeObject {
  const binding = object as AdmissionPolicyBinding;
  const { matchResources } = binding.spec ?? {};
  const spec = { ...binding.spec, ...(matchResources ? { matchResources: withDefaults(matchResources) } : {}) };
  const { policyName = "", paramRef, validationActions = [] } = spec;
  const causes: FieldCause[] = [
    ...(policyName === "" ? [requiredField("spec.policyName")] : []),
    ...(policyName === "" ? [] : dnsSubdomainFaults(policyName).map((why) => invalidValue("spec.policyName", policyName, why))),
    ...(paramRef ? paramRefCauses(paramRef, "spec.paramRef") : []),
    ...(spec.matchResources ? matchCauses(spec.matchResources, "spec.matchResources") : []),
    ...actionCauses(validationActions, "spec.validationActions"),
  ];
  refuseInvalid(kind, object, causes);
  return { ...binding, spec };
}

function withDefaults(match: MatchResources): MatchResources {
  const scoped = (rules: MatchResources["resourceRules"]) => rules?.map((rule) => ({ scope: "*", ...rule }));
  return {
    namespaceSelector: {},
    objectSelector: {},
    matchPolicy: "Equivalent",
    ...match,
    ...(match.resourceRules ? { resourceRules: scoped(match.resourceRules) ?? [] } : {}),
    ...(match.excludeResourceRules ? { excludeResourceRules: scoped(match.excludeResourceRules) ?? [] } : {}),
  };
}

function policyCauses(spec: NonNullable<AdmissionPolicy["spec"]>, name: string): FieldCause[] {
  const {
    failurePolicy,
    paramKind,
    matchConstraints,
    matchConditions = [],
    variables = [],
    validations = [],
    auditAnnotations = [],
  } = spec;
  const known = paramKind ? POLICY_VARIABLES : POLICY_VARIABLES.filter((each) => each !== "params");
  const declared = variables.map((variable) => variable.name ?? "");
  const causes: FieldCause[] = [
    ...oneOf(failurePolicy, ["Fail", "Ignore"], "spec.failurePolicy"),
    ...(paramKind ? paramKindCauses(paramKind, "spec.paramKind") : []),
    ...(matchConstraints ? matchCauses(matchConstraints, "spec.matchConstraints") : [requiredField("spec.matchConstraints")]),
    ...(matchConstraints && !matchConstraints.resourceRules?.length ? [requiredField("spec.matchConstraints.resourceRules")] : []),
    ...conditionCauses(matchConditions, "spec.matchConditions", conditionVariables(paramKind !== undefined)),
    ...variables.flatMap((variable, index) =>
      variableCauses(variable, `spec.variables[${index}]`, { known, declared: declared.slice(0, index) }),
    ),
  ];
  if (validations.length === 0 && auditAnnotations.length === 0)
    return [...causes, requiredField("spec.validations", EITHER), requiredField("spec.auditAnnotations", EITHER)];
  if (auditAnnotations.length > MOST_ANNOTATIONS)
    causes.push(invalidValue("spec.auditAnnotations", auditAnnotations, `must not have more than ${MOST_ANNOTATIONS} auditAnnotations`));
  const scope = { known, declared };
  return [
    ...causes,
    ...validations.flatMap((validation, index) => validationCauses(validation, `spec.validations[${index}]`, scope)),
    ...auditAnnotations.flatMap((annotation, index) =>
      annotationCauses(annotation, { at: `spec.auditAnnotations[${index}]`, policy: name, scope }),
    ),
    ...duplicates(
      auditAnnotations.map(({ key = "" }) => key),
      (index) => `spec.auditAnnotations[${index}].key`,
    ),
  ];
}

/** Variables of CEL, and those of the policy that an expression may use. */
interface Scope {
  known: readonly string[];
  declared: readonly string[];
}

function expressionCauses(expression: string, at: string, { scope, types }: { scope: Scope; types: readonly string[] }): FieldCause[] {
  const refuse = (why: string) => [invalidValue(at, expression, why)];
  try {
    const { type, chains } = compile(expression, scope.known);
    const unknown = chains.find(([root, name]) => root === "variables" && name !== undefined && !scope.declared.includes(name));
    if (unknown) return refuse(`compilation failed: undefined field '${unknown[1]}'`);
    // CEL's own name of it is another than the library's.
    const named = type === "null" ? "null_type" : type;
    if (types.length === 0 || type === "dyn" || types.includes(named)) return [];
    return refuse(types.length === 1 ? `must evaluate to ${types.join("")}` : `must evaluate to one of [${types.join(" ")}]`);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    return refuse(`compilation failed: ${error.message}`);
  }
}

const IDENTIFIER =
  /^(?!(?:true|false|null|in|as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while)$)[_a-zA-Z][_a-zA-Z0-9]*$/;

function variableCauses({ name = "", expression = "" }: PolicyVariable, at: string, scope: Scope): FieldCause[] {
  const named =
    name.trim() === ""
      ? [requiredField(`${at}.name`, "name is not specified")]
      : IDENTIFIER.test(name)
        ? []
        : [invalidValue(`${at}.name`, name, "name is not a valid CEL identifier")];
  if (expression.trim() === "") return [...named, requiredField(`${at}.expression`, "expression is not specified")];
  return [...named, ...expressionCauses(expression, `${at}.expression`, { scope, types: [] })];
}

function validationCauses(
  { expression = "", message = "", messageExpression = "", reason }: PolicyValidation,
  at: string,
  scope: Scope,
): FieldCause[] {
  const causes =
    expression.trim() === ""
      ? [requiredField(`${at}.expression`, "expression is not specified")]
      : expressionCauses(expression, `${at}.expression`, { scope, types: ["bool"] });
  if (messageExpression.trim() !== "")
    causes.push(...expressionCauses(messageExpression, `${at}.messageExpression`, { scope, types: ["string"] }));
  else if (messageExpression !== "")
    causes.push(invalidValue(`${at}.messageExpression`, messageExpression, "must be non-empty if specified"));
  if (message !== "" && message.trim() === "")
    causes.push(invalidValue(`${at}.message`, message, "message must be non-empty if specified"));
  else if (/[\n\r]/.test(message.trim())) causes.push(invalidValue(`${at}.message`, message, "message must not contain line breaks"));
  if (reason !== undefined && !REASONS.includes(reason)) causes.push(unsupportedValue(`${at}.reason`, reason, REASONS));
  return causes;
}

function annotationCauses(
  { key = "", valueExpression = "" }: AuditAnnotation,
  { at, policy, scope }: { at: string; policy: string; scope: Scope },
): FieldCause[] {
  const named = isLabelKey(`${policy}/${key}`) ? [] : [invalidValue(`${at}.key`, `${policy}/${key}`, "must be a qualified name")];
  const place = `${at}.valueExpression`;
  const text = valueExpression.trim();
  if (text === "") return [...named, requiredField(place, "valueExpression is not specified")];
  if (text.length > LONGEST_VALUE_EXPRESSION)
    return [...named, requiredField(place, `must not exceed ${LONGEST_VALUE_EXPRESSION} bytes in length`)];
  return [...named, ...expressionCauses(valueExpression, place, { scope, types: ["string", "null_type"] })];
}

function paramKindCauses({ apiVersion = "", kind = "" }: ParamKind, at: string): FieldCause[] {
  const parts = apiVersion.split("/");
  const version = parts.at(-1) ?? "";
  const group = parts.length === 2 ? (parts[0] ?? "") : "";
  const causes: FieldCause[] = [];
  if (apiVersion === "") causes.push(requiredField(`${at}.apiVersion`));
  else if (parts.length > 2)
    causes.push(invalidValue(`${at}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion.slice(0, 300)}`));
  else {
    if (group !== "") causes.push(...dnsSubdomainFaults(group).map((why) => invalidValue(`${at}.apiVersion`, group, why)));
    if (version === "") causes.push(invalidValue(`${at}.apiVersion`, apiVersion, "version must be specified"));
    else causes.push(...dns1035LabelFaults(version).map((why) => invalidValue(`${at}.apiVersion`, version, why)));
  }
  if (kind === "") causes.push(requiredField(`${at}.kind`));
  else {
    const faults = dns1035LabelFaults(kind.toLowerCase()).join(",");
    if (faults !== "") causes.push(invalidValue(`${at}.kind`, kind, `may have mixed case, but should otherwise match: ${faults}`));
  }
  return causes;
}

function paramRefCauses({ name = "", selector, parameterNotFoundAction }: ParamRef, at: string): FieldCause[] {
  const exclusive = "name and selector are mutually exclusive";
  return [
    ...(name === "" ? [] : segmentCauses(name, `${at}.name`)),
    ...(selector && name !== "" ? [forbiddenField(`${at}.name`, exclusive)] : []),
    ...(selector ? selectorCauses(selector, `${at}.selector`) : []),
    ...(selector && name !== "" ? [forbiddenField(`${at}.selector`, exclusive)] : []),
    ...(selector || name !== "" ? [] : [requiredField(at, "one of name or selector must be specified")]),
    ...(parameterNotFoundAction
      ? oneOf(parameterNotFoundAction, ["Allow", "Deny"], `${at}.parameterNotFoundAction`)
      : [requiredField(`${at}.parameterNotFoundAction`)]),
  ];
}

function matchCauses(match: MatchResources, at: string): FieldCause[] {
  const rules = { resourceRules: match.resourceRules ?? [], excludeResourceRules: match.excludeResourceRules ?? [] };
  return [
    ...oneOf(match.matchPolicy, ["Equivalent", "Exact"], `${at}.matchPolicy`),
    ...selectorCauses(match.namespaceSelector, `${at}.namespaceSelector`),
    ...selectorCauses(match.objectSelector, `${at}.objectSelector`),
    ...Object.entries(rules).flatMap(([field, list]) =>
      list.flatMap((rule, index) => {
        const place = `${at}.${field}[${index}]`;
        const { resourceNames = [] } = rule;
        return [
          ...resourceNames.flatMap((name, position) => segmentCauses(name, `${place}.resourceNames[${position}]`)),
          ...duplicates(resourceNames, (position) => `${place}.resourceNames[${position}]`),
          ...ruleCauses(rule, place),
        ];
      }),
    ),
  ];
}

/** apimachinery path.ValidatePathSegmentName. */
function segmentCauses(name: string, at: string): FieldCause[] {
  if (name === "." || name === "..") return [invalidValue(at, name, `may not be '${name}'`)];
  return ["/", "%"].filter((each) => name.includes(each)).map((each) => invalidValue(at, name, `may not contain '${each}'`));
}

function actionCauses(actions: readonly string[], at: string): FieldCause[] {
  const causes = [
    ...actions.flatMap((action, index) => oneOf(action, ACTIONS, `${at}[${index}]`)),
    ...duplicates(actions, (index) => `${at}[${index}]`),
  ];
  if (actions.includes("Deny") && actions.includes("Warn"))
    causes.push(
      invalidValue(
        at,
        actions,
        "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)",
      ),
    );
  if (actions.length === 0) causes.push(requiredField(at, "at least one validation action is required"));
  return causes;
}
