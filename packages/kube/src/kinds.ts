import { API_EXTENSIONS_GROUP, type CustomResourceDefinition, type PrinterColumn } from "./custom/definition.ts";
import type { ConfigMap, CoreService, KubeEvent, LimitRange, Namespace, Pod, ResourceQuota, Secret, ServiceAccount } from "./core.ts";
import type { Certificate } from "./certificate.ts";
import type { ClusterDomainClaim, DomainMapping } from "./domain-mapping.ts";
import type { AuthorizationPolicy, DestinationRule, EnvoyFilter, IstioGateway, VirtualService } from "./istio/istio.ts";
import type { KubeObject } from "./meta.ts";
import type { AdmissionPolicy, AdmissionPolicyBinding } from "./policies/policy.ts";
import { NODE_METRICS_COLUMNS, NODE_METRICS_SCHEMA, POD_METRICS_COLUMNS, POD_METRICS_SCHEMA } from "./measured.ts";
import type { Schema } from "./schema.ts";
import { RBAC_GROUP, type ClusterRole, type ClusterRoleBinding, type Role, type RoleBinding } from "./rbac.ts";
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from "./storage.ts";
import type { WebhookConfiguration } from "./webhooks/webhook-configuration.ts";
import type { Configuration, KnativeService, PodAutoscaler, Revision, Route } from "./serving.ts";

/** Where a kind lives in the REST API and how it behaves; `T` is the type of its objects. */
export interface Kind<T extends KubeObject = KubeObject> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** PUT/PATCH of the main resource ignores status, and `/status` ignores all else. */
  readonly statusSubresource: boolean;
  /** Whether `metadata.generation` is kept. */
  readonly generation: boolean;
  /** Where `/scale` (autoscaling/v1) finds its numbers, as in a custom resource definition; absent for kinds that have none. */
  readonly scale?: ScalePaths;
  /** Kinds built into Kubernetes take strategic merge patches and unconditional updates; custom ones do neither. */
  readonly builtIn: boolean;
  /** For one that is served in several versions, the one in which it is stored; its objects differ by nothing else. */
  readonly storageVersion?: string;
  /** Of a kind that a user has defined; those that come with the cluster have theirs in schemas.ts. */
  readonly schema?: Schema;
  /** Of a kind that a user has defined: what `kubectl get` shows besides the name. */
  readonly columns?: readonly PrinterColumn[];
  /** Not stored but found out when it is read: got and listed alone, and not watched. */
  readonly measured?: boolean;
  /** Only there to carry the type. */
  readonly __type?: T;
}

/** Fields of an object, from its root. */
export interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  /** A label selector, as text or as meta/v1 LabelSelector. */
  readonly selector?: readonly string[];
}

type Shape = Omit<
  Kind,
  "__type" | "singular" | "shortNames" | "categories" | "namespaced" | "statusSubresource" | "generation" | "builtIn"
> &
  Partial<Kind>;

function define<T extends KubeObject>(shape: Shape): Kind<T> {
  return {
    singular: shape.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    statusSubresource: false,
    generation: false,
    builtIn: false,
    ...shape,
  } as Kind<T>;
}

const core = { group: "", version: "v1", builtIn: true } as const;
const serving = { group: "serving.knative.dev", version: "v1", statusSubresource: true, generation: true } as const;

