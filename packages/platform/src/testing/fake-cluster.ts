import type { GuardObject } from "../compile/istio-guard.ts";
import { PassThrough, type Duplex } from "node:stream";
import { isDeepStrictEqual } from "node:util";
import { listensElsewhere, Signal } from "@ebb/base";
import {
  StatusError,
  TRAFFIC_POLICY,
  type Condition,
  type DomainMapping,
  type KubeEvent,
  type KnativeService,
  type Pod,
  type Revision,
  type VirtualService,
} from "@ebb/kube";
import { LED_TO } from "../deploy/kept-instances.ts";
import { MAIN_CLUSTER } from "../environments/store.ts";
import { operationError } from "../errors.ts";
import type { ClusterQuota } from "../quotas/quota.ts";
import {
  PLATFORM_LABELS,
  VISIBILITY,
  type Cluster,
  type ClusterChange,
  type ClusterDomains,
  type ClusterGuard,
  type DomainSecret,
  type ClusterPlace,
  type Clusters,
  type Marks,
  type ExecRequest,
  type PodLogLine,
  type MirroredAnswers,
  type RecordedRequest,
  type RevisionColdStart,
  type RevisionDecision,
  type RevisionWhatIf,
  type RouteExplanation,
  type SecretRecord,
  type Ingress,
} from "../cluster/port.ts";

/** What the image's name says its Revision does. */
type Behaviour = "ok" | "crash" | "missing" | "hang" | "deaf" | "elsewhere";

const now = "2026-01-01T00:00:00Z";
const condition = (type: string, status: Condition["status"], reason = "", message = ""): Condition => ({ type, status, reason, message });

/**
 * A cluster in memory, behind the platform's port: Services get Revisions that behave as their image's name says, and routes that are
 * ready when their Revisions are. `gate` is passed before each call and after it, so that tests can stop the world there.
 */
export class FakeCluster implements Cluster {
  readonly stored = new Map<string, KnativeService>();
  readonly storedRevisions = new Map<string, Revision>();
  readonly storedPods = new Map<string, Pod>();
  readonly secrets = new Map<string, { app: string; values: Record<string, string>; createdAt: number }>();
  readonly #changes = new Signal<ClusterChange>();
  /** Calls that wrote, for tests of idempotency. */
  writes: string[] = [];
  /** Thrown by the next writes, one each. */
  failures: Error[] = [];
  /** While false the copy is empty, as after the platform's start until the cluster has answered. */
  ready = true;

  /** One that holds the same of what the platform puts into it, and that nobody listens to. */
  copy(): FakeCluster {
    const { stored, storedRevisions, storedPods, secrets, virtualServices, guards, quota, namespace } = this;
    return Object.assign(
      new FakeCluster(),
      structuredClone({ stored, storedRevisions, storedPods, secrets, virtualServices, guards, quota, namespace }),
    );
  }

  health(): { ready: boolean; message: string } {
    return { ready: this.ready, message: this.ready ? "" : "Waiting for the cluster's answer" };
  }
  service(app: string): KnativeService | undefined {
    return this.ready ? this.stored.get(app) : undefined;
  }
  services(): KnativeService[] {
    return this.ready ? [...this.stored.values()] : [];
  }
  revision(name: string): Revision | undefined {
    return this.ready ? this.storedRevisions.get(name) : undefined;
  }
  revisions(app: string): Revision[] {
    return [...this.storedRevisions.values()].filter((revision) => this.ready && revision.metadata.labels?.[PLATFORM_LABELS.app] === app);
  }
  pods(app?: string): Pod[] {
    const of = (pod: Pod) => app === undefined || pod.metadata.labels?.[PLATFORM_LABELS.app] === app;
    return [...this.storedPods.values()].filter((pod) => this.ready && of(pod));
  }
  onChange(listener: (change: ClusterChange) => void): () => void {
    return this.#changes.on(listener);
  }

  /** Lets everybody know of what a test has changed. */
  tell(change: ClusterChange): void {
    this.#changes.emit(change);
  }

  async readService(name: string): Promise<KnativeService | undefined> {
    return structuredClone(this.stored.get(name));
  }

