import type { Decision } from "@ebb/autoscaler";
import { Group, type Clock, type Logger, type Runnable } from "@ebb/base";
import type { RouteExplanation } from "@ebb/gateway";
import { badRequest, LABELS, type KubeClient } from "@ebb/kube";
import type { InstanceManager, InstanceSpec, PullCredentials, RegistryCredential } from "@ebb/runtime";
import { WildcardController } from "./certificate/wildcards.ts";
import { CertificateController } from "./certificate/controller.ts";
import { HostCertificates } from "./certificate/host-certificates.ts";
import { ClaimController } from "./claim/controller.ts";
import { createConfigurationController } from "./configuration/controller.ts";
import { createContext, informersOf, type Context } from "./context.ts";
import { DomainMappingController } from "./domainmapping/controller.ts";
import type { Controller } from "./engine/controller.ts";
import { keyOf, splitKey } from "./engine/keys.ts";
import { within } from "./engine/within.ts";
import { RootCaPublisher } from "./namespace/root-ca.ts";
import { RevisionMetrics } from "./metrics/revision-metrics.ts";
import { PodController } from "./pod/controller.ts";
import { createAutoscalerController, isDeployed, liveAnnotations } from "./podautoscaler/controller.ts";
import { DecisionLog } from "./podautoscaler/decision-log.ts";
import { ColdStarts, type ColdStart } from "./podautoscaler/cold-starts.ts";
import { LagPoller } from "./podautoscaler/lag-poller.ts";
import { ScalingLoop } from "./podautoscaler/scaling-loop.ts";
import { whatIf, type WhatIf } from "./podautoscaler/what-if.ts";
import type { GatewayPort, IssueCertificate } from "./ports.ts";
import { InstanceQuotas } from "./quota/instance-quotas.ts";
import type { ResolveDigest } from "./revision/image-digests.ts";
import type { IssueToken, ProvidedVolumes } from "./revision/provide-volumes.ts";
import { pullCredentials } from "./revision/pull-credentials.ts";
import { RevisionController } from "./revision/controller.ts";
import { DataPlane } from "./revision/data-plane.ts";
import type { WorkloadOptions } from "./revision/workload.ts";
import type { NodeSize } from "./revision/schedulable.ts";
import { questionOf } from "./route/explain.ts";
import { MirrorBook, type MirrorComparison } from "./route/mirror-book.ts";
import { RequestLines, type RequestLinesOptions } from "./pod/request-lines.ts";
import { RequestLog, type RecordedRequest } from "./route/request-log.ts";
import { RouteController } from "./route/controller.ts";
import { Ingress } from "./route/ingress.ts";
import type { ProbeAddress } from "./route/probe.ts";
import { createServiceController } from "./service/controller.ts";
import { VirtualServiceController } from "./virtualservice/controller.ts";

export interface ControllersOptions {
  client: KubeClient;
  /** Not started: the controllers start it, once they know what there should be. */
  instances: InstanceManager;
  gateway: GatewayPort;
  /** What an image's tag means now; without it, images run by their tags. */
  resolveDigest?: ResolveDigest;
  /** What the one node has: what is larger is `Unschedulable`; nothing is when absent. */
  node?: NodeSize;
  /** The folder that holds bundles, as `sha256/<hex>`. */
  bundlesRoot: string;
  /** The folder that holds those of PersistentVolumeClaims; without it, claims are never bound. */
  claimsRoot?: string;
  /** Where the gateway serves external hosts: a Route is ready once it has answered here. */
  probeAddress: ProbeAddress;
  /** The same for cluster-local hosts; without it those are taken at the gateway's word. */
  localProbeAddress?: ProbeAddress;
  /** EBB_GATEWAY_URL of instances: an HTTP proxy through which they reach other applications by their cluster-local names. */
  gatewayUrl?: string;
  /** Time a Revision has to reach its initial scale when neither it nor config-deployment says, seconds. Default 600, as upstream. */
  progressDeadlineSeconds?: number;
  /** File that keeps the autoscaler's decisions over restarts; without it they are forgotten. */
  decisionsPath?: string;
  /** Folder that keeps the last requests of each Service; without it they are in memory alone. */
  requestsPath?: string;
  /** Keeps what `queue-proxy` containers say of their requests; without it that is said nowhere. */
  queueLogs?: RequestLinesOptions["logs"];
  /** Where instances reach the cluster's API, by what they run; without it they are told of none and get no credentials. */
  apiAddress?: WorkloadOptions["apiAddress"];
  /** Tokens for projected volumes; without it there are none. */
  issueToken?: IssueToken;
  /** Makes the certificates of Knative Certificates; without it they are others' to make. */
  issuer?: { issue: IssueCertificate };
  /** PEM of the API's certificate authority, for the ConfigMap `kube-root-ca.crt` of every namespace; there is none without it. */
  authorities?: () => string;
  /** What becomes of the instances when this stops. Default: they are kept, to be adopted by the next. */
  stopInstances?: boolean;
  clock: Clock;
  log: Logger;
}