export const Namespaces = define<Namespace>({
  ...core,
  kind: "Namespace",
  plural: "namespaces",
  shortNames: ["ns"],
  namespaced: false,
  statusSubresource: true,
});
export const ConfigMaps = define<ConfigMap>({ ...core, kind: "ConfigMap", plural: "configmaps", shortNames: ["cm"] });
export const Secrets = define<Secret>({ ...core, kind: "Secret", plural: "secrets" });
export const Events = define<KubeEvent>({ ...core, kind: "Event", plural: "events", shortNames: ["ev"] });
export const ServiceAccounts = define<ServiceAccount>({ ...core, kind: "ServiceAccount", plural: "serviceaccounts", shortNames: ["sa"] });
/** Kubernetes' own Service, not Knative's. */
export const CoreServices = define<CoreService>({
  ...core,
  kind: "Service",
  plural: "services",
  shortNames: ["svc"],
  categories: ["all"],
  statusSubresource: true,
});
export const Endpoints = define({ ...core, kind: "Endpoints", plural: "endpoints", shortNames: ["ep"] });
export const Nodes = define({
  ...core,
  kind: "Node",
  plural: "nodes",
  shortNames: ["no"],
  namespaced: false,
  statusSubresource: true,
});
export const Leases = define({ group: "coordination.k8s.io", version: "v1", builtIn: true, kind: "Lease", plural: "leases" });
export const EndpointSlices = define({
  group: "discovery.k8s.io",
  version: "v1",
  builtIn: true,
  kind: "EndpointSlice",
  plural: "endpointslices",
});
export const Deployments = define({
  group: "apps",
  version: "v1",
  builtIn: true,
  kind: "Deployment",
  plural: "deployments",
  shortNames: ["deploy"],
  categories: ["all"],
  statusSubresource: true,
  scale: { specReplicas: ["spec", "replicas"], statusReplicas: ["status", "replicas"], selector: ["spec", "selector"] },
  generation: true,
});
export const PersistentVolumeClaims = define<PersistentVolumeClaim>({
  ...core,
  kind: "PersistentVolumeClaim",
  plural: "persistentvolumeclaims",
  shortNames: ["pvc"],
  statusSubresource: true,
});
export const PersistentVolumes = define<PersistentVolume>({
  ...core,
  kind: "PersistentVolume",
  plural: "persistentvolumes",
  shortNames: ["pv"],
  namespaced: false,
  statusSubresource: true,
});
export const StorageClasses = define<StorageClass>({
  group: "storage.k8s.io",
  version: "v1",
  builtIn: true,
  kind: "StorageClass",
  plural: "storageclasses",
  shortNames: ["sc"],
  namespaced: false,
});
export const ReplicaSets = define({
  group: "apps",
  version: "v1",
  builtIn: true,
  kind: "ReplicaSet",
  plural: "replicasets",
  shortNames: ["rs"],
  categories: ["all"],
  statusSubresource: true,
  scale: { specReplicas: ["spec", "replicas"], statusReplicas: ["status", "replicas"], selector: ["spec", "selector"] },
  generation: true,
});
export const HorizontalPodAutoscalers = define({
  group: "autoscaling",
  version: "v2",
  builtIn: true,
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  shortNames: ["hpa"],
  categories: ["all"],
  statusSubresource: true,
});
export const Pods = define<Pod>({ ...core, kind: "Pod", plural: "pods", shortNames: ["po"], categories: ["all"], statusSubresource: true });
export const Services = define<KnativeService>({
  ...serving,
  kind: "Service",
  plural: "services",
  shortNames: ["kservice", "ksvc"],
  categories: ["all", "knative", "serving"],
});
export const Configurations = define<Configuration>({
  ...serving,
  kind: "Configuration",
  plural: "configurations",
  shortNames: ["config", "cfg"],
  categories: ["all", "knative", "serving"],
});
export const Revisions = define<Revision>({
  ...serving,
  kind: "Revision",
  plural: "revisions",
  shortNames: ["rev"],
  categories: ["all", "knative", "serving"],
});
export const Routes = define<Route>({
  ...serving,
  kind: "Route",
  plural: "routes",
  shortNames: ["rt"],
  categories: ["all", "knative", "serving"],
});
export const PodAutoscalers = define<PodAutoscaler>({
  ...serving,
  group: "autoscaling.internal.knative.dev",
  version: "v1alpha1",
  kind: "PodAutoscaler",
  plural: "podautoscalers",
  shortNames: ["kpa", "pa"],
  categories: ["knative-internal", "autoscaling"],
});
const rbac = { group: RBAC_GROUP, version: "v1", builtIn: true } as const;
export const Roles = define<Role>({ ...rbac, kind: "Role", plural: "roles" });
export const RoleBindings = define<RoleBinding>({ ...rbac, kind: "RoleBinding", plural: "rolebindings" });
export const ClusterRoles = define<ClusterRole>({ ...rbac, kind: "ClusterRole", plural: "clusterroles", namespaced: false });
export const ClusterRoleBindings = define<ClusterRoleBinding>({
  ...rbac,
  kind: "ClusterRoleBinding",
  plural: "clusterrolebindings",
  namespaced: false,
});

