export { isSecretField, recordedFields, RECORDED_FIELDS, type RecordedFields } from "./recorded-fields.ts";
export { parseTrafficPolicy, policyProblems, TRAFFIC_POLICY, type PolicyAccess, type TrafficPolicy } from "./traffic-policy.ts";
export { decodeProtobuf } from "./builtin/decode-protobuf.ts";
export { admit, type AdmissionRequest } from "./admit.ts";
export { ruleCauses } from "./cel/schema-rules.ts";
export type { DeleteOptions, KubeClient, ListOptions, WatchOptions } from "./client.ts";
export { constraintCauses } from "./custom/constraints.ts";
export {
  CLEANUP_FINALIZER,
  kindsOfDefinition,
  type CustomResourceDefinition,
  type DefinitionNames,
  type PrinterColumn,
} from "./custom/definition.ts";
export { createConditions, keepTimes, type Cause, type Conditions, type ConditionSet, type ConditionTypes } from "./conditions.ts";
export type * from "./core.ts";
export type * from "./storage.ts";
export { CLAIM_PROTECTION, DEFAULT_CLASS, defaultClass, VOLUME_PROTECTION } from "./storage.ts";
export type { Certificate } from "./certificate.ts";
export type { ClusterDomainClaim, DomainMapping } from "./domain-mapping.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export { expandVariables } from "./expand-variables.ts";
export { parseFieldSelector, type FieldMatcher } from "./field-selector.ts";
export { createInformer, type Informer, type InformerEvent, type InformerFilter, type InformerOptions } from "./informer.ts";
export { ALL_KINDS } from "./kinds/all-kinds.ts";
export {
  AdmissionPolicies,
  AdmissionPolicyBindings,
  CertificateSigningRequests,
  ClusterRoleBindings,
  ClusterRoles,
  CustomResourceDefinitions,
  Leases,
  MutatingWebhooks,
  NodeMetrics,
  PodMetrics,
  APIServices,
  ComponentStatuses,
  PriorityClasses,
  RuntimeClasses,
  RoleBindings,
  Roles,
  StorageClasses,
  ValidatingWebhooks,
} from "./kinds/administration.ts";
export {
  ConfigMaps,
  CoreServices,
  Endpoints,
  Events,
  LimitRanges,
  Namespaces,
  Nodes,
  PersistentVolumeClaims,
  PersistentVolumes,
  Pods,
  ResourceQuotas,
  Secrets,
  ServiceAccounts,
} from "./kinds/core.ts";
export { AuthorizationPolicies, DestinationRules, EnvoyFilters, IstioGateways, VirtualServices } from "./kinds/istio.ts";
export {
  CachedImages,
  Certificates,
  ClusterDomainClaims,
  Configurations,
  DomainMappings,
  KnativeIngresses,
  Metrics,
  PodAutoscalers,
  Revisions,
  Routes,
  ServerlessServices,
  Services,
} from "./kinds/knative.ts";
export { EndpointSlices } from "./kinds/networking.ts";
export { Deployments, HorizontalPodAutoscalers, PodDisruptionBudgets, ReplicaSets } from "./kinds/workloads.ts";
export { apiVersionOf, define, inStorage, inVersion, isCore, type Kind, type ScalePaths } from "./kinds/kind.ts";
export type * from "./istio/istio.ts";
export { durationMs } from "./istio/validate-text.ts";
export { textMatches } from "./istio/text-matches.ts";
export { formatLabelSelector, parseLabelSelector, type LabelMatcher, type Labels } from "./label-selector.ts";
export { claimRefusal, limitRefusal, specWithLimitDefaults } from "./limit-range.ts";
export type * from "./meta.ts";
export { dns1035LabelFaults, dnsLabelFaults, dnsSubdomainFaults, qualifiedNameFaults } from "./dns-names.ts";
export { SYSTEM_PRIORITY_CLASSES } from "./policy/admit-priority-class.ts";
export { annotationKeysCauses, labelsCauses } from "./validate-labels.ts";
export {
  ANNOTATIONS,
  VERSION_LABEL,
  childName,
  DNS_1035_LABEL,
  DNS_LABEL,
  DNS_SUBDOMAIN,
  generateName,
  LABELS,
  QUEUE_PROXY,
  WITH_ENDED,
} from "./names.ts";
export { derivedUid, type Finder, type ObjectView } from "./object-view.ts";
export { isJsonObject, jsonPatch, mergeDifference, mergePatch, type Json, type JsonObject } from "./patch.ts";
export { hasEnded, initialPodStatus, isInstance } from "./pod-status.ts";
export { downwardCauses, envDownwardCauses, subscriptOf } from "./validate-downward.ts";
export { cpuMillis, formatQuantity, isQuantity, memoryBytes, quantityValue } from "./quantity.ts";
export {
  addAmounts,
  claimAmounts,
  isStorageName,
  countedResource,
  hardAmounts,
  invalidHard,
  overQuota,
  podAmounts,
  qosClass,
  quotaTakes,
  unspecified,
  usedStatus,
  type Amounts,
} from "./quota.ts";
export { applyAfterClientSideApply, LAST_APPLIED } from "./ownership/client-side-apply.ts";
export { findDuplicateItem } from "./ownership/duplicate-items.ts";
export type { FieldSet } from "./ownership/field-set.ts";
export { isReset, parseManagedFields, type ManagedFieldsEntry, type ManagerId } from "./ownership/managed-fields.ts";
export { trackUpdate } from "./ownership/track.ts";
export { RBAC_GROUP } from "./rbac.ts";
export type * from "./rbac.ts";
export { jsonCopy } from "./json-copy.ts";
export { sameJson } from "./same-json.ts";
export { applyPartialSchema, applySchema, type Schema, type Structure } from "./schema.ts";
export { appliedScale, SCALE, scaleOf, withScale } from "./scale.ts";
export { schemaOf } from "./schemas.ts";
export { asStoredNow } from "./stored-object.ts";
export type * from "./serving.ts";
export { SERVING_NAMESPACE, type ConfigCheck } from "./serving-config/admit-config.ts";
export { DEFAULT_ADMISSION_CONFIG, parseScaleLimits, type AdmissionConfig } from "./serving-config/admission-config.ts";
export { parseDefaults, type ServingDefaults } from "./serving-config/defaults.ts";
export { parseDeployment, type DeploymentConfig } from "./serving-config/deployment.ts";
export { EXAMPLE_CHECKSUM, EXAMPLE_KEY, exampleChecksum } from "./serving-config/example.ts";
export { parseFeatures, type Features } from "./serving-config/features.ts";
export { parseGcConfig, type GcConfig } from "./serving-config/gc.ts";
export { parseObservability, REQUEST_LOG_TEMPLATE, type ObservabilityConfig } from "./serving-config/observability.ts";
export type { RequestLogInput, RequestLogTemplate } from "./serving-config/request-log-template.ts";
export { readBool, readDuration, readFloat, readInteger, GO_TRUE, type ConfigData } from "./serving-config/read-data.ts";
export { parseGoTemplate } from "./go-template/go-template.ts";
export { HOST_ANNOTATIONS, HOST_TEMPLATE, OWN_HOST_TEMPLATE } from "./host-template.ts";
export { isStatus, StatusError } from "./status-error.ts";
export {
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  forbiddenField,
  invalid,
  invalidValue,
  newCauses,
  notFound,
  requiredField,
  tooLong,
  unsupportedValue,
  type FieldCause,
} from "./status-errors.ts";
export { userPort } from "./user-port.ts";
export { strategicMergePatch } from "./strategic-merge-patch.ts";
export { conditionsHold } from "./webhooks/match-conditions.ts";
export { matchesRule, selectorMatcher, type RuledRequest } from "./webhooks/match-webhook.ts";
export type * from "./webhooks/webhook-configuration.ts";
export type * from "./policies/policy.ts";
export { expressionWarnings } from "./policies/check-types.ts";
export { judgeByPolicy, type PolicyDenial, type PolicyVerdict, type PolicyInput } from "./policies/evaluate-policy.ts";
export {
  CERTIFICATES_GROUP,
  CLIENT_SIGNER,
  hasSigningCondition,
  type SigningCondition,
  type SigningRequest,
} from "./signing/signing-request.ts";
export { signingStatus } from "./signing/signing-status.ts";
export { conversionReview, CONVERSION_VERSIONS, isForeign, readConversion, type ConversionWebhook } from "./custom/conversion.ts";
export { budgetsOf, disruptionsOf, mayBeEvicted, type Disruptions } from "./policy/disruptions.ts";
export type { RuntimeClass } from "./policy/admit-runtime.ts";
export type { PodDisruptionBudget } from "./policy/admit-disruption-budget.ts";
export { builtinSchema, messageOfSchema } from "./builtin/builtin-schema.ts";
export { messageNameOf } from "./builtin/decode-protobuf.ts";
export { objectMeta } from "./schema.ts";
