import { causeChain, Signal, TransientError, type Clock, type Logger, type Timer } from "@ebb/base";
import { createInformer, Pods, Revisions, Services, WITH_ENDED, type Informer, type Kind, type KubeObject } from "@ebb/kube";
import type { ClusterAccess } from "./access.ts";
import { HttpKubeClient } from "./http-kube-client.ts";
import { appOf, SELECTOR, type ClusterView } from "./kube-cluster.ts";
import type { ClusterChange, ClusterCondition } from "./port.ts";

const PERIOD = 5000;
/** A cluster that is being restarted is not called unreachable: its apps are as they were. */
const PATIENCE = 10_000;
const TIMEOUT = 5000;
/** What is installed in it changes once in a year. */
const GROUPS_PERIOD = 60_000;
const KNATIVE = "serving.knative.dev";
const ISTIO = "networking.istio.io";

export interface WatchOptions {
  name: string;
  access: ClusterAccess;
  clock: Clock;
  log: Logger;
  /** After each change of what is in it, and of how it is. */
  changed: (change: ClusterChange) => void;
}

/** One cluster: three watches (Services, Revisions, Pods of Ebb's, in all namespaces), and a look every five seconds at whether it answers. */
export class ClusterWatch {
  readonly view: ClusterView;
  readonly #options: WatchOptions;
  readonly #informers: Pick<Informer<KubeObject>, "start" | "stop" | "synced">[];
  #condition: ClusterCondition;
  #failingSince: number | undefined;
  #groupsAt = -Infinity;
  #timer: Timer | undefined;
  #looking: Promise<ClusterCondition> | undefined;

  constructor(options: WatchOptions) {
    const { clock, log, changed } = options;
    this.#options = options;
    this.#condition = {
      state: "connecting",
      since: clock.now(),
      message: "It has not answered yet",
      version: null,
      knative: null,
      istio: null,
      latencyMs: null,
      lastSeen: null,
    };
    const client = new HttpKubeClient(options.access);
    const changes: ClusterView["changes"] = new Signal();
    const inform = <T extends KubeObject>(kind: Kind<T>, change: ClusterChange["kind"]): Informer<T> => {
      // Pods that have ended have logs (and only Ebb's own cluster has such).
      const labelSelector = change === "pod" ? `${SELECTOR},${WITH_ENDED}` : SELECTOR;
      const informer = createInformer({ client, kind, options: { labelSelector }, clock, log });
      informer.onChange(({ type, object }) => {
        if (type === "resync") return;
        const made = { kind: change, app: appOf(object) };
        changes.emit({ ...made, namespace: object.metadata.namespace ?? "" });
        changed(made);
      });
      return informer;
    };
    const [services, revisions, pods] = [inform(Services, "service"), inform(Revisions, "revision"), inform(Pods, "pod")];
    this.#informers = [services, revisions, pods];
    this.view = { client, clock, changes, services, revisions, pods, health: () => this.health() };
  }

  start(): void {
    for (const informer of this.#informers) void informer.start();
    this.#timer = this.#options.clock.every(PERIOD, () => void this.look());
    void this.look();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await Promise.all(this.#informers.map((informer) => informer.stop()));
    await this.view.client.close();
    await this.#looking;
  }

  get condition(): ClusterCondition {
    return this.#condition;
  }

  health(): { ready: boolean; message: string } {
    const { state, message, since } = this.#condition;
    if (state === "unreachable")
      return { ready: false, message: `Unknown since ${new Date(since).toISOString()}: its cluster does not answer (${message})` };
    const ready = this.#informers.every(({ synced }) => synced);
    return { ready, message: ready ? "" : "Waiting for the cluster's answer" };
  }

  /** Asks it now. */
  look(): Promise<ClusterCondition> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<ClusterCondition> {
    const { clock } = this.#options;
    const began = clock.monotonic();
    try {
      const signal = AbortSignal.timeout(TIMEOUT);
      const version = await this.view.client.version(signal);
      const latencyMs = Math.round(clock.monotonic() - began);
      const groups = began - this.#groupsAt >= GROUPS_PERIOD ? await this.view.client.groups(signal) : undefined;
      if (groups) this.#groupsAt = began;
      this.#failingSince = undefined;
      const installed = groups ? { knative: groups.includes(KNATIVE), istio: groups.includes(ISTIO) } : {};
      const { knative, istio } = { ...this.#condition, ...installed };
      const usable = knative === false ? ({ state: "unusable", message: "It has no Knative Serving" } as const) : READY;
      this.#become({ ...usable, version, knative, istio, latencyMs, lastSeen: clock.now() });
    } catch (error) {
      this.#failed(error);
    }
    return this.#condition;
  }

  #failed(error: unknown): void {
    const { clock } = this.#options;
    this.#failingSince ??= clock.monotonic();
    const { state, lastSeen } = this.#condition;
    const patient = lastSeen !== null && clock.monotonic() - this.#failingSince < PATIENCE;
    if (patient && state !== "unreachable") return;
    const refused = error instanceof TransientError ? "" : "It does not let Ebb in: ";
    const message = `${refused}${causeChain(error).at(-1) ?? "no answer"}`;
    this.#become({ ...this.#condition, state: "unreachable", message, latencyMs: null });
  }

  #become(next: Omit<ClusterCondition, "since">): void {
    const { state, since } = this.#condition;
    const { clock, log, changed, name } = this.#options;
    const same = state === next.state;
    this.#condition = { ...next, since: same ? since : next.state === "unreachable" ? (next.lastSeen ?? since) : clock.now() };
    if (same) return;
    if (next.state === "unreachable") log.warn({ cluster: name, message: next.message }, "a cluster does not answer");
    // Of every app in it: what is known of them is no longer, or is again.
    changed({ kind: "service", app: "" });
  }
}

const READY = { state: "ready", message: "" } as const;
