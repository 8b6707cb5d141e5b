import type { ColdStart, ScalingDecision } from "@ebb/api";
import type { KnativeService, Pod, Revision } from "@ebb/kube";

/** Everything that Ebb's platform puts into a cluster carries these. */
export const PLATFORM_LABELS = {
  managedBy: "app.kubernetes.io/managed-by",
  app: "ebb.dev/app",
  version: "ebb.dev/version",
} as const;
export const MANAGED_BY = "ebb";

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

/** As the cluster tells it, of one Revision. */
export type RevisionColdStart = Omit<ColdStart, "version">;
export type RevisionDecision = Omit<ScalingDecision, "version">;

export interface SecretRecord {
  name: string;
  app: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

/**
 * What the platform asks of one namespace of a cluster.
 *
 * Invariants
 * - `service`, `revision`, `revisions`, `pods` answer at once from a copy kept by watching, which may lag behind; `read*` ask the cluster.
 * - Every write may be repeated: putting what is there and deleting what is gone resolve.
 * - `onChange` fires after the copy has changed. Only objects labelled as Ebb's are seen.
 * - A refusal is thrown as StatusError; TransientError when the cluster does not answer.
 */
export interface Cluster {
  /** Whether the copy is complete and the cluster answers. */
  health(): { ready: boolean; message: string };
  service(app: string): KnativeService | undefined;
  services(): KnativeService[];
  revision(name: string): Revision | undefined;
  revisions(app: string): Revision[];
  pods(app: string): Pod[];
  onChange(listener: (change: ClusterChange) => void): () => void;

  /** Any Knative Service of that name, whoever made it. */
  readService(name: string): Promise<KnativeService | undefined>;
  /** Creates the Service or replaces its spec and labels; returns it as stored. */
  putService(service: KnativeService): Promise<KnativeService>;
  deleteService(name: string): Promise<void>;
  /** Whether anything of the app (Service, Revision, Pod) is still in the cluster. */
  readLeftovers(app: string): Promise<string[]>;

  readSecret(name: string): Promise<Record<string, string> | undefined>;
  /** Creates an immutable Secret; one of that name that is there already is kept as it is. */
  createSecret(app: string, name: string, values: Record<string, string>): Promise<void>;
  deleteSecret(name: string): Promise<void>;
  listSecrets(): Promise<SecretRecord[]>;

  /** The autoscaler's last decisions on a Revision, oldest first; undefined when the Revision, or such a record in that cluster, is not there. */
  decisions(revision: string): Promise<RevisionDecision[] | undefined>;
  /** How the last instances of a Revision came to serve, oldest first; undefined as for `decisions`. */
  coldStarts(revision: string): Promise<RevisionColdStart[] | undefined>;
  /** The counters of its Revisions in Prometheus' text format; undefined when it has none for us. */
  metrics(): Promise<string | undefined>;
  /** Ends with what there is, or when the pod ends if `follow` is set. */
  podLogs(pod: string, options: { follow: boolean; tail?: number; since?: string; signal: AbortSignal }): AsyncIterable<PodLogLine>;
}
