import { flat, type Clock, type Logger, type Runnable } from "@ebb/base";
import {
  Certificates,
  ConfigMaps,
  Configurations,
  CoreServices,
  createInformer,
  ClusterDomainClaims,
  DestinationRules,
  DomainMappings,
  IstioGateways,
  LABELS,
  LimitRanges,
  Namespaces,
  Nodes,
  PersistentVolumeClaims,
  PersistentVolumes,
  PodAutoscalers,
  Pods,
  PriorityClasses,
  ResourceQuotas,
  Revisions,
  Routes,
  RuntimeClasses,
  Secrets,
  Services,
  StorageClasses,
  VirtualServices,
  WITH_ENDED,
  type Certificate,
  type ConfigMap,
  type Configuration,
  type ClusterDomainClaim,
  type CoreService,
  type DestinationRule,
  type DomainMapping,
  type Informer,
  type IstioGateway,
  type Kind,
  type KnativeService,
  type KubeClient,
  type KubeNode,
  type KubeObject,
  type LimitRange,
  type Namespace,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type PodAutoscaler,
  type ResourceQuota,
  type Revision,
  type Route,
  type RuntimeClass,
  type Secret,
  type StorageClass,
  type VirtualService,
} from "@ebb/kube";
import { Settings } from "./config/settings.ts";
import { EventRecorder } from "./engine/events.ts";
import { IndexBy } from "./engine/index-by.ts";
import { keyIn, ownerKey } from "./engine/keys.ts";
import { routesOf } from "./route/labels.ts";
import { isWildcard } from "./certificate/wildcards.ts";
import { MARKED_PLACEHOLDERS } from "./route/placeholders.ts";

/** What all reconcilers share: the copies of the API's objects, the ways into them, and the settings in force. */
export interface Context {
  client: KubeClient;
  clock: Clock;
  log: Logger;
  settings: Settings;
  events: EventRecorder;
  services: Informer<KnativeService>;
  configurations: Informer<Configuration>;
  revisions: Informer<Revision>;
  routes: Informer<Route>;
  autoscalers: Informer<PodAutoscaler>;
  pods: Informer<Pod>;
  secrets: Informer<Secret>;
  configMaps: Informer<ConfigMap>;
  quotas: Informer<ResourceQuota>;
  limitRanges: Informer<LimitRange>;
  namespaces: Informer<Namespace>;
  /** The one that there is. */
  nodes: Informer<KubeNode>;
  priorityClasses: Informer<KubeObject>;
  runtimeClasses: Informer<RuntimeClass>;
  claims: Informer<PersistentVolumeClaim>;
  volumes: Informer<PersistentVolume>;
  storageClasses: Informer<StorageClass>;
  virtualServices: Informer<VirtualService>;
  istioGateways: Informer<IstioGateway>;
  destinationRules: Informer<DestinationRule>;
  domainMappings: Informer<DomainMapping>;
  domainClaims: Informer<ClusterDomainClaim>;
  certificates: Informer<Certificate>;
  /** Placeholder Services of Routes and tags that say something of visibility. */
  markedPlaceholders: Informer<CoreService>;
  /** By the key of the Configuration that controls them. */
  revisionsOf: IndexBy<Revision>;
  /** By the key of each Route in their `routes` annotation. */
  revisionsRouted: IndexBy<Revision>;
  /** By the key of each Configuration and Revision that they name. */
  routesTo: IndexBy<Route>;
  /** By the key of their Revision. */
  podsOf: IndexBy<Pod>;
  /** Those for all hosts of a namespace, whoever made them; by that namespace. */
  wildcardsOf: IndexBy<Certificate>;
}

export interface ContextOptions {
  client: KubeClient;
  clock: Clock;
  log: Logger;
  /** What holds where config-deployment says nothing, seconds; upstream's 600 when absent. */
  progressDeadlineSeconds?: number | undefined;
}

