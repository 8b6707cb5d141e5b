import type { Duplex } from "node:stream";
import type { HostConfig } from "../compile/cluster-hosts.ts";
import type { GuardObject } from "../compile/istio-guard.ts";
import type { ClusterQuota } from "../quotas/quota.ts";
import type { Credentials } from "./credentials.ts";
import type { ColdStart, MirrorComparison, RecentRequest, ScalingDecision, WhatIf } from "@ebb/api";
import {
  VERSION_LABEL,
  type KubeEvent,
  type DomainMapping,
  type KnativeService,
  type Pod,
  type Revision,
  type VirtualService,
} from "@ebb/kube";

/** Everything that Ebb's platform puts into a cluster carries these. */
export const PLATFORM_LABELS = {
  managedBy: "app.kubernetes.io/managed-by",
  app: "ebb.dev/app",
  version: VERSION_LABEL,
  team: "ebb.dev/team",
  environment: "ebb.dev/environment",
  /** Of what guards an app from elsewhere. */
  namespace: "ebb.dev/namespace",
} as const;
export const MANAGED_BY = "ebb";
/** Knative's own: without hosts outside the cluster when it is `cluster-local`. */
export const VISIBILITY = "networking.knative.dev/visibility";
/** The host outside that a VirtualService holds for a Knative Service which is cluster-local. */
export const EXTERNAL_HOST = "ebb.dev/external-host";

/** An environment as a cluster sees it. */
export interface ClusterPlace {
  team: string;
  name: string;
  cluster: string;
  namespace: string;
}

/**
 * The clusters of all environments. What is watched is watched once for a whole cluster, however many environments it has.
 *
 * `of` gives the same Cluster for the same namespace, at once; its namespace is made when something is first written to it.
 */
export interface Clusters {
  of(place: ClusterPlace): Cluster;
  /** Where requests reach the apps on a cluster. */
  ingress(cluster: string): Ingress;
  /** Of the one that the platform was started with. */
  health(): { ready: boolean; message: string };
  /** Counters of all Revisions of a cluster, in Prometheus' text format; undefined when it has none for us. */
  metrics(cluster: string): Promise<string | undefined>;
  onChange(listener: (change: ClusterChange) => void): () => void;
}

export interface Ingress {
  host: string;
  port: number;
  /** Undefined when it has none. */
  tlsPort?: number | undefined;
}

/** How a cluster is, as far as the platform has seen it. Times in milliseconds since the epoch. */
export interface ClusterCondition {
  /** `connecting`: it has not been asked yet. `unusable`: it answers, and has no Knative Serving. */
  state: "connecting" | "ready" | "unreachable" | "unusable";
  /** Of an unreachable one: when it answered last. */
  since: number;
  /** Why it is not ready. */
  message: string;
  /** Of its API server. */
  version: string | null;
  knative: boolean | null;
  istio: boolean | null;
  /** Of the last look. */
  latencyMs: number | null;
  lastSeen: number | null;
}

export interface ClusterSource {
  credentials: Credentials;
  ingress: Ingress;
}

/** The same, with what only those who manage clusters need. */
export interface ClusterFleet extends Clusters {
  condition(cluster: string): ClusterCondition;
  /** Asks it now. */
  check(cluster: string): Promise<ClusterCondition>;
  /** Asks one that is not there yet. */
  tryOut(credentials: Credentials): Promise<ClusterCondition>;
  /** Watches it from now on, in place of one of that name. */
  connect(cluster: string, source: ClusterSource): Promise<void>;
  disconnect(cluster: string): Promise<void>;
  hosts(cluster: string): HostSettings;
}

/** Which hosts a cluster gives to what it serves. Throws `cluster_unusable` when it does not let us, or has no such settings. */
export interface HostSettings {
  read(): Promise<HostConfig>;
  /** No more than what differs. */
  write(config: HostConfig): Promise<void>;
}

/** An empty `app`: any of them. */
export interface ClusterChange {
  kind: "service" | "revision" | "pod";
  /** The app it belongs to. */
  app: string;
}

export interface PodLogLine {
  /** RFC 3339 as the cluster wrote it. */
  time: string;
  text: string;
}

export interface ExecRequest {
  command: readonly string[];
  stdin: boolean;
  terminal: boolean;
}

/** As the cluster tells it, of one Revision. */
export type RevisionColdStart = Omit<ColdStart, "version">;
export type RevisionWhatIf = Omit<WhatIf, "version">;
export type RevisionDecision = Omit<ScalingDecision, "version">;

/** A request as the cluster remembers it. */
export interface RecordedRequest extends Omit<RecentRequest, "version" | "reason"> {
  reason?: string;
  revision: string;
}

/** What the cluster has compared, by Revisions. */
export interface MirroredAnswers extends Pick<
  MirrorComparison,
  "since" | "until" | "compared" | "statusDiffers" | "sizeDiffers" | "leftOut"
> {
  main: string;
  shadow: string;
  mainBytes: number;
  shadowBytes: number;
  mainMs: MirrorComparison["fromMs"];
  shadowMs: MirrorComparison["toMs"];
  samples: (Pick<Sample, "id" | "time" | "method" | "path"> & { main: Sample["from"]; shadow: Sample["to"] })[];
}
type Sample = MirrorComparison["samples"][number];

/** As the cluster tells which way a request takes. */
export interface RouteExplanation {
  /** `namespace/name`. */
  revision?: string;
  status?: number;
  message?: string;
  /** What guards the host. */
  policy?: unknown;
  hops: { rule?: string; because?: string[]; skipped: { rule: string; because: string }[] }[];
}

export interface Marks {
  labels: Record<string, string | null>;
  annotations: Record<string, string | null>;
}

