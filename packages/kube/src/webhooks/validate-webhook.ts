import { isLabelKey, isLabelValue } from "../label-selector.ts";
import type { LabelSelector } from "../rbac.ts";
import { dns1035LabelFaults, dnsSubdomainFaults } from "../dns-names.ts";
import { forbiddenField, invalidValue, oneOf, requiredField, type FieldCause } from "../status-errors.ts";
import { conditionCauses } from "./match-conditions.ts";
import { ruleCauses } from "./validate-rule.ts";
import type { Webhook, WebhookClientConfig } from "./webhook-configuration.ts";

/** The versions of AdmissionReview that are spoken, the one that is liked best first. */
export const REVIEW_VERSIONS = ["v1", "v1beta1"] as const;
const SIDE_EFFECTS = ["None", "NoneOnDryRun"];

/** What is wrong with one webhook whose defaults are filled in. */
export function webhookCauses(webhook: Webhook, at: string, mutating: boolean): FieldCause[] {
  const { rules = [], failurePolicy, matchPolicy, sideEffects, timeoutSeconds = 0, reinvocationPolicy } = webhook;
  const causes = [
    ...nameCauses(webhook.name ?? "", `${at}.name`),
    ...reviewVersionCauses(webhook.admissionReviewVersions ?? [], `${at}.admissionReviewVersions`),
    ...rules.flatMap((rule, index) => ruleCauses(rule, `${at}.rules[${index}]`)),
    ...oneOf(failurePolicy, ["Fail", "Ignore"], `${at}.failurePolicy`),
    ...oneOf(matchPolicy, ["Equivalent", "Exact"], `${at}.matchPolicy`),
    ...(sideEffects === undefined
      ? [requiredField(`${at}.sideEffects`, `must specify one of ${SIDE_EFFECTS.join(", ")}`)]
      : oneOf(sideEffects, SIDE_EFFECTS, `${at}.sideEffects`)),
    ...selectorCauses(webhook.namespaceSelector, `${at}.namespaceSelector`),
    ...selectorCauses(webhook.objectSelector, `${at}.objectSelector`),
    ...clientCauses(webhook.clientConfig ?? {}, `${at}.clientConfig`),
    ...conditionCauses(webhook.matchConditions ?? [], `${at}.matchConditions`),
  ];
  if (timeoutSeconds < 1 || timeoutSeconds > 30)
    causes.push(invalidValue(`${at}.timeoutSeconds`, timeoutSeconds, "the timeout value must be between 1 and 30 seconds"));
  if (mutating) causes.push(...oneOf(reinvocationPolicy, ["IfNeeded", "Never"], `${at}.reinvocationPolicy`));
  return causes;
}

/** apimachinery validation.IsFullyQualifiedName. */
function nameCauses(name: string, at: string): FieldCause[] {
  if (name === "") return [requiredField(at)];
  const faults = dnsSubdomainFaults(name);
  if (faults.length > 0) return faults.map((why) => invalidValue(at, name.slice(0, 300), why));
  return name.split(".").length < 3 ? [invalidValue(at, name, "should be a domain with at least three segments separated by dots")] : [];
}

/** Which versions of a review a webhook speaks: at least one that is spoken here. */
export function reviewVersionCauses(versions: readonly string[], at: string): FieldCause[] {
  const known = REVIEW_VERSIONS.join(", ");
  if (versions.length === 0) return [requiredField(at, `must specify one of ${known}`)];
  const causes = versions.flatMap((version, index) =>
    dns1035LabelFaults(version).map((why) => invalidValue(`${at}[${index}]`, version, why)),
  );
  causes.push(
    ...versions.flatMap((version, index) =>
      versions.indexOf(version) < index ? [invalidValue(`${at}[${index}]`, version, "duplicate version")] : [],
    ),
  );
  if (!REVIEW_VERSIONS.some((version) => versions.includes(version)))
    causes.push(invalidValue(at, versions, `must include at least one of ${known}`));
  return causes;
}

/** apimachinery metav1validation.ValidateLabelSelector. */
export function selectorCauses({ matchLabels = {}, matchExpressions = [] }: LabelSelector = {}, at: string): FieldCause[] {
  const expressions = matchExpressions.flatMap(({ key, operator, values = [] }, index): FieldCause[] => {
    const place = `${at}.matchExpressions[${index}]`;
    const causes = isLabelKey(key ?? "") ? [] : [invalidValue(`${place}.key`, key ?? "", "must be a label key")];
    if (operator === "In" || operator === "NotIn") {
      if (values.length === 0) causes.push(requiredField(`${place}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    } else if (operator === "Exists" || operator === "DoesNotExist") {
      if (values.length > 0)
        causes.push(forbiddenField(`${place}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
    } else causes.push(invalidValue(`${place}.operator`, operator ?? "", "not a valid selector operator"));
    const wrong = values.filter((value) => !isLabelValue(value));
    return [...causes, ...wrong.map((value) => invalidValue(`${place}.values`, value, "must be a label value"))];
  });
  const labels = Object.entries(matchLabels).filter(([key, value]) => !isLabelKey(key) || !isLabelValue(value));
  return [
    ...labels.map(([key, value]) =>
      invalidValue(`${at}.matchLabels`, isLabelKey(key) ? value : key, "must be a label key with a label value"),
    ),
    ...expressions,
  ];
}

/** apiserver webhookutil.ValidateWebhookURL and ValidateWebhookService. */
export function clientCauses({ url, service }: WebhookClientConfig, at: string): FieldCause[] {
  if ((url === undefined) === (service === undefined)) return [requiredField(at, "exactly one of url or service is required")];
  if (url !== undefined) return urlCauses(url, `${at}.url`);
  const { name = "", namespace = "", path, port = 443 } = service ?? {};
  const causes: FieldCause[] = [];
  if (name === "") causes.push(requiredField(`${at}.service.name`, "service name is required"));
  if (namespace === "") causes.push(requiredField(`${at}.service.namespace`, "service namespace is required"));
  if (port < 1 || port > 65_535)
    causes.push(invalidValue(`${at}.service.port`, port, "port is not valid: must be between 1 and 65535, inclusive"));
  if (path !== undefined && !/^(\/[a-zA-Z0-9._~-]+)*\/?$/.test(path))
    causes.push(
      invalidValue(`${at}.service.path`, path, "must begin with '/', and its segments may hold letters, digits, '-', '.', '_' and '~'"),
    );
  return causes;
}

const FORM = "; desired format: https://host[/path]";

function urlCauses(text: string, at: string): FieldCause[] {
  const url = URL.parse(text);
  if (!url) return [requiredField(at, `url must be a valid URL${FORM}`)];
  const causes: FieldCause[] = [];
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== "https") causes.push(invalidValue(at, scheme, `'https' is the only allowed URL scheme${FORM}`));
  if (url.host === "") causes.push(invalidValue(at, url.host, `host must be specified${FORM}`));
  if (url.username !== "" || url.password !== "")
    causes.push(invalidValue(at, "<redacted>", "user information is not permitted in the URL"));
  if (text.includes("#")) causes.push(invalidValue(at, url.hash.slice(1), "fragments are not permitted in the URL"));
  if (text.includes("?")) causes.push(invalidValue(at, url.search.slice(1), "query parameters are not permitted in the URL"));
  return causes;
}