  async putService(service: KnativeService): Promise<KnativeService> {
    this.#write(`put ${service.metadata.name}`);
    const { name } = service.metadata;
    const present = this.stored.get(name);
    const { template } = service.spec;
    const same = present?.spec.template.metadata?.name === template.metadata?.name;
    if (present && same && JSON.stringify(present.spec.template) !== JSON.stringify(template)) {
      throw refusal("Saw the following changes without a name change (-old +new): spec.template.metadata.name");
    }
    const changed = JSON.stringify(present?.spec) !== JSON.stringify(service.spec);
    const generation = (present?.metadata.generation ?? 0) + (changed ? 1 : 0);
    const next: KnativeService = structuredClone({
      ...service,
      metadata: {
        ...present?.metadata,
        ...service.metadata,
        labels: { ...present?.metadata.labels, ...service.metadata.labels },
        annotations: { ...present?.metadata.annotations, ...service.metadata.annotations },
        generation,
      },
      ...(present?.status ? { status: present.status } : {}),
    });
    // As Knative's web hook fills it in.
    for (const container of next.spec.template.spec.containers) container.name ??= "user-container";
    this.stored.set(name, next);
    this.#reconcile(name);
    return structuredClone(this.stored.get(name) ?? next);
  }

  async markService(name: string, { labels, annotations }: Marks): Promise<void> {
    const service = this.stored.get(name);
    if (!service) return;
    const marked = (present: Record<string, string> = {}, marks: Record<string, string | null>) =>
      Object.fromEntries(Object.entries({ ...present, ...marks }).filter((entry): entry is [string, string] => entry[1] !== null));
    const { metadata } = service;
    const next = { labels: marked(metadata.labels, labels), annotations: marked(metadata.annotations, annotations) };
    if (isDeepStrictEqual(next, { labels: metadata.labels ?? {}, annotations: metadata.annotations ?? {} })) return;
    const led = annotations[LED_TO];
    this.#write(typeof led === "string" ? `led to ${led}` : `mark ${name}`);
    Object.assign(metadata, next);
    this.#reconcile(name);
  }

  readonly domains = new FakeDomains();
  readonly virtualServices = new Map<string, VirtualService>();
  /** Whether it tells that its gateways have the rules. */
  tellsOfRules = true;
  async readVirtualService(name: string): Promise<VirtualService | undefined> {
    return structuredClone(this.virtualServices.get(name));
  }
  async putVirtualService(service: VirtualService): Promise<VirtualService> {
    this.#write(`rules ${service.metadata.name}`);
    const generation = (this.virtualServices.get(service.metadata.name)?.metadata.generation ?? 0) + 1;
    const status = { observedGeneration: generation, conditions: [condition("Reconciled", "True")] };
    const stored = { ...service, metadata: { ...service.metadata, generation }, ...(this.tellsOfRules ? { status } : {}) };
    this.virtualServices.set(service.metadata.name, structuredClone(stored));
    return stored;
  }
  async deleteVirtualService(name: string): Promise<void> {
    if (this.virtualServices.delete(name)) this.writes.push(`delete rules ${name}`);
  }

  async setMinScale(revision: string, min: number): Promise<void> {
    this.#write(`min ${revision} ${min}`);
    const stored = this.storedRevisions.get(revision);
    if (!stored) return;
    stored.metadata.annotations = { ...stored.metadata.annotations, "autoscaling.knative.dev/min-scale": String(min) };
    this.#changes.emit({ kind: "revision", app: stored.metadata.labels?.[PLATFORM_LABELS.app] ?? "" });
  }

  async keepRevision(revision: string): Promise<void> {
    this.#write(`keep ${revision}`);
  }

  async deleteRevision(revision: string): Promise<void> {
    this.#write(`delete revision ${revision}`);
    this.storedRevisions.delete(revision);
  }

  async deleteService(name: string): Promise<void> {
    this.#write(`delete ${name}`);
    this.stored.delete(name);
    for (const revision of this.revisions(name)) this.storedRevisions.delete(revision.metadata.name);
    for (const pod of this.pods(name)) this.storedPods.delete(pod.metadata.name);
    this.#changes.emit({ kind: "service", app: name });
  }

  quota: ClusterQuota | null = null;
  async putQuota(quota: ClusterQuota | null): Promise<void> {
    this.#write("quota");
    this.quota = quota;
  }

