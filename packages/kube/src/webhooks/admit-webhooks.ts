import type { Kind } from "../kinds/kind.ts";
import type { KubeObject } from "../meta.ts";
import { refuseInvalid, type FieldCause } from "../status-errors.ts";
import { duplicates } from "./duplicates.ts";
import { webhookCauses } from "./validate-webhook.ts";
import type { Webhook, WebhookConfiguration } from "./webhook-configuration.ts";

/**
 * What the API server's registry does to a webhook configuration: fills in defaults, and refuses what is wrong in upstream's words
 * (k8s.io/kubernetes pkg/apis/admissionregistration/{v1/defaults.go,validation}).
 */
export function admitWebhooks(object: KubeObject, kind: Kind): KubeObject {
  const configuration = object as WebhookConfiguration;
  const mutating = kind.kind === "MutatingWebhookConfiguration";
  const webhooks = (configuration.webhooks ?? []).map((webhook) => withDefaults(webhook, mutating));
  const causes: FieldCause[] = [
    ...webhooks.flatMap((webhook, index) => webhookCauses(webhook, `webhooks[${index}]`, mutating)),
    ...duplicates(
      webhooks.map(({ name }) => name),
      (index) => `webhooks[${index}].name`,
    ),
  ];
  refuseInvalid(kind, object, causes);
  const admitted: WebhookConfiguration = { ...configuration, ...(configuration.webhooks ? { webhooks } : {}) };
  return admitted;
}

function withDefaults(webhook: Webhook, mutating: boolean): Webhook {
  const { clientConfig, rules } = webhook;
  const service = clientConfig?.service;
  return {
    failurePolicy: "Fail",
    matchPolicy: "Equivalent",
    namespaceSelector: {},
    objectSelector: {},
    timeoutSeconds: 10,
    ...(mutating ? { reinvocationPolicy: "Never" } : {}),
    ...webhook,
    ...(service ? { clientConfig: { ...clientConfig, service: { port: 443, ...service } } } : {}),
    ...(rules ? { rules: rules.map((rule) => ({ scope: "*", ...rule })) } : {}),
  };
}
