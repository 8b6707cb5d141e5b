import type { Duplex } from "node:stream";
import { backoffDelay, sleep, TransientError, type Clock, type Signal } from "@ebb/base";
import {
  Events,
  isStatus,
  LimitRanges,
  Namespaces,
  PodAutoscalers,
  Pods,
  RECORDED_FIELDS,
  ResourceQuotas,
  Revisions,
  Routes,
  Secrets,
  Services,
  TRAFFIC_POLICY,
  VirtualServices,
  type Informer,
  type KubeEvent,
  type Kind,
  type LimitRange,
  type ResourceQuota,
  type KnativeService,
  type KubeObject,
  type Pod,
  type Revision,
  type VirtualService,
} from "@ebb/kube";
import { MIN_SCALE, NO_GC } from "../compile/service.ts";
import type { ClusterQuota } from "../quotas/quota.ts";
import { operationError } from "../errors.ts";
import type { HttpKubeClient } from "./http-kube-client.ts";
import { KubeGuard } from "./kube-guard.ts";
import { KubeDomains } from "./kube-domains.ts";
import { isOurs } from "./ours.ts";
import {
  MANAGED_BY,
  PLATFORM_LABELS,
  type Cluster,
  type ClusterChange,
  type ClusterPlace,
  type Marks,
  type ExecRequest,
  type MirroredAnswers,
  type PodLogLine,
  type RecordedRequest,
  type RevisionColdStart,
  type RevisionDecision,
  type RevisionWhatIf,
  type RouteExplanation,
  type SecretRecord,
} from "./port.ts";

/** What a cluster's environments share: one connection, and one copy of all that is Ebb's in it. */
export interface ClusterView {
  client: HttpKubeClient;
  clock: Clock;
  services: Informer<KnativeService>;
  revisions: Informer<Revision>;
  pods: Informer<Pod>;
  /** With the namespace of what has changed. */
  changes: Signal<ClusterChange & { namespace: string }>;
  health(): { ready: boolean; message: string };
}

/**
 * Only what differs is written (a patch), so that no controller's write is in the way. What is left: two who create the same, and an API server that
 * gives up on a patch (upstream's after five attempts of its own). What has not been written after that is the operation's to try again.
 */
const ATTEMPTS = 5;
const BACKOFF = { base: 20, factor: 2, max: 500 };
/** The ResourceQuota and the LimitRange of a team's quota. */
const TEAM_LIMITS = "ebb-team";
const USER_CONTAINER = "user-container";
export const SELECTOR = `${PLATFORM_LABELS.managedBy}=${MANAGED_BY}`;
/** Every cluster has it, and not from us. */
const DEFAULT_NAMESPACE = "default";

/** The Cluster port over the Kubernetes API, with whatever engine at its other end: one namespace of a cluster that is watched as a whole. */
export class KubeCluster implements Cluster {
  readonly domains: KubeDomains;
  readonly guard: KubeGuard;
  readonly #namespace: string;
  readonly #place: ClusterPlace;
  readonly #client: HttpKubeClient;
  readonly #view: ClusterView;
  /** Once it is known to be there. */
  #made: Promise<void> | undefined;

  constructor(view: ClusterView, place: ClusterPlace) {
    this.#view = view;
    this.#client = view.client;
    this.#place = place;
    this.#namespace = place.namespace;
    this.domains = new KubeDomains(view.client, place.namespace, async (write) => {
      await this.#ensureNamespace();
      return this.#retried(write);
    });
    const retried = <T>(write: () => Promise<T>) => this.#retried(write);
    this.guard = new KubeGuard({ client: view.client, namespace: place.namespace, clock: view.clock, retried });
  }

  health(): { ready: boolean; message: string } {
    return this.#view.health();
  }

  service(app: string): KnativeService | undefined {
    return this.#view.services.get(this.#namespace, app);
  }

  services(): KnativeService[] {
    return this.#view.services.list({ namespace: this.#namespace });
  }

  revision(name: string): Revision | undefined {
    return this.#view.revisions.get(this.#namespace, name);
  }