  async readLeftovers(app: string): Promise<string[]> {
    return [...(this.stored.has(app) ? [app] : []), ...this.revisions(app).map((revision) => revision.metadata.name)];
  }
  async readSecret(name: string): Promise<Record<string, string> | undefined> {
    return this.secrets.get(name)?.values;
  }
  async createSecret(app: string, name: string, values: Record<string, string>): Promise<void> {
    this.#write(`secret ${name}`);
    if (!this.secrets.has(name)) this.secrets.set(name, { app, values: { ...values }, createdAt: Date.parse(now) });
  }
  async deleteSecret(name: string): Promise<void> {
    this.secrets.delete(name);
  }
  async listSecrets(): Promise<SecretRecord[]> {
    return [...this.secrets].map(([name, { app, createdAt }]) => ({ name, app, createdAt }));
  }
  readonly commands: string[] = [];
  /** Says back what it is told, and ends well when it is told to. */
  exec(pod: string, { command }: ExecRequest): Promise<Duplex> {
    this.commands.push(`${pod}: ${command.join(" ")}`);
    const echo = new PassThrough({ objectMode: true });
    echo.write(Buffer.of(1));
    return Promise.resolve(echo);
  }
  async *podLogs(pod: string): AsyncGenerator<PodLogLine> {
    yield { time: now, text: `last words of ${pod}` };
  }

  storedEvents: KubeEvent[] = [];
  async events(): Promise<KubeEvent[]> {
    return this.storedEvents;
  }

  /** By Revision; one that is not in it has no record, as in another's cluster. */
  readonly storedDecisions = new Map<string, RevisionDecision[]>();
  async decisions(revision: string): Promise<RevisionDecision[] | undefined> {
    return this.storedDecisions.get(revision);
  }

  readonly storedColdStarts = new Map<string, RevisionColdStart[]>();
  async coldStarts(revision: string): Promise<RevisionColdStart[] | undefined> {
    return this.storedColdStarts.get(revision);
  }

  /** By Revision and query. */
  whatIfs: (revision: string, query: string) => RevisionWhatIf | undefined = () => undefined;
  async whatIf(revision: string, query: URLSearchParams): Promise<RevisionWhatIf | undefined> {
    return this.whatIfs(revision, query.toString());
  }

  /** What it remembers of requests; undefined as on a Knative of others. */
  remembered: RecordedRequest[] | undefined;
  async requests(): Promise<RecordedRequest[] | undefined> {
    return this.remembered;
  }

  /** What it has compared; undefined as on a Knative of others. */
  compared: MirroredAnswers[] | undefined;
  async mirrors(): Promise<MirroredAnswers[] | undefined> {
    return this.compared;
  }

  /** As of a cluster with Istio, when true. */
  istio = false;
  readonly guards = new Map<string, readonly GuardObject[]>();
  readonly guard: ClusterGuard = {
    supported: () => Promise.resolve(this.istio),
    put: async (app, objects) => {
      this.#write(`guard ${app}`);
      this.guards.set(app, structuredClone(objects));
    },
  };

  /** What it answers to whoever asks about a request. */
  explanation: RouteExplanation | undefined;
  async explain(_kind: string, name: string): Promise<RouteExplanation | undefined> {
    const holder = this.virtualServices.get(name) ?? this.service(name);
    const policy = holder?.metadata.annotations?.[TRAFFIC_POLICY];
    return this.explanation && { ...this.explanation, ...(policy === undefined ? {} : { policy: JSON.parse(policy) as unknown }) };
  }

  /** Whether the namespace was made, which the first write does. */
  namespace = false;
  async deleteNamespace(): Promise<void> {
    this.#write("delete namespace");
    this.namespace = false;
  }
  async hasNamespace(): Promise<boolean> {
    return this.namespace;
  }

  /** Changes what a Revision is and lets the routes follow. */
  setReady(name: string, ready: Condition): void {
    const revision = this.storedRevisions.get(name);
    if (!revision) throw new Error(`no revision ${name}`);
    revision.status = { conditions: [ready] };
    this.#reconcile(revision.metadata.labels?.[PLATFORM_LABELS.app] ?? "");
  }