/** Kinds whose objects have `explain`. */
export type ExplainedPlural = "routes" | "virtualservices";

export interface Controllers extends Runnable {
  /** The last scaling decisions of `namespace/revision`, oldest first. */
  decisions(revision: string): readonly Decision[];
  /** How the last instances of `namespace/revision` came to serve, oldest first. */
  coldStarts(revision: string): readonly ColdStart[];
  /** The last requests of the Service that owns the Route `namespace/name`, oldest first: a sample, as the gateway takes it. */
  requests(route: string): Promise<RecordedRequest[]>;
  /** How its revisions answered copies of requests, since each of them began to get some. */
  mirrors(route: string): MirrorComparison[];
  /** What the recorded load of `namespace/revision` would have come to under another policy: see whatIf. Throws StatusError. */
  whatIf(revision: string, query: URLSearchParams): Promise<WhatIf>;
  /** Which rule of an object takes a request, and why: the request is what the query says (see questionOf). Throws StatusError. */
  explain(plural: ExplainedPlural, target: { namespace: string; name: string }, query: URLSearchParams): RouteExplanation;
  /** The contents of the `files` volumes of an instance. Throws what keeps it from starting. */
  provideVolumes(spec: InstanceSpec, state: "starting" | "running"): Promise<ProvidedVolumes>;
  /** What images of `namespace/revision` may be pulled with. */
  pullCredentials: PullCredentials;
  /** What was counted of every revision, in Prometheus' text format. */
  metrics(): string;
  /** An instance was looked at, whether it is ready. */
  probed(instance: string, succeeded: boolean): void;
}

const GATEWAY_PATIENCE = 2000;
/** A crash is told first without and then with its last log lines: one status for both. */
const COALESCE = 50;
/** Adopted instances are probed at once; a gateway that still serves by its old table is not hurried. */
const ADOPTION_PATIENCE = 3000;

/** The embedded cluster's reconcilers, with the autoscaler and the record of instances. */
export function createControllers(options: ControllersOptions): Controllers {
  return new EmbeddedControllers(options);
}

class EmbeddedControllers implements Controllers {
  readonly name = "controllers";
  readonly #options: ControllersOptions;
  readonly #context: Context;
  readonly #dataPlane: DataPlane;
  readonly #decisionLog: DecisionLog | undefined;
  readonly #lags: LagPoller;
  readonly #coldStarts: ColdStarts;
  readonly #loop: ScalingLoop;
  readonly #metrics: RevisionMetrics;
  readonly #requests: RequestLog;
  readonly #requestLines: RequestLines | undefined;
  readonly #mirrors = new MirrorBook();
  readonly #revisions: RevisionController;
  readonly #routes: RouteController;
  readonly #virtualServices: VirtualServiceController;
  readonly #domainMappings: DomainMappingController;
  readonly #pods: PodController;
  readonly #autoscalers: Controller;
  readonly #controllers: Controller[];
  readonly #informers: Group;
  #unsubscribe: (() => void) | undefined;

