import { Signal, type Clock, type Logger, type Runnable } from "@ebb/base";
import { MAIN_CLUSTER } from "../environments/store.ts";
import { accessWith, noAccess, openKubeconfig, type ClusterAccess } from "./access.ts";
import type { Credentials } from "./credentials.ts";
import { KubeCluster } from "./kube-cluster.ts";
import { KubeHostSettings } from "./kube-host-settings.ts";
import type { Cluster, ClusterChange, ClusterCondition, ClusterFleet, ClusterPlace, ClusterSource, HostSettings, Ingress } from "./port.ts";
import { ClusterWatch } from "./watch.ts";

export interface KubeClustersOptions {
  /** The cluster that the platform was started with. */
  main: { kubeconfigPath: string; ingress: Ingress };
  clock: Clock;
  log: Logger;
}

interface Member {
  watch: ClusterWatch;
  ingress: Ingress;
}

/** Nobody listens there: a cluster that is not known any more has no address. */
const NOWHERE: Ingress = { host: "127.0.0.1", port: 9 };

/** The clusters over the Kubernetes API; one that is down takes nothing with it but what is on it. */
export class KubeClusters implements ClusterFleet, Runnable {
  readonly name = "cluster watch";
  readonly #options: KubeClustersOptions;
  readonly #members = new Map<string, Member>();
  readonly #places = new Map<string, Cluster>();
  readonly #changes = new Signal<ClusterChange>();
  #started = false;

  constructor(options: KubeClustersOptions) {
    this.#options = options;
    const { kubeconfigPath, ingress } = options.main;
    this.#members.set(MAIN_CLUSTER, { watch: this.#watch(MAIN_CLUSTER, openKubeconfig(kubeconfigPath)), ingress });
  }

  /** Resolves at once: a cluster that is down delays nothing but the operations that need it. */
  start(): Promise<void> {
    this.#started = true;
    for (const { watch } of this.#members.values()) watch.start();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#started = false;
    await Promise.all([...this.#members.values()].map(({ watch }) => watch.stop()));
  }

  of(place: ClusterPlace): Cluster {
    const key = `${place.cluster} ${place.namespace}`;
    const known = this.#places.get(key);
    if (known) return known;
    const made = new KubeCluster(this.#member(place.cluster).watch.view, place);
    this.#places.set(key, made);
    return made;
  }

  ingress(cluster: string): Ingress {
    return this.#member(cluster).ingress;
  }

  health(): { ready: boolean; message: string } {
    return this.#member(MAIN_CLUSTER).watch.health();
  }

  server(cluster: string): string {
    return this.#member(cluster).watch.view.client.server;
  }

  hosts(cluster: string): HostSettings {
    return new KubeHostSettings(this.#member(cluster).watch.view.client);
  }

  condition(cluster: string): ClusterCondition {
    return this.#member(cluster).watch.condition;
  }

  async check(cluster: string): Promise<ClusterCondition> {
    return this.#member(cluster).watch.look();
  }

  async tryOut(credentials: Credentials): Promise<ClusterCondition> {
    const watch = this.#watch("one that is to be added", accessWith(credentials));
    try {
      return await watch.look();
    } finally {
      await watch.stop();
    }
  }

  async connect(cluster: string, { credentials, ingress }: ClusterSource): Promise<void> {
    await this.disconnect(cluster);
    const watch = this.#watch(cluster, accessWith(credentials));
    this.#members.set(cluster, { watch, ingress });
    if (this.#started) watch.start();
  }

  async disconnect(cluster: string): Promise<void> {
    const member = this.#members.get(cluster);
    this.#members.delete(cluster);
    for (const key of this.#places.keys()) if (key.startsWith(`${cluster} `)) this.#places.delete(key);
    await member?.watch.stop();
  }

  metrics(cluster: string): Promise<string | undefined> {
    return this.#member(cluster).watch.view.client.metrics();
  }

  onChange(listener: (change: ClusterChange) => void): () => void {
    return this.#changes.on(listener);
  }

  /** What is not known, or cannot be read, does not answer: its apps are unknown, and nobody else's are. */
  #member(name: string): Member {
    const known = this.#members.get(name);
    if (known) return known;
    const missing = `This platform knows no cluster ${name}, or cannot read its credentials`;
    const made = { watch: this.#watch(name, noAccess(missing)), ingress: NOWHERE };
    this.#members.set(name, made);
    if (this.#started) made.watch.start();
    return made;
  }

  #watch(name: string, access: ClusterAccess): ClusterWatch {
    const { clock, log } = this.#options;
    return new ClusterWatch({ name, access, clock, log, changed: (change) => this.#changes.emit(change) });
  }
}
