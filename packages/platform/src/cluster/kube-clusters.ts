import { Signal, type Clock, type Logger, type Runnable } from "@ebb/base";
import { createInformer, Pods, Revisions, Services, WITH_ENDED, type Informer, type Kind, type KubeObject } from "@ebb/kube";
import { refuse } from "../errors.ts";
import { HttpKubeClient } from "./http-kube-client.ts";
import { appOf, KubeCluster, SELECTOR, type ClusterView } from "./kube-cluster.ts";
import type { Cluster, ClusterChange, ClusterPlace, Clusters } from "./port.ts";

export interface KubeClustersOptions {
  /** Name → kubeconfig. */
  kubeconfigs: Readonly<Record<string, string>>;
  clock: Clock;
  log: Logger;
}

/** The clusters over the Kubernetes API: three watches each (Services, Revisions, Pods of Ebb's, in all namespaces). */
export class KubeClusters implements Clusters, Runnable {
  readonly name = "cluster watch";
  readonly #views = new Map<string, ClusterView>();
  readonly #places = new Map<string, Cluster>();

  constructor({ kubeconfigs, clock, log }: KubeClustersOptions) {
    for (const [name, path] of Object.entries(kubeconfigs)) this.#views.set(name, createView(path, clock, log));
  }

  /** Resolves at once: a cluster that is down delays nothing but the operations that need it. */
  start(): Promise<void> {
    for (const view of this.#views.values()) for (const informer of informersOf(view)) void informer.start();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    for (const view of this.#views.values()) {
      await Promise.all(informersOf(view).map((informer) => informer.stop()));
      await view.client.close();
    }
  }

  of(place: ClusterPlace): Cluster {
    const key = `${place.cluster} ${place.namespace}`;
    const known = this.#places.get(key);
    if (known) return known;
    const made = new KubeCluster(this.#view(place.cluster), place);
    this.#places.set(key, made);
    return made;
  }

  health(): { ready: boolean; message: string } {
    const all = [...this.#views.values()].map((view) => view.health());
    return all.find(({ ready }) => !ready) ?? { ready: true, message: "" };
  }

  metrics(cluster: string): Promise<string | undefined> {
    return this.#view(cluster).client.metrics();
  }

  onChange(listener: (change: ClusterChange) => void): () => void {
    const stops = [...this.#views.values()].map((view) => view.changes.on(listener));
    return () => {
      for (const stop of stops) stop();
    };
  }

  #view(name: string): ClusterView {
    const view = this.#views.get(name);
    if (!view)
      throw refuse("cluster_unavailable", `This platform knows no cluster ${name}`, {
        hint: "Start it with the kubeconfig of that cluster.",
      });
    return view;
  }
}

function createView(kubeconfigPath: string, clock: Clock, log: Logger): ClusterView {
  const client = new HttpKubeClient(kubeconfigPath);
  const changes: ClusterView["changes"] = new Signal();
  const inform = <T extends KubeObject>(kind: Kind<T>, change: ClusterChange["kind"]): Informer<T> => {
    // Pods that have ended have logs (and only Ebb's own cluster has such).
    const labelSelector = change === "pod" ? `${SELECTOR},${WITH_ENDED}` : SELECTOR;
    const informer = createInformer({ client, kind, options: { labelSelector }, clock, log });
    informer.onChange(({ type, object }) => {
      if (type !== "resync") changes.emit({ kind: change, app: appOf(object), namespace: object.metadata.namespace ?? "" });
    });
    return informer;
  };
  const view: ClusterView = {
    client,
    changes,
    services: inform(Services, "service"),
    revisions: inform(Revisions, "revision"),
    pods: inform(Pods, "pod"),
    health() {
      const ready = informersOf(view).every((informer) => informer.synced);
      return { ready, message: ready ? "" : "Waiting for the cluster's answer" };
    },
  };
  return view;
}

function informersOf({ services, revisions, pods }: ClusterView): Pick<Informer<KubeObject>, "start" | "stop" | "synced">[] {
  return [services, revisions, pods];
}
