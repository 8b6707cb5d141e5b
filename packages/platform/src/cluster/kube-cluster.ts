import { Signal, type Clock, type Logger, type Runnable } from "@ebb/base";
import {
  createInformer,
  isStatus,
  PodAutoscalers,
  Pods,
  Revisions,
  Secrets,
  Services,
  type Informer,
  type Kind,
  type KnativeService,
  type KubeObject,
  type Pod,
  type Revision,
} from "@ebb/kube";
import { HttpKubeClient } from "./http-kube-client.ts";
import {
  MANAGED_BY,
  PLATFORM_LABELS,
  type Cluster,
  type ClusterChange,
  type PodLogLine,
  type RevisionColdStart,
  type RevisionDecision,
  type SecretRecord,
} from "./port.ts";

export interface KubeClusterOptions {
  kubeconfigPath: string;
  namespace: string;
  clock: Clock;
  log: Logger;
}

/** A Service is written by its controller too (status does not count, labels do): a few conflicts in a row are normal. */
const CONFLICT_RETRIES = 5;
const USER_CONTAINER = "user-container";
const SELECTOR = `${PLATFORM_LABELS.managedBy}=${MANAGED_BY}`;

/** The Cluster port over the Kubernetes API, with whatever engine at its other end. */
export class KubeCluster implements Cluster, Runnable {
  readonly name = "cluster watch";
  readonly #namespace: string;
  readonly #client: HttpKubeClient;
  readonly #services: Informer<KnativeService>;
  readonly #revisions: Informer<Revision>;
  readonly #pods: Informer<Pod>;
  readonly #changes = new Signal<ClusterChange>();

  constructor(options: KubeClusterOptions) {
    this.#namespace = options.namespace;
    this.#client = new HttpKubeClient(options.kubeconfigPath);
    const inform = <T extends KubeObject>(kind: Kind<T>, change: ClusterChange["kind"]): Informer<T> => {
      const { clock, log, namespace } = options;
      const informer = createInformer({ client: this.#client, kind, options: { namespace, labelSelector: SELECTOR }, clock, log });
      informer.onChange((event) => {
        if (event.type !== "resync") this.#changes.emit({ kind: change, app: appOf(event.object) });
      });
      return informer;
    };
    this.#services = inform(Services, "service");
    this.#revisions = inform(Revisions, "revision");
    this.#pods = inform(Pods, "pod");
  }

  /** Resolves at once: a cluster that is down delays nothing but the operations that need it. */
  start(): Promise<void> {
    for (const informer of this.#informers) void informer.start();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.stop()));
    await this.#client.close();
  }

  health(): { ready: boolean; message: string } {
    const ready = this.#informers.every((informer) => informer.synced);
    return { ready, message: ready ? "" : "Waiting for the cluster's answer" };
  }

  service(app: string): KnativeService | undefined {
    return this.#services.get(this.#namespace, app);
  }

  services(): KnativeService[] {
    return this.#services.list();
  }

  revision(name: string): Revision | undefined {
    return this.#revisions.get(this.#namespace, name);
  }

  revisions(app: string): Revision[] {
    return this.#revisions.list({ labels: { [PLATFORM_LABELS.app]: app } });
  }

  pods(app: string): Pod[] {
    return this.#pods.list({ labels: { [PLATFORM_LABELS.app]: app } });
  }

  onChange(listener: (change: ClusterChange) => void): () => void {
    return this.#changes.on(listener);
  }

  readService(name: string): Promise<KnativeService | undefined> {
    return this.#client.get(Services, this.#namespace, name);
  }

  async putService(service: KnativeService): Promise<KnativeService> {
    const wanted = { ...service, metadata: { ...service.metadata, namespace: this.#namespace } };
    for (let attempt = 1; ; attempt++) {
      const present = await this.readService(service.metadata.name);
      try {
        if (!present) return await this.#client.create(Services, wanted);
        const labels = { ...present.metadata.labels, ...wanted.metadata.labels };
        return await this.#client.update(Services, { ...present, metadata: { ...present.metadata, labels }, spec: wanted.spec });
      } catch (error) {
        const raced = isStatus(error, "Conflict") || isStatus(error, "AlreadyExists");
        if (!raced || attempt >= CONFLICT_RETRIES) throw error;
      }
    }
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
    try {
      await this.#client.create(Secrets, { apiVersion: "v1", kind: "Secret", metadata, type: "Opaque", data, immutable: true });
    } catch (error) {
      if (!isStatus(error, "AlreadyExists")) throw error;
    }
  }

  deleteSecret(name: string): Promise<void> {
    return this.#client.delete(Secrets, this.#namespace, name);
  }

  async listSecrets(): Promise<SecretRecord[]> {
    const { items } = await this.#client.list(Secrets, { namespace: this.#namespace, labelSelector: SELECTOR });
    return items.map((secret) => ({
      name: secret.metadata.name,
      app: appOf(secret),
      createdAt: Date.parse(secret.metadata.creationTimestamp ?? ""),
    }));
  }

  async decisions(revision: string): Promise<RevisionDecision[] | undefined> {
    const list = await this.#client.subresource<{ items: RevisionDecision[] }>(PodAutoscalers, this.#namespace, revision, "decisions");
    return list?.items;
  }

  async coldStarts(revision: string): Promise<RevisionColdStart[] | undefined> {
    const list = await this.#client.subresource<{ items: RevisionColdStart[] }>(PodAutoscalers, this.#namespace, revision, "coldstarts");
    return list?.items;
  }

  metrics(): Promise<string | undefined> {
    return this.#client.metrics();
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

  get #informers(): Pick<Informer<KubeObject>, "start" | "stop" | "synced">[] {
    return [this.#services, this.#revisions, this.#pods];
  }
}

function appOf(object: KubeObject): string {
  return object.metadata.labels?.[PLATFORM_LABELS.app] ?? object.metadata.name;
}