  /** What a request to this URL's host gets: 404 for an unknown one, as the gateway says. */
  answer(url: URL): number {
    const host = url.hostname;
    if ([...this.virtualServices.values()].some(({ spec }) => spec.hosts?.includes(host))) return 200;
    for (const service of this.stored.values()) {
      const traffic = service.status?.traffic ?? [];
      if (service.status?.url !== undefined && new URL(service.status.url).hostname === host)
        return traffic.some((target) => target.percent) ? 200 : 404;
      if (traffic.some((target) => target.url !== undefined && new URL(target.url).hostname === host)) return 200;
    }
    return 404;
  }

  /** The tag of the version that gets all requests of an app, and of the one that gets those which its first rule takes, once Knative has let go. */
  sends(app: string): { plain: string | undefined; ruled: string | undefined } {
    const { metadata, spec } = this.service(app) ?? {};
    const plain = spec?.traffic?.find(({ percent }) => percent === 100)?.tag;
    const held = metadata?.labels?.[VISIBILITY] === "cluster-local";
    const rule = this.virtualServices.get(app)?.spec.http?.find(({ name = "" }) => /^(?:rule|before)-/.test(name));
    const revision = held ? rule?.route?.[0]?.destination.host.split(".")[0] : undefined;
    return { plain, ruled: revision === undefined ? plain : `v${Number(revision.slice(-5))}` };
  }

  /** Called before each write: the state is that of the write before. */
  onWrite: () => void = () => undefined;

  #write(what: string): void {
    this.onWrite();
    const failure = this.failures.shift();
    if (failure) throw failure;
    this.writes.push(what);
    this.namespace = true;
  }

  #reconcile(app: string): void {
    const service = this.stored.get(app);
    if (!service) return;
    this.#makeRevision(app, service);
    const targets = service.spec.traffic ?? [];
    const isReady = (name: string | undefined) => this.storedRevisions.get(name ?? "")?.status?.conditions?.[0]?.status === "True";
    const blocked = targets.find((target) => !isReady(target.revisionName));
    const missing = targets.find((target) => !this.storedRevisions.has(target.revisionName ?? ""));
    const routes = missing
      ? condition("RoutesReady", "False", "RevisionMissing", `Revision "${missing.revisionName}" referenced in traffic not found.`)
      : condition("RoutesReady", blocked ? "Unknown" : "True");
    const domain = service.metadata.labels?.[VISIBILITY] === "cluster-local" ? "default.svc.cluster.local" : "example";
    const url = `http://${app}.${domain}`;
    const traffic = blocked
      ? (service.status?.traffic ?? [])
      : targets.map((target) => ({ ...target, ...(target.tag ? { url: `http://${target.tag}-${app}.${domain}` } : {}) }));
    service.status = { observedGeneration: service.metadata.generation ?? 0, url, traffic, conditions: [routes] };
    this.#changes.emit({ kind: "service", app });
  }

  #makeRevision(app: string, { spec }: KnativeService): void {
    const { template } = spec;
    const name = template.metadata?.name ?? "";
    if (this.storedRevisions.has(name)) return;
    const image = template.spec.containers[0]?.image ?? "";
    const behaviour = (/^(crash|missing|hang|deaf|elsewhere)/.exec(image)?.[1] ?? "ok") as Behaviour;
    const labels = { ...template.metadata?.labels, "serving.knative.dev/revision": name };
    const base = { apiVersion: "serving.knative.dev/v1", kind: "Revision" } as const;
    this.storedRevisions.set(name, {
      ...base,
      metadata: { name, labels, annotations: { ...template.metadata?.annotations }, generation: 1 },
      spec: template.spec,
      status: { conditions: [readiness[behaviour]] },
    });
    this.storedPods.set(`${name}-pod`, podOf(name, labels, behaviour, image));
    this.#changes.emit({ kind: "revision", app });
    this.#changes.emit({ kind: "pod", app });
  }
}

/** Mappings that are ready at once. */
export class FakeDomains implements ClusterDomains {
  readonly mappings = new Map<string, DomainMapping>();
  readonly certificates = new Map<string, DomainSecret>();
  /** Hosts that are somebody else's. */
  readonly foreign = new Set<string>();

