import type { KubeObject } from "../meta.ts";
import type { LabelSelector } from "../rbac.ts";
import type { WebhookRule } from "../webhooks/webhook-configuration.ts";

/** admissionregistration.k8s.io/v1: requests that a policy, or one of its bindings, is about. Optional fields are filled in by admission. */
export interface MatchResources {
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  resourceRules?: NamedRule[];
  excludeResourceRules?: NamedRule[];
  matchPolicy?: string;
}

export interface NamedRule extends WebhookRule {
  resourceNames?: string[];
}

export interface PolicyVariable {
  name?: string;
  expression?: string;
}

export interface PolicyValidation {
  expression?: string;
  message?: string;
  reason?: string;
  messageExpression?: string;
}

export interface AuditAnnotation {
  key?: string;
  valueExpression?: string;
}

export interface ParamKind {
  apiVersion?: string;
  kind?: string;
}

export interface ParamRef {
  name?: string;
  namespace?: string;
  selector?: LabelSelector;
  parameterNotFoundAction?: string;
}

/** ValidatingAdmissionPolicy: rules about writes, of no effect without a binding. */
export interface AdmissionPolicy extends KubeObject {
  spec?: {
    paramKind?: ParamKind;
    matchConstraints?: MatchResources;
    matchConditions?: { name: string; expression: string }[];
    variables?: PolicyVariable[];
    validations?: PolicyValidation[];
    auditAnnotations?: AuditAnnotation[];
    failurePolicy?: string;
  };
  status?: { observedGeneration?: number; typeChecking?: { expressionWarnings?: ExpressionWarning[] }; conditions?: object[] };
}

/** What an expression is about that the kinds of its policy do not have. */
export interface ExpressionWarning {
  fieldRef: string;
  warning: string;
}

/** ValidatingAdmissionPolicyBinding: where a policy holds, with which parameters, and what becomes of what breaks it. */
export interface AdmissionPolicyBinding extends KubeObject {
  spec?: {
    policyName?: string;
    paramRef?: ParamRef;
    matchResources?: MatchResources;
    validationActions?: string[];
  };
}