const internal = { version: "v1alpha1", statusSubresource: true, generation: true } as const;
export const Metrics = define({
  ...internal,
  group: "autoscaling.internal.knative.dev",
  kind: "Metric",
  plural: "metrics",
  categories: ["knative-internal", "autoscaling"],
});
export const ServerlessServices = define({
  ...internal,
  group: "networking.internal.knative.dev",
  kind: "ServerlessService",
  plural: "serverlessservices",
  shortNames: ["sks"],
  categories: ["knative-internal", "networking"],
});
/** Knative's own Ingress, not Kubernetes'. */
export const KnativeIngresses = define({
  ...internal,
  group: "networking.internal.knative.dev",
  kind: "Ingress",
  plural: "ingresses",
  shortNames: ["kingress", "king"],
  categories: ["knative-internal", "networking"],
});
export const Certificates = define<Certificate>({
  ...internal,
  group: "networking.internal.knative.dev",
  kind: "Certificate",
  plural: "certificates",
  shortNames: ["kcert"],
  categories: ["knative-internal", "networking"],
});
export const CachedImages = define({
  ...internal,
  group: "caching.internal.knative.dev",
  kind: "Image",
  plural: "images",
  categories: ["knative-internal", "caching"],
});
export const ResourceQuotas = define<ResourceQuota>({
  ...core,
  kind: "ResourceQuota",
  plural: "resourcequotas",
  shortNames: ["quota"],
  statusSubresource: true,
});

export const LimitRanges = define<LimitRange>({ ...core, kind: "LimitRange", plural: "limitranges", shortNames: ["limits"] });

export const DomainMappings = define<DomainMapping>({
  ...serving,
  version: "v1beta1",
  kind: "DomainMapping",
  plural: "domainmappings",
  shortNames: ["dm"],
  categories: ["all", "knative", "serving"],
});
export const ClusterDomainClaims = define<ClusterDomainClaim>({
  ...serving,
  group: "networking.internal.knative.dev",
  version: "v1alpha1",
  kind: "ClusterDomainClaim",
  plural: "clusterdomainclaims",
  shortNames: ["cdc"],
  categories: ["knative-internal", "networking"],
  namespaced: false,
});

export const CustomResourceDefinitions = define<CustomResourceDefinition>({
  group: API_EXTENSIONS_GROUP,
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  namespaced: false,
  statusSubresource: true,
  generation: true,
});

const admission = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  builtIn: true,
  categories: ["api-extensions"],
  namespaced: false,
  generation: true,
} as const;
export const MutatingWebhooks = define<WebhookConfiguration>({
  ...admission,
  kind: "MutatingWebhookConfiguration",
  plural: "mutatingwebhookconfigurations",
});
export const ValidatingWebhooks = define<WebhookConfiguration>({
  ...admission,
  kind: "ValidatingWebhookConfiguration",
  plural: "validatingwebhookconfigurations",
});
export const AdmissionPolicies = define<AdmissionPolicy>({
  ...admission,
  kind: "ValidatingAdmissionPolicy",
  plural: "validatingadmissionpolicies",
  statusSubresource: true,
});
export const AdmissionPolicyBindings = define<AdmissionPolicyBinding>({
  ...admission,
  kind: "ValidatingAdmissionPolicyBinding",
  plural: "validatingadmissionpolicybindings",
});

