import type { KubeObject } from "../meta.ts";
import type { LabelSelector } from "../rbac.ts";

/** admissionregistration.k8s.io/v1: which requests a webhook, or a part of one, is asked about. */
export interface WebhookRule {
  operations?: string[];
  apiGroups?: string[];
  apiVersions?: string[];
  resources?: string[];
  scope?: string;
}

export interface WebhookClientConfig {
  url?: string;
  service?: { namespace?: string; name?: string; path?: string; port?: number };
  /** PEM, in base64. */
  caBundle?: string;
}

/** One webhook of either sort; `reinvocationPolicy` is of mutating ones. Optional fields are filled in by admission. */
export interface Webhook {
  name: string;
  clientConfig?: WebhookClientConfig;
  rules?: WebhookRule[];
  failurePolicy?: string;
  matchPolicy?: string;
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  sideEffects?: string;
  timeoutSeconds?: number;
  admissionReviewVersions?: string[];
  matchConditions?: { name: string; expression: string }[];
  reinvocationPolicy?: string;
}

/** MutatingWebhookConfiguration or ValidatingWebhookConfiguration. */
export interface WebhookConfiguration extends KubeObject {
  webhooks?: Webhook[];
}
