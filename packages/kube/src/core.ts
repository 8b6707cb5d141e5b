import type { Condition, KubeObject } from "./meta.ts";

/** core/v1 kinds in the parts that Ebb uses. */
export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: {
    secretKeyRef?: KeySelector;
    configMapKeyRef?: KeySelector;
    fieldRef?: FieldReference;
    resourceFieldRef?: ResourceReference;
  };
}
/** What the downward API tells of the Pod itself. */
export interface FieldReference {
  apiVersion?: string;
  fieldPath: string;
}
export interface ResourceReference {
  /** Its own when absent; needed in volumes. */
  containerName?: string;
  resource: string;
  divisor?: string | number;
}
export interface KeySelector {
  name: string;
  key: string;
  optional?: boolean;
}
export interface EnvFromSource {
  prefix?: string;
  configMapRef?: { name: string; optional?: boolean };
  secretRef?: { name: string; optional?: boolean };
}
export interface ContainerPort {
  name?: string;
  containerPort: number;
  protocol?: "TCP" | "UDP" | "SCTP";
}
export interface Probe {
  httpGet?: { path?: string; port?: number | string; scheme?: string; host?: string; httpHeaders?: { name: string; value: string }[] };
  tcpSocket?: { port?: number | string; host?: string };
  grpc?: { port?: number; service?: string };
  exec?: { command: string[] };
  initialDelaySeconds?: number;
  periodSeconds?: number;
  timeoutSeconds?: number;
  successThreshold?: number;
  failureThreshold?: number;
}
export interface ResourceRequirements {
  limits?: Record<string, string>;
  requests?: Record<string, string>;
}
export interface Container {
  name?: string;
  /** Of init containers: `Always` makes one a sidecar. */
  restartPolicy?: string;
  image: string;
  command?: string[];
  args?: string[];
  workingDir?: string;
  ports?: ContainerPort[];
  env?: EnvVar[];
  envFrom?: EnvFromSource[];
  resources?: ResourceRequirements;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
  imagePullPolicy?: "Always" | "IfNotPresent" | "Never";
  securityContext?: Record<string, unknown>;
  terminationMessagePath?: string;
  terminationMessagePolicy?: string;
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean; subPath?: string }[];
}
export interface KeyToPath {
  key: string;
  path: string;
  mode?: number;
}
export interface DownwardFile {
  path: string;
  mode?: number;
  fieldRef?: FieldReference;
  resourceFieldRef?: ResourceReference;
}
export interface VolumeProjection {
  configMap?: { name?: string; items?: KeyToPath[]; optional?: boolean };
  secret?: { name?: string; items?: KeyToPath[]; optional?: boolean };
  downwardAPI?: { items?: DownwardFile[] };
  serviceAccountToken?: { path: string; audience?: string; expirationSeconds?: number };
}
export interface Volume {
  name: string;
  configMap?: { name?: string; items?: KeyToPath[]; optional?: boolean; defaultMode?: number };
  secret?: { secretName?: string; items?: KeyToPath[]; optional?: boolean; defaultMode?: number };
  projected?: { sources?: VolumeProjection[]; defaultMode?: number };
  emptyDir?: { medium?: string; sizeLimit?: string | number };
  persistentVolumeClaim?: { claimName?: string; readOnly?: boolean };
  /** In a Pod of one's own only. */
  downwardAPI?: { items?: DownwardFile[]; defaultMode?: number };
  hostPath?: object;
  csi?: object;
  ephemeral?: object;
  image?: object;
}
export interface Taint {
  key: string;
  value?: string;
  effect: string;
}
export interface KubeNode extends KubeObject {
  spec?: { taints?: Taint[] };
}
export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  securityContext?: Record<string, unknown>;
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  enableServiceLinks?: boolean;
  terminationGracePeriodSeconds?: number;
  volumes?: Volume[];
  nodeName?: string;
  nodeSelector?: Record<string, string>;
  affinity?: {
    nodeAffinity?: {
      requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms?: readonly object[] };
      preferredDuringSchedulingIgnoredDuringExecution?: readonly object[];
    };
    podAffinity?: object;
    podAntiAffinity?: object;
  };
  tolerations?: readonly { key?: string; operator?: string; value?: string; effect?: string; tolerationSeconds?: number }[];
  runtimeClassName?: string;
  priorityClassName?: string;
  schedulerName?: string;
  dnsPolicy?: string;
  dnsConfig?: { nameservers?: string[]; searches?: string[]; options?: { name?: string; value?: string }[] };
  hostAliases?: { ip: string; hostnames?: string[] }[];
  hostIPC?: boolean;
  hostNetwork?: boolean;
  hostPID?: boolean;
  shareProcessNamespace?: boolean;
  readinessGates?: { conditionType: string }[];
}
export interface ContainerStatus {
  name: string;
  image: string;
  imageID: string;
  containerID?: string;
  started?: boolean;
  ready: boolean;
  restartCount: number;
  state: {
    waiting?: { reason: string; message?: string };
    running?: { startedAt: string };
    terminated?: { exitCode: number; signal?: number; reason: string; message?: string; finishedAt?: string };
  };
  lastState?: ContainerStatus["state"];
}
/** Written by the instance manager only: a Pod here is the record of an instance, never the wish for one. */
export interface Pod extends KubeObject {
  apiVersion: "v1";
  kind: "Pod";
  spec: PodSpec;
  status?: {
    phase: "Pending" | "Running" | "Succeeded" | "Failed";
    conditions?: Condition[];
    podIP?: string;
    podIPs?: { ip: string }[];
    hostIP?: string;
    hostIPs?: { ip: string }[];
    qosClass?: "BestEffort" | "Burstable" | "Guaranteed";
    startTime?: string;
    reason?: string;
    message?: string;
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
}
export interface ConfigMap extends KubeObject {
  apiVersion: "v1";
  kind: "ConfigMap";
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
  immutable?: boolean;
}
export interface Secret extends KubeObject {
  apiVersion: "v1";
  kind: "Secret";
  type?: string;
  /** Values in base64. */
  data?: Record<string, string>;
  /** Write only: merged into `data` on write. */
  stringData?: Record<string, string>;
  immutable?: boolean;
}
export interface ServiceAccount extends KubeObject {
  apiVersion: "v1";
  kind: "ServiceAccount";
  /** Whether Pods that run as it get its credentials; true unless they or it say otherwise. */
  automountServiceAccountToken?: boolean;
  secrets?: { name: string }[];
  imagePullSecrets?: { name: string }[];
}
export interface Namespace extends KubeObject {
  apiVersion: "v1";
  kind: "Namespace";
  spec?: { finalizers?: string[] };
  status?: {
    phase: "Active" | "Terminating";
    conditions?: { type: string; status: string; lastTransitionTime?: string; reason?: string; message?: string }[];
  };
}
/** Kubernetes' own Service, in the parts that Ebb writes. */
export interface CoreService extends KubeObject {
  apiVersion: "v1";
  kind: "Service";
  spec?: {
    type?: string;
    externalName?: string;
    externalIPs?: string[];
    clusterIP?: string;
    clusterIPs?: string[];
    ipFamilies?: string[];
    ipFamilyPolicy?: string;
    sessionAffinity?: string;
    sessionAffinityConfig?: { clientIP?: { timeoutSeconds?: number } };
    externalTrafficPolicy?: string;
    internalTrafficPolicy?: string;
    trafficDistribution?: string;
    healthCheckNodePort?: number;
    allocateLoadBalancerNodePorts?: boolean;
    loadBalancerClass?: string;
    loadBalancerSourceRanges?: string[];
    selector?: Record<string, string>;
    ports?: { name?: string; protocol?: string; port: number; targetPort?: number | string; nodePort?: number; appProtocol?: string }[];
  };
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
}
/** How much of each resource a namespace may have. */
export interface ResourceQuota extends KubeObject {
  apiVersion: "v1";
  kind: "ResourceQuota";
  spec?: { hard?: Record<string, string>; scopes?: string[] };
  status?: { hard?: Record<string, string>; used?: Record<string, string> };
}
/** What Pods, or containers, of a namespace may and do ask for; `type` is `Container` or `Pod`. */
export interface LimitRangeItem {
  type: string;
  max?: Record<string, string>;
  min?: Record<string, string>;
  default?: Record<string, string>;
  defaultRequest?: Record<string, string>;
  maxLimitRequestRatio?: Record<string, string>;
}
export interface LimitRange extends KubeObject {
  apiVersion: "v1";
  kind: "LimitRange";
  spec?: { limits?: LimitRangeItem[] };
}
/** core/v1 Event: shown by `kubectl describe`. */
export interface KubeEvent extends KubeObject {
  apiVersion: "v1";
  kind: "Event";
  involvedObject: { apiVersion: string; kind: string; namespace?: string; name: string; uid?: string };
  reason: string;
  message: string;
  type: "Normal" | "Warning";
  count: number;
  firstTimestamp: string;
  lastTimestamp: string;
  source: { component: string };
}