export interface SecretRecord {
  name: string;
  app: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

export interface DomainSecret {
  name: string;
  app: string;
  /** PEM. */
  certificate: string;
  key: string;
}

/** Custom domains of one namespace. Every write may be repeated. */
export interface ClusterDomains {
  read(host: string): Promise<DomainMapping | undefined>;
  /** Claims the host for the namespace and leads it where the mapping says. Throws operation error `domain_claimed` when it is somebody else's. */
  put(mapping: DomainMapping): Promise<DomainMapping>;
  /** The mapping and the claim, as far as Ebb made them. */
  remove(host: string): Promise<void>;
  /** A Secret of type `kubernetes.io/tls`, made or replaced. */
  putCertificate(secret: DomainSecret): Promise<void>;
}

/** What guards apps where the gateway is Istio's. Every write may be repeated. */
export interface ClusterGuard {
  /** Whether the cluster has Istio's policies. */
  supported(): Promise<boolean>;
  /** Makes these the app's, and deletes others that Ebb made for it. Throws operation error `name_taken`. */
  put(app: string, objects: readonly GuardObject[]): Promise<void>;
}

/**
 * What the platform asks of one environment's namespace of a cluster.
 *
 * Invariants
 * - `service`, `revision`, `revisions`, `pods` answer at once from a copy kept by watching, which may lag behind; `read*` ask the cluster.
 * - Every write may be repeated: putting what is there and deleting what is gone resolve.
 * - `onChange` fires after the copy has changed. Only objects labelled as Ebb's are seen.
 * - A refusal is thrown as StatusError; TransientError when the cluster does not answer.
 */
export interface Cluster {
  readonly domains: ClusterDomains;
  readonly guard: ClusterGuard;
  /** Whether the copy is complete and the cluster answers. */
  health(): { ready: boolean; message: string };
  service(app: string): KnativeService | undefined;
  services(): KnativeService[];
  revision(name: string): Revision | undefined;
  revisions(app: string): Revision[];
  /** Of all apps when none is named. */
  pods(app?: string): Pod[];
  onChange(listener: (change: ClusterChange) => void): () => void;

  /** Any Knative Service of that name, whoever made it. */
  readService(name: string): Promise<KnativeService | undefined>;
  /** Creates the Service or replaces its spec and labels; returns it as stored. */
  putService(service: KnativeService): Promise<KnativeService>;
  /** Sets labels and annotations of a Service that is there; null removes. */
  markService(name: string, marks: Marks): Promise<void>;
  /** How many instances of a Revision are kept whatever its traffic; one that is gone is left at that. Makes no new Revision. */
  setMinScale(revision: string, min: number): Promise<void>;
  /** The cluster itself cleans it up no more. */
  keepRevision(revision: string): Promise<void>;
  deleteRevision(revision: string): Promise<void>;
  deleteService(name: string): Promise<void>;
  readVirtualService(name: string): Promise<VirtualService | undefined>;
  /** Creates it or replaces its spec. Throws operation error `name_taken` when there is one that Ebb did not make. */
  putVirtualService(service: VirtualService): Promise<VirtualService>;
  /** One that Ebb did not make is left as it is. */
  deleteVirtualService(name: string): Promise<void>;
  /** Whether anything of the app (Service, Revision, Pod) is still in the cluster. */
  readLeftovers(app: string): Promise<string[]>;

  readSecret(name: string): Promise<Record<string, string> | undefined>;
  /** Creates an immutable Secret; one of that name that is there already is kept as it is. */
  createSecret(app: string, name: string, values: Record<string, string>): Promise<void>;
  deleteSecret(name: string): Promise<void>;
  listSecrets(): Promise<SecretRecord[]>;
  /** What the namespace may have, made if need be; null: as much as there is. */
  putQuota(quota: ClusterQuota | null): Promise<void>;
  /** With all that is in it; one that Ebb did not make is left as it is, without the limits of a team. */
  deleteNamespace(): Promise<void>;
  /** Whether it, as Ebb made it, is still there. */
  hasNamespace(): Promise<boolean>;

  /** The events that the cluster keeps of the namespace's objects. Throws StatusError where they may not be read. */
  events(): Promise<KubeEvent[]>;
  /** The autoscaler's last decisions on a Revision, oldest first; undefined when the Revision, or such a record in that cluster, is not there. */
  decisions(revision: string): Promise<RevisionDecision[] | undefined>;
  /** How the last instances of a Revision came to serve, oldest first; undefined as for `decisions`. */
  coldStarts(revision: string): Promise<RevisionColdStart[] | undefined>;
  /** A Revision's recorded load against the policy of the query; undefined as for `decisions`. Throws StatusError: Conflict where nothing was recorded. */
  whatIf(revision: string, query: URLSearchParams): Promise<RevisionWhatIf | undefined>;
  /** What becomes of the request that the query describes; undefined as for `decisions`. */
  explain(kind: "routes" | "virtualservices", name: string, query: URLSearchParams): Promise<RouteExplanation | undefined>;
  /** How versions of an app answered copies of requests; undefined as for `decisions`. */
  mirrors(app: string): Promise<MirroredAnswers[] | undefined>;
  /** A sample of the last requests of an app, oldest first; undefined as for `decisions`. */
  requests(app: string): Promise<RecordedRequest[] | undefined>;
  /**
   * Starts a command in a pod; what is read and written are messages of `v5.channel.k8s.io` (docs/reference/rest-api.md), one a chunk. Ending it ends
   * the command. Throws StatusError when the cluster refuses.
   */
  exec(pod: string, request: ExecRequest): Promise<Duplex>;
  /** Ends with what there is, or when the pod ends if `follow` is set. */
  podLogs(pod: string, options: { follow: boolean; tail?: number; since?: string; signal: AbortSignal }): AsyncIterable<PodLogLine>;
}