const istio = { ...serving, group: "networking.istio.io", categories: ["istio-io", "networking-istio-io"], storageVersion: "v1" } as const;
export const VirtualServices = define<VirtualService>({ ...istio, kind: "VirtualService", plural: "virtualservices", shortNames: ["vs"] });
export const IstioGateways = define<IstioGateway>({ ...istio, kind: "Gateway", plural: "gateways", shortNames: ["gw"] });
export const DestinationRules = define<DestinationRule>({
  ...istio,
  kind: "DestinationRule",
  plural: "destinationrules",
  shortNames: ["dr"],
});
/** These and EnvoyFilters only a real Istio has. */
export const AuthorizationPolicies = define<AuthorizationPolicy>({
  ...istio,
  group: "security.istio.io",
  kind: "AuthorizationPolicy",
  plural: "authorizationpolicies",
});
export const EnvoyFilters = define<EnvoyFilter>({
  ...istio,
  version: "v1alpha3",
  storageVersion: "v1alpha3",
  kind: "EnvoyFilter",
  plural: "envoyfilters",
});
const ISTIO_KINDS: readonly Kind[] = [VirtualServices, IstioGateways, DestinationRules];

/** Those that come with the cluster, in discovery order: the core group first, so that kubectl resolves a bare `services` as it does on Kubernetes. */
const metrics = { group: "metrics.k8s.io", version: "v1beta1", builtIn: true, measured: true } as const;

/** What `kubectl top` asks for. */
export const PodMetrics = define({
  ...metrics,
  kind: "PodMetrics",
  plural: "pods",
  schema: POD_METRICS_SCHEMA,
  columns: POD_METRICS_COLUMNS,
});
export const NodeMetrics = define({
  ...metrics,
  kind: "NodeMetrics",
  plural: "nodes",
  namespaced: false,
  schema: NODE_METRICS_SCHEMA,
  columns: NODE_METRICS_COLUMNS,
});

/** Those that are stored. */
export const ALL_KINDS: readonly Kind[] = [
  Namespaces,
  ConfigMaps,
  Secrets,
  Events,
  Pods,
  ServiceAccounts,
  CoreServices,
  Endpoints,
  Nodes,
  Deployments,
  PersistentVolumeClaims,
  PersistentVolumes,
  StorageClasses,
  ReplicaSets,
  HorizontalPodAutoscalers,
  Leases,
  EndpointSlices,
  Roles,
  RoleBindings,
  ClusterRoles,
  ClusterRoleBindings,
  Services,
  Configurations,
  Revisions,
  Routes,
  PodAutoscalers,
  Metrics,
  ServerlessServices,
  KnativeIngresses,
  Certificates,
  CachedImages,
  ResourceQuotas,
  LimitRanges,
  DomainMappings,
  ClusterDomainClaims,
  CustomResourceDefinitions,
  MutatingWebhooks,
  ValidatingWebhooks,
  AdmissionPolicies,
  AdmissionPolicyBindings,
  ...["v1", "v1beta1", "v1alpha3"].flatMap((version) => ISTIO_KINDS.map((kind) => ({ ...kind, version }))),
];

/** The object as a client of that version of the kind sees it. */
export function inVersion<T extends KubeObject>(kind: Kind, object: T): T {
  const apiVersion = apiVersionOf(kind);
  return kind.storageVersion === undefined || object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

/** The object as it is stored. */
export function inStorage<T extends KubeObject>(kind: Kind, object: T): T {
  const { storageVersion } = kind;
  return storageVersion === undefined ? object : inVersion({ ...kind, version: storageVersion }, object);
}

export function apiVersionOf(kind: Pick<Kind, "group" | "version">): string {
  return kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
}