  constructor(options: ControllersOptions) {
    this.#options = options;
    const { client, clock, instances, gateway } = options;
    const log = options.log.child({ component: "controllers" });
    const { progressDeadlineSeconds } = options;
    const context = createContext({ client, clock, log, progressDeadlineSeconds });
    this.#context = context;
    const quotas = new InstanceQuotas(context.quotas);
    this.#dataPlane = new DataPlane(instances, gateway, { quotas, clock, log });
    context.quotas.onChange(({ object, type }) => type !== "resync" && this.#dataPlane.syncNamespace(object.metadata.namespace ?? ""));
    const { settings } = context;
    const { decisionsPath } = options;
    this.#decisionLog = decisionsPath === undefined ? undefined : new DecisionLog({ path: decisionsPath, clock, log });
    this.#coldStarts = new ColdStarts(instances, clock);
    gateway.onStats.on(({ revisions }) => {
      for (const stats of revisions) {
        this.#coldStarts.answered(stats);
        for (const mirror of stats.mirrors ?? []) this.#mirrors.add(stats.revision, mirror, clock.now());
      }
    });
    context.autoscalers.onChange(({ type, object }) => {
      if (type !== "deleted") return;
      this.#coldStarts.remove(keyOf(object));
      this.#mirrors.forget(keyOf(object));
    });
    context.virtualServices.onChange(({ type, object }) => this.#mirrors[type === "deleted" ? "unfollow" : "follow"](object));
    this.#lags = new LagPoller({ clock, log });
    this.#loop = new ScalingLoop({
      instances,
      gateway,
      dataPlane: this.#dataPlane,
      settings,
      clock,
      lags: this.#lags,
      quotas,
      live: (autoscaler) => liveAnnotations(context, autoscaler),
      refused: (autoscaler, message) => context.events.note(autoscaler, { type: "Warning", reason: "InvalidStrategies", message }),
      ...(this.#decisionLog ? { decisionLog: this.#decisionLog } : {}),
    });
    this.#metrics = new RevisionMetrics({ gateway, instances, autoscalers: context.autoscalers, clock });
    this.#requests = requestLogOf(context, options);
    this.#requestLines = requestLinesOf(context, options);
    const { bundlesRoot, gatewayUrl, probeAddress, localProbeAddress } = options;
    const local = localProbeAddress === undefined ? {} : { internal: localProbeAddress };
    const workload = {
      node: options.node,
      bundlesRoot,
      ...(gatewayUrl === undefined ? {} : { gatewayUrl }),
      ...(options.apiAddress ? { apiAddress: options.apiAddress } : {}),
    };
    this.#revisions = new RevisionController({
      context,
      dataPlane: this.#dataPlane,
      loop: this.#loop,
      quotas,
      workload,
      resolveDigest: options.resolveDigest,
      issueToken: options.issueToken,
      inRush: () => instances.inRush(),
    });
    const ingress = new Ingress({ gateway, external: probeAddress, ...local, clock, log });
    const certificates = new HostCertificates(context, gateway);
    this.#routes = new RouteController(context, ingress, certificates);
    this.#virtualServices = new VirtualServiceController(context, ingress);
    this.#domainMappings = new DomainMappingController(context, ingress, certificates);
    this.#pods = new PodController(context, instances, options.node?.address);
    this.#autoscalers = createAutoscalerController(context, this.#loop, this.#dataPlane, () => instances.inRush());
    const informers = informersOf(context);
    this.#controllers = [
      createServiceController(context),
      createConfigurationController(context),
      this.#revisions.controller,
      this.#routes.controller,
      this.#virtualServices.controller,
      this.#domainMappings.controller,
      this.#autoscalers,
      this.#pods.controller,
    ];
    if (options.authorities) {
      const publisher = new RootCaPublisher(context, options.authorities);
      this.#controllers.push(publisher.controller);
    }
    this.#controllers.push(new WildcardController(context).controller);
    const { issuer } = options;
    if (issuer) this.#controllers.push(new CertificateController(context, (names) => issuer.issue(names)).controller);
    if (options.claimsRoot !== undefined) this.#controllers.push(...new ClaimController(context, options.claimsRoot).controllers);
    settings.invalid.on(({ map, message }) => context.events.note(map, { type: "Warning", reason: "InvalidConfiguration", message }));
    this.#informers = new Group("informers", informers);
  }

  decisions(revision: string): readonly Decision[] {
    return this.#loop.decisions(revision);
  }

  coldStarts(revision: string): readonly ColdStart[] {
    return this.#coldStarts.list(revision);
  }

  requests(route: string): Promise<RecordedRequest[]> {
    return this.#requests.list(route);
  }

  mirrors(route: string): MirrorComparison[] {
    const { namespace, name } = splitKey(route);
    const own = this.#context.autoscalers.list({ namespace, labels: { [LABELS.service]: name } });
    return this.#mirrors.list(own.map(keyOf));
  }

  whatIf(revision: string, query: URLSearchParams): Promise<WhatIf> {
    const replayable = this.#loop.replayable(revision);
    if (!replayable) throw badRequest("the autoscaler does not know it yet: ask again in a moment");
    return whatIf(replayable, { query, starts: this.#coldStarts.list(revision), clock: this.#options.clock });
  }

  explain(plural: ExplainedPlural, target: { namespace: string; name: string }, query: URLSearchParams): RouteExplanation {
    const { namespace, name } = target;
    const { routes, virtualServices } = this.#context;
    const key = `${namespace}/${name}`;
    const url = routes.get(namespace, name)?.status?.url ?? "";
    const asked =
      plural === "routes"
        ? { entry: key, host: url.replace(/^https?:\/\//, "") }
        : { entry: `virtualservice:${key}`, host: virtualServices.get(namespace, name)?.spec.hosts?.[0] ?? "" };
    const question = questionOf(query, asked.host);
    const explanation = this.#options.gateway.explain(question);
    // What others serve is theirs to tell.
    if (!explanation.hops[0]?.entries.includes(asked.entry)) {
      throw badRequest(`${question.host} is not served by this object on the ${question.listener} listener`);
    }
    return explanation;
  }

  provideVolumes(spec: InstanceSpec, state: "starting" | "running"): Promise<ProvidedVolumes> {
    return this.#revisions.provide(spec, state);
  }

  pullCredentials(workload: string, reference: string): Promise<RegistryCredential[]> {
    return pullCredentials(this.#context, workload, reference);
  }

  metrics(): string {
    return this.#metrics.text();
  }

  probed(instance: string, succeeded: boolean): void {
    this.#requestLines?.probed(instance, succeeded);
  }

  /**
   * In this order, so that nothing that runs is stopped and nothing that is served is dropped: what the API says there should be; what
   * runs; both told to the gateway at once; only then the reconcilers.
   */
  async start(): Promise<void> {
    const { instances, gateway, clock, log } = this.#options;
    await Promise.all([this.#informers.start(), this.#decisionLog?.start()]);
    this.#unsubscribe = instances.onChange((key) => this.#changed(key));
    await instances.start();
    this.#metrics.start();
    this.#requests.start();
    this.#requestLines?.start();
    this.#revisions.adopt();
    for (const autoscaler of this.#context.autoscalers.list()) this.#loop.upsert(autoscaler);
    await this.#settled();
    const adopted = Promise.all([this.#routes.adopt(), this.#virtualServices.adopt(), this.#domainMappings.adopt()]);
    gateway.begin();
    // A gateway that is away gets everything when it comes back; the reconcilers must not wait for it.
    await within(clock, GATEWAY_PATIENCE, "the gateway", adopted).catch((error: unknown) =>
      log.warn({ error }, "the gateway is not there yet"),
    );
    this.#loop.start();
    for (const controller of this.#controllers) controller.open();
  }

  async stop(): Promise<void> {
    this.#loop.stop();
    await this.#lags.stop();
    this.#metrics.stop();
    await this.#requests.stop();
    this.#requestLines?.stop();
    await this.#decisionLog?.stop();
    await Promise.all(this.#controllers.map((controller) => controller.stop()));
    await this.#informers.stop();
    await this.#context.events.stop();
    // Endpoints still follow: an instance that is drained must leave the gateway's table first.
    await this.#options.instances.stop({ stopInstances: this.#options.stopInstances ?? false });
    this.#unsubscribe?.();
  }

  #changed(key: string): void {
    this.#coldStarts.changed(key);
    this.#dataPlane.sync(key);
    const isRecord = isDeployed(this.#context, key);
    this.#revisions.controller.addLater(key, COALESCE, isRecord);
    if (isRecord) this.#autoscalers.addLater(key, COALESCE, true);
    else this.#autoscalers.add(key);
    this.#pods.touched(key);
  }

  /** Waits until the first probes have told which adopted instances serve: the first table must not leave out one that does. */
  async #settled(): Promise<void> {
    const { instances, clock } = this.#options;
    const pending = () => instances.all().some(({ phase }) => phase === "starting");
    if (!pending()) return;
    const settled = Promise.withResolvers<void>();
    const unsubscribe = instances.onChange(() => pending() || settled.resolve());
    // One that takes longer was not serving before either.
    await within(clock, ADOPTION_PATIENCE, "adoption", settled.promise).catch(() => undefined);
    unsubscribe();
  }
}

/** An app that is gone leaves no requests behind. */
function requestLogOf(context: Context, { requestsPath: folder, gateway, clock, log }: ControllersOptions): RequestLog {
  const requests = new RequestLog({ folder, gateway, serviceOf: (revision) => serviceOf(context, revision), clock, log });
  context.routes.onChange(({ type, object }) => {
    if (type === "deleted") requests.remove(keyOf(object));
  });
  return requests;
}

function requestLinesOf(
  context: Context,
  { queueLogs: logs, gateway, instances, clock, log }: ControllersOptions,
): RequestLines | undefined {
  if (!logs) return undefined;
  const revisionOf = (key: string) => context.revisions.get(splitKey(key).namespace, splitKey(key).name);
  return new RequestLines({ logs, settings: context.settings, gateway, instances, revisionOf, clock, log });
}

/** A Route has its Service's name. */
function serviceOf({ autoscalers }: Context, revision: string): string | undefined {
  const { namespace, name } = splitKey(revision);
  return autoscalers.get(namespace, name)?.metadata.labels?.[LABELS.service];
}