  async read(host: string): Promise<DomainMapping | undefined> {
    return structuredClone(this.mappings.get(host));
  }
  async put(mapping: DomainMapping): Promise<DomainMapping> {
    const host = mapping.metadata.name;
    if (this.foreign.has(host)) throw operationError("domain_claimed", `The cluster has ${host} already`);
    const made = { ...structuredClone(mapping), status: { conditions: [condition("Ready", "True")] } };
    this.mappings.set(host, made);
    return made;
  }
  async remove(host: string): Promise<void> {
    this.mappings.delete(host);
  }
  async putCertificate(secret: DomainSecret): Promise<void> {
    this.certificates.set(secret.name, secret);
  }
}

/** One cluster in memory, a FakeCluster for each of its namespaces. */
export class FakeClusters implements Clusters {
  readonly byNamespace = new Map<string, FakeCluster>();
  /** What `/metrics` answers; undefined where there is none. */
  metricsText: string | undefined;

  /** Of the cluster that the platform was started with, unless another is named. */
  of({ namespace, cluster = MAIN_CLUSTER }: Pick<ClusterPlace, "namespace"> & { cluster?: string }): FakeCluster {
    const key = cluster === MAIN_CLUSTER ? namespace : `${cluster}/${namespace}`;
    const known = this.byNamespace.get(key);
    if (known) return known;
    const made = new FakeCluster();
    this.byNamespace.set(key, made);
    return made;
  }
  copy(): FakeClusters {
    const copy = new FakeClusters();
    for (const [key, cluster] of this.byNamespace) copy.byNamespace.set(key, cluster.copy());
    return copy;
  }
  /** Where its gateway is. */
  at: Ingress = { host: "127.0.0.1", port: 8080 };

  ingress(): Ingress {
    return this.at;
  }
  health(): { ready: boolean; message: string } {
    return [...this.byNamespace.values()].map((cluster) => cluster.health()).find(({ ready }) => !ready) ?? { ready: true, message: "" };
  }
  async metrics(): Promise<string | undefined> {
    return this.metricsText;
  }
  /** Of the namespaces that there are by now. */
  onChange(listener: (change: ClusterChange) => void): () => void {
    const stops = [...this.byNamespace.values()].map((cluster) => cluster.onChange(listener));
    return () => {
      for (const stop of stops) stop();
    };
  }
}

const readiness: Record<Behaviour, Condition> = {
  ok: condition("Ready", "True"),
  crash: condition("Ready", "False", "ExitCode3", "Container failed with: boom"),
  missing: condition("Ready", "False", "ContainerMissing", "Unable to fetch image"),
  hang: condition("Ready", "Unknown", "Deploying"),
  elsewhere: condition("Ready", "Unknown", "Deploying"),
  deaf: condition("Ready", "False", "ProgressDeadlineExceeded", "Initial scale was never achieved"),
};

function podOf(revision: string, labels: Record<string, string>, behaviour: Behaviour, image: string): Pod {
  const state = {
    ok: { running: { startedAt: now } },
    hang: { running: { startedAt: now } },
    deaf: { running: { startedAt: now } },
    elsewhere: { running: { startedAt: now } },
    crash: { terminated: { exitCode: 3, reason: "Error", finishedAt: now } },
    missing: { waiting: { reason: "ErrImagePull", message: `no such image ${image}` } },
  }[behaviour];
  const ready = behaviour === "ok";
  const words = behaviour === "deaf" || behaviour === "elsewhere" ? listensElsewhere("34567", "$PORT (8080)", "use $PORT") : "";
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `${revision}-pod`, uid: revision, labels },
    spec: { containers: [] },
    status: {
      phase: "Running",
      startTime: now,
      conditions: [condition("Ready", ready ? "True" : "False", "", words)],
      containerStatuses: [{ name: "user-container", image, imageID: "", ready, restartCount: 0, state }],
    },
  };
}

/** A Service that somebody made with kubectl. */
export function foreignService(name: string): KnativeService {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name, labels: {} },
    spec: { template: { spec: { containers: [] } } },
  };
}

/** A refusal as an API server's admission words it. */
export function refusal(message: string): StatusError {
  return new StatusError("BadRequest", message);
}