  revisions(app: string): Revision[] {
    return this.#view.revisions.list({ namespace: this.#namespace, labels: { [PLATFORM_LABELS.app]: app } });
  }

  pods(app?: string): Pod[] {
    const labels = app === undefined ? {} : { [PLATFORM_LABELS.app]: app };
    return this.#view.pods.list({ namespace: this.#namespace, labels });
  }

  onChange(listener: (change: ClusterChange) => void): () => void {
    return this.#view.changes.on((change) => {
      if (change.namespace === this.#namespace) listener(change);
    });
  }

  readService(name: string): Promise<KnativeService | undefined> {
    return this.#client.get(Services, this.#namespace, name);
  }

  async putService(service: KnativeService): Promise<KnativeService> {
    const wanted = { ...service, metadata: { ...service.metadata, namespace: this.#namespace } };
    await this.#ensureNamespace();
    return this.#retried(async () => {
      const present = await this.readService(service.metadata.name);
      if (!present) return this.#client.create(Services, wanted);
      const labels = { ...present.metadata.labels, ...wanted.metadata.labels };
      const annotations = { ...present.metadata.annotations, ...wanted.metadata.annotations };
      const metadata = { ...present.metadata, labels, annotations };
      return this.#client.change(Services, present, { ...present, metadata, spec: wanted.spec });
    });
  }

  markService(name: string, { labels, annotations }: Marks): Promise<void> {
    return this.#retried(async () => {
      const present = await this.readService(name);
      if (!present) return;
      const metadata = {
        ...present.metadata,
        labels: marked(present.metadata.labels, labels),
        annotations: marked(present.metadata.annotations, annotations),
      };
      await unlessGone(this.#client.change(Services, present, { ...present, metadata }));
    });
  }

  setMinScale(revision: string, min: number): Promise<void> {
    return this.#annotate(revision, MIN_SCALE, String(min));
  }

  keepRevision(revision: string): Promise<void> {
    return this.#annotate(revision, NO_GC, "true");
  }

  deleteRevision(revision: string): Promise<void> {
    return this.#client.delete(Revisions, this.#namespace, revision, { propagationPolicy: "Background" });
  }

  /** One that is gone is left at that. */
  #annotate(revision: string, key: string, value: string): Promise<void> {
    return this.#retried(async () => {
      const present = await this.#client.get(Revisions, this.#namespace, revision);
      if (!present) return;
      const annotations = { ...present.metadata.annotations, [key]: value };
      await unlessGone(this.#client.change(Revisions, present, { ...present, metadata: { ...present.metadata, annotations } }));
    });
  }

  readVirtualService(name: string): Promise<VirtualService | undefined> {
    return this.#client.get(VirtualServices, this.#namespace, name);
  }

  async putVirtualService(service: VirtualService): Promise<VirtualService> {
    const { name } = service.metadata;
    await this.#ensureNamespace();
    return this.#retried(async () => {
      const present = await this.readVirtualService(name);
      if (!present)
        return this.#client.create(VirtualServices, { ...service, metadata: { ...service.metadata, namespace: this.#namespace } });
      if (isOurs(present)) {
        const own = Object.fromEntries(
          [TRAFFIC_POLICY, RECORDED_FIELDS].map((name) => [name, service.metadata.annotations?.[name] ?? null]),
        );
        const metadata = { ...present.metadata, annotations: marked(present.metadata.annotations, own) };
        return this.#client.change(VirtualServices, present, { ...present, metadata, spec: service.spec });
      }
      throw operationError("name_taken", `The cluster has a VirtualService ${name} that Ebb did not make`, {
        hint: "Delete or rename it with kubectl, or remove the app's rules.",
      });
    });
  }

  async deleteVirtualService(name: string): Promise<void> {
    if (isOurs(await this.readVirtualService(name))) await this.#client.delete(VirtualServices, this.#namespace, name);
  }

  deleteService(name: string): Promise<void> {
    return this.#client.delete(Services, this.#namespace, name, { propagationPolicy: "Background" });
  }

  async readLeftovers(app: string): Promise<string[]> {
    const options = { namespace: this.#namespace, labelSelector: `${SELECTOR},${PLATFORM_LABELS.app}=${app}` };
    const kinds: readonly Kind[] = [Services, Revisions, Pods];
    const lists = await Promise.all(kinds.map((kind) => this.#client.list(kind, options)));
    return lists.flatMap((list, index) => list.items.map((item) => `${kinds[index]?.singular ?? "object"} ${item.metadata.name}`));
  }

  async readSecret(name: string): Promise<Record<string, string> | undefined> {
    const secret = await this.#client.get(Secrets, this.#namespace, name);
    if (!secret) return undefined;
    return Object.fromEntries(Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]));
  }

  async createSecret(app: string, name: string, values: Record<string, string>): Promise<void> {
    const labels = { [PLATFORM_LABELS.managedBy]: MANAGED_BY, [PLATFORM_LABELS.app]: app };
    const data = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]));
    const metadata = { name, namespace: this.#namespace, labels };
    await this.#ensureNamespace();
    try {
      await this.#client.create(Secrets, { apiVersion: "v1", kind: "Secret", metadata, type: "Opaque", data, immutable: true });
    } catch (error) {
      if (!isStatus(error, "AlreadyExists")) throw error;
    }
  }

  deleteSecret(name: string): Promise<void> {
    return this.#client.delete(Secrets, this.#namespace, name);
  }

  async putQuota(quota: ClusterQuota | null): Promise<void> {
    if (quota !== null) await this.#ensureNamespace();
    const metadata = { name: TEAM_LIMITS, namespace: this.#namespace, labels: { [PLATFORM_LABELS.managedBy]: MANAGED_BY } };
    const limits = quota && Object.keys(quota.defaults).length > 0 ? [{ type: "Container", default: quota.defaults }] : null;
    // Limits first: under a quota of cores alone nothing could start that names none.
    await this.#putLimits(LimitRanges, limits && { apiVersion: "v1", kind: "LimitRange", metadata, spec: { limits } });
    await this.#putLimits(ResourceQuotas, quota && { apiVersion: "v1", kind: "ResourceQuota", metadata, spec: { hard: quota.hard } });
  }

  /** One that Ebb did not make is left as it is. */
  #putLimits<T extends ResourceQuota | LimitRange>(kind: Kind<T>, wanted: T | null): Promise<void> {
    return this.#retried(async () => {
      const present = await this.#client.get(kind, this.#namespace, TEAM_LIMITS);
      if (!present) {
        if (wanted) await this.#client.create(kind, wanted);
        return;
      }
      if (!isOurs(present)) return;
      if (!wanted) return this.#client.delete(kind, this.#namespace, TEAM_LIMITS);
      await this.#client.change(kind, present, { ...present, spec: wanted.spec });
    });
  }

  async listSecrets(): Promise<SecretRecord[]> {
    const { items } = await this.#client.list(Secrets, { namespace: this.#namespace, labelSelector: SELECTOR });
    // Those of domains are looked after with their domains.
    const own = items.filter(({ type }) => type !== "kubernetes.io/tls");
    return own.map((secret) => ({
      name: secret.metadata.name,
      app: appOf(secret),
      createdAt: Date.parse(secret.metadata.creationTimestamp ?? ""),
    }));
  }

  async events(): Promise<KubeEvent[]> {
    return (await this.#client.list(Events, { namespace: this.#namespace })).items;
  }

  async decisions(revision: string): Promise<RevisionDecision[] | undefined> {
    const list = await this.#client.subresource<{ items: RevisionDecision[] }>(PodAutoscalers, this.#namespace, revision, "decisions");
    return list?.items;
  }

  async coldStarts(revision: string): Promise<RevisionColdStart[] | undefined> {
    const list = await this.#client.subresource<{ items: RevisionColdStart[] }>(PodAutoscalers, this.#namespace, revision, "coldstarts");
    return list?.items;
  }

  async whatIf(revision: string, query: URLSearchParams): Promise<RevisionWhatIf | undefined> {
    const subresource = `whatif?${query.toString()}`;
    const found = await this.#client.subresource<RevisionWhatIf>(PodAutoscalers, this.#namespace, revision, subresource);
    if (!found) return undefined;
    const { from, until, requests, busySeconds, startSeconds, inForce, asked, notes, saidNotes } = found;
    const limits = { notes, ...(saidNotes === undefined ? {} : { saidNotes }) };
    return { from, until, requests, busySeconds, startSeconds, inForce, asked, ...limits };
  }

  explain(kind: "routes" | "virtualservices", name: string, query: URLSearchParams): Promise<RouteExplanation | undefined> {
    const of = kind === "routes" ? Routes : VirtualServices;
    return this.#client.subresource(of, this.#namespace, name, `explain?${query.toString()}`);
  }

  async requests(app: string): Promise<RecordedRequest[] | undefined> {
    return (await this.#client.subresource<{ items: RecordedRequest[] }>(Routes, this.#namespace, app, "requests"))?.items;
  }

  async mirrors(app: string): Promise<MirroredAnswers[] | undefined> {
    return (await this.#client.subresource<{ items: MirroredAnswers[] }>(Routes, this.#namespace, app, "mirrors"))?.items;
  }

  async deleteNamespace(): Promise<void> {
    this.#made = undefined;
    if (this.#namespace === DEFAULT_NAMESPACE) return this.putQuota(null);
    if (await this.hasNamespace()) await this.#client.delete(Namespaces, undefined, this.#namespace);
  }

  async hasNamespace(): Promise<boolean> {
    if (this.#namespace === DEFAULT_NAMESPACE) return false;
    return isOurs(await this.#client.get(Namespaces, undefined, this.#namespace));
  }

  exec(pod: string, request: ExecRequest): Promise<Duplex> {
    return this.#client.exec({ namespace: this.#namespace, pod, container: USER_CONTAINER }, request);
  }

  async *podLogs(
    pod: string,
    options: { follow: boolean; tail?: number; since?: string; signal: AbortSignal },
  ): AsyncGenerator<PodLogLine> {
    const query = {
      follow: options.follow,
      signal: options.signal,
      ...(options.tail === undefined ? {} : { tailLines: options.tail }),
      ...(options.since === undefined ? {} : { sinceTime: options.since }),
    };
    for await (const line of this.#client.podLog(this.#namespace, pod, USER_CONTAINER, query)) {
      const space = line.indexOf(" ");
      yield space === -1 ? { time: line, text: "" } : { time: line.slice(0, space), text: line.slice(space + 1) };
    }
  }

  /** Reads and writes again when another has made the same in between. */
  async #retried<T>(write: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await write();
      } catch (error) {
        const raced = isStatus(error, "Conflict") || isStatus(error, "AlreadyExists");
        if (!raced) throw error;
        if (attempt >= ATTEMPTS) throw new TransientError("write_conflict", error.message, { cause: error });
        await sleep(this.#view.clock, backoffDelay(BACKOFF, attempt));
      }
    }
  }

  #ensureNamespace(): Promise<void> {
    this.#made ??= this.#makeNamespace().catch((error: unknown) => {
      this.#made = undefined;
      throw error;
    });
    return this.#made;
  }

  async #makeNamespace(): Promise<void> {
    const { team, name: environment, namespace: name } = this.#place;
    if (name === DEFAULT_NAMESPACE) return;
    const labels = {
      [PLATFORM_LABELS.managedBy]: MANAGED_BY,
      [PLATFORM_LABELS.team]: team,
      [PLATFORM_LABELS.environment]: environment,
    };
    try {
      await this.#client.create(Namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
    } catch (error) {
      if (!isStatus(error, "AlreadyExists")) throw error;
      if (isOurs(await this.#client.get(Namespaces, undefined, name))) return;
      throw operationError("namespace_taken", `The cluster has a namespace ${name} that Ebb did not make`, {
        hint: `Label it ${SELECTOR} if Ebb may use it, or give the environment another name.`,
      });
    }
  }
}

async function unlessGone(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

function marked(present: Record<string, string> = {}, marks: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...present, ...marks }).filter((entry): entry is [string, string] => entry[1] !== null));
}

export function appOf(object: KubeObject): string {
  return object.metadata.labels?.[PLATFORM_LABELS.app] ?? object.metadata.name;
}