export function createContext({ client, clock, log, progressDeadlineSeconds }: ContextOptions): Context {
  const informer = <T extends KubeObject>(kind: Kind<T>): Informer<T> => createInformer({ client, kind, clock, log });
  const configMaps = informer(ConfigMaps);
  const revisions = informer(Revisions);
  const routes = informer(Routes);
  const certificates = informer(Certificates);
  const pods = createInformer({ client, kind: Pods, options: { labelSelector: WITH_ENDED }, clock, log });
  return {
    client,
    clock,
    log,
    settings: new Settings(configMaps, log, progressDeadlineSeconds === undefined ? {} : deadlineData(progressDeadlineSeconds)),
    events: new EventRecorder(client, clock, log),
    services: informer(Services),
    configurations: informer(Configurations),
    revisions,
    routes,
    autoscalers: informer(PodAutoscalers),
    pods,
    secrets: informer(Secrets),
    configMaps,
    quotas: informer(ResourceQuotas),
    limitRanges: informer(LimitRanges),
    namespaces: informer(Namespaces),
    nodes: informer(Nodes),
    priorityClasses: informer(PriorityClasses),
    runtimeClasses: informer(RuntimeClasses),
    claims: informer(PersistentVolumeClaims),
    volumes: informer(PersistentVolumes),
    storageClasses: informer(StorageClasses),
    virtualServices: informer(VirtualServices),
    istioGateways: informer(IstioGateways),
    destinationRules: informer(DestinationRules),
    domainMappings: informer(DomainMappings),
    domainClaims: informer(ClusterDomainClaims),
    certificates,
    markedPlaceholders: createInformer({ client, kind: CoreServices, options: { labelSelector: MARKED_PLACEHOLDERS }, clock, log }),
    revisionsOf: new IndexBy(revisions, (revision) => [ownerKey(Configurations, revision) ?? ""]),
    revisionsRouted: new IndexBy(revisions, (revision) => routesOf(revision).map((name) => keyIn(revision.metadata, name))),
    routesTo: new IndexBy(routes, targetKeys),
    podsOf: new IndexBy(pods, (pod) => [keyIn(pod.metadata, pod.metadata.labels?.[LABELS.revision] ?? "")]),
    wildcardsOf: new IndexBy(certificates, ({ metadata }) => (isWildcard(metadata) ? [metadata.namespace ?? ""] : [])),
  };
}

/** In the order in which they are started; the first are stopped last. */
export function informersOf(context: Context): Runnable[] {
  const { configMaps, secrets, services, configurations, revisions, routes, autoscalers, pods, quotas, limitRanges, nodes } = context;
  const { virtualServices, istioGateways, destinationRules, domainMappings, domainClaims, certificates } = context;
  const routing = [
    istioGateways,
    destinationRules,
    virtualServices,
    domainClaims,
    certificates,
    domainMappings,
    context.markedPlaceholders,
  ];
  const storage = [context.storageClasses, context.volumes, context.claims];
  return [
    configMaps,
    secrets,
    services,
    configurations,
    revisions,
    routes,
    autoscalers,
    pods,
    quotas,
    limitRanges,
    context.namespaces,
    nodes,
    context.priorityClasses,
    context.runtimeClasses,
    ...storage,
    ...routing,
  ];
}

function deadlineData(seconds: number): { deployment: Record<string, string> } {
  return { deployment: { "progress-deadline": `${seconds}s` } };
}

function targetKeys({ metadata, spec, status }: Route): string[] {
  const namespace = metadata.namespace ?? "";
  const keys = new Set<string>();
  for (const { configurationName, revisionName } of [...(spec.traffic ?? []), ...(status?.traffic ?? [])]) {
    if (configurationName) keys.add(flat("configuration:", namespace, "/", configurationName));
    if (revisionName) keys.add(flat("revision:", namespace, "/", revisionName));
  }
  return [...keys];
}
