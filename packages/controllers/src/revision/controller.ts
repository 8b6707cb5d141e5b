import {
  ConfigMaps,
  PersistentVolumeClaims,
  PodAutoscalers,
  Revisions,
  limitRefusal,
  Secrets,
  specWithLimitDefaults,
  type Cause,
  type Kind,
  type KubeObject,
  type LimitRange,
  type Revision,
} from "@ebb/kube";
import { TransientError, UserError } from "@ebb/base";
import type { InstanceSpec, Workload } from "@ebb/runtime";
import type { Context } from "../context.ts";
import { apply, applyStatus } from "../engine/apply.ts";
import { Controller } from "../engine/controller.ts";
import { keyOf, ownerKey, splitKey } from "../engine/keys.ts";
import type { ScalingLoop } from "../podautoscaler/scaling-loop.ts";
import type { InstanceQuotas } from "../quota/instance-quotas.ts";
import { isInitialized } from "../podautoscaler/reconcile.ts";
import { REVISION_CONDITIONS as conditions } from "./conditions.ts";
import type { DataPlane } from "./data-plane.ts";
import type { Sources } from "./environment.ts";
import { ImageDigests, type ResolveDigest } from "./image-digests.ts";
import { missingFiles, provideVolumes, type IssueToken, type ProvidedVolumes } from "./provide-volumes.ts";
import { deadlineOf, planRevision } from "./reconcile.ts";
import { makeAutoscaler } from "./resources.ts";
import { deploymentName } from "../facade/parts.ts";
import { misplaced } from "./placement.ts";
import { unschedulable, type NodeSize } from "./schedulable.ts";
import { withVarLog } from "./var-log.ts";
import { backendOf, makeWorkload, revisionReferences, type WorkloadOptions } from "./workload.ts";

export interface RevisionControllerOptions {
  context: Context;
  dataPlane: DataPlane;
  loop: ScalingLoop;
  quotas: InstanceQuotas;
  workload: WorkloadOptions;
  /** Absent where no images are run. */
  resolveDigest: ResolveDigest | undefined;
  /** Absent where there is no API to call with one. */
  issueToken: IssueToken | undefined;
  inRush: () => boolean;
}

interface Description {
  workload?: Workload;
  /** Why no instance can be described. */
  problem?: Cause;
  /** What an instance that starts now would wait for. */
  waiting?: Cause;
}

/** Revisions: their workload to the runtime, their backend to the gateway, their PodAutoscaler and status to the API. */
export class RevisionController {
  readonly controller: Controller;
  readonly #options: RevisionControllerOptions;
  readonly #sources: Sources;
  /** Revisions by what their environment refers to: `namespace/secret/NAME`. */
  readonly #dependents = new Map<string, Set<string>>();
  readonly #references = new Map<string, readonly string[]>();
  readonly #startedAt: number;
  readonly #digests: ImageDigests;

  constructor(options: RevisionControllerOptions) {
    this.#options = options;
    const { context } = options;
    const { clock, log, secrets, configMaps, claims } = context;
    this.#startedAt = clock.now();
    this.#sources = {
      secret: (namespace, name) => secrets.get(namespace, name),
      configMap: (namespace, name) => configMaps.get(namespace, name),
      claim: (namespace, name) => claims.get(namespace, name),
    };
    const { inRush } = options;
    this.controller = new Controller({ name: "revision", clock, log, reconcile: (key) => this.#reconcile(key), inRush });
    const resolved = (key: string) => this.controller.add(key);
    this.#digests = new ImageDigests({ resolve: options.resolveDigest, clock, log, resolved });
    context.settings.changed.on((name) => {
      if (name === "observability") for (const revision of context.revisions.list()) this.controller.add(keyOf(revision));
    });
    options.quotas.changed.on(resolved);
    context.revisions.onChange(({ object }) => this.controller.add(keyOf(object)));
    context.limitRanges.onChange(({ object, type }) => {
      if (type === "resync") return;
      for (const revision of context.revisions.list())
        if (revision.metadata.namespace === object.metadata.namespace) this.controller.add(keyOf(revision));
    });
    for (const placing of [context.nodes, context.priorityClasses, context.runtimeClasses])
      placing.onChange(({ type }) => {
        if (type !== "resync") for (const revision of context.revisions.list()) this.controller.add(keyOf(revision));
      });
    context.autoscalers.onChange(({ object }) => this.controller.add(ownerKey(Revisions, object)));
    secrets.onChange(({ object, type }) => type !== "resync" && this.#addDependents(Secrets, object));
    configMaps.onChange(({ object, type }) => type !== "resync" && this.#addDependents(ConfigMaps, object));
    claims.onChange(({ object, type }) => type !== "resync" && this.#addDependents(PersistentVolumeClaims, object));
  }

  /** Declares everything at once, so that instances of Revisions that exist are not taken for orphans. */
  adopt(): void {
    const { context, dataPlane } = this.#options;
    const living = context.revisions.list().filter(({ metadata }) => !metadata.deletionTimestamp);
    const made = living.map((revision) => ({ revision, workload: this.#describe(revision).workload }));
    dataPlane.adopt(made.flatMap(({ workload }) => workload ?? []));
    for (const { revision, workload } of made) dataPlane.declare(this.#backendOf(revision), workload);
  }

  /** The contents of an instance's volumes. Throws UserError FailedMount; TransientError while nothing is known of its Revision. */
  provide(spec: InstanceSpec, state: "starting" | "running"): Promise<ProvidedVolumes> {
    const { context, workload, issueToken = noTokens } = this.#options;
    const { namespace, name } = splitKey(spec.workload);
    const revision = context.revisions.get(namespace, name);
    if (!revision) throw new TransientError("RevisionUnknown", `the revision ${spec.workload} is not known yet`);
    return provideVolumes(limitedBy(revision, this.#ranges(revision)), spec, state, {
      sources: this.#sources,
      node: workload.node,
      issueToken,
    });
  }

  async #reconcile(key: string): Promise<number | void> {
    const { context, dataPlane, loop, quotas } = this.#options;
    const { revisions, autoscalers, client, clock, events } = context;
    const { namespace, name } = splitKey(key);
    const revision = revisions.get(namespace, name);
    if (!revision || revision.metadata.deletionTimestamp) {
      this.#refer(key, []);
      this.#digests.forget(key);
      loop.remove(key);
      quotas.remove(key);
      return dataPlane.remove(key);
    }
    const autoscaler = autoscalers.get(namespace, name);
    const { deployment, observability } = context.settings.current;
    const { revision: pinned, pending } = this.#digests.of(key, revision, deployment);
    const { workload, problem, waiting } = this.#describe(pinned);
    const instances = dataPlane.instances(key);
    // One that serves with fewer than it wants is no trouble, nor what only its next instance would miss.
    const serves = autoscaler !== undefined && isInitialized(autoscaler) && dataPlane.ready(key) > 0;
    const trouble = problem ?? (serves ? undefined : (waiting ?? quotas.shortage(key)));
    const plan = planRevision({
      revision: pinned,
      resolving: pending && trouble === undefined,
      logUrl: observability.revisionUrlTemplate?.replaceAll("${REVISION_UID}", revision.metadata.uid ?? ""),
      autoscaler,
      problem: trouble,
      instances,
      now: clock.now(),
      since: Math.max(this.#startedAt, Date.parse(revision.metadata.creationTimestamp ?? "") || 0),
      deadline: deadlineOf(revision, deployment.progressDeadline),
    });
    dataPlane.declare(
      { ...this.#backendOf(revision), ...(plan.unavailable === undefined ? {} : { unavailable: plan.unavailable }) },
      pending ? undefined : workload,
    );
    loop.setFailed(key, plan.failed ? (plan.unavailable ?? "it was not ready in time") : undefined);
    loop.available(key);
    await apply(client, { kind: PodAutoscalers, desired: makeAutoscaler(revision), existing: autoscaler });
    // The first status of a new PodAutoscaler is a moment away, and tells a Revision that is deploying from one that sleeps from birth.
    const early = revision.status === undefined && autoscaler?.status === undefined && !trouble && !pending && !plan.failed;
    if (!early) await applyStatus(client, Revisions, { object: revision, status: plan.status });
    for (const note of plan.notes) events.note(revision, note);
    return plan.again;
  }

  #backendOf(revision: Revision): ReturnType<typeof backendOf> {
    const { requestLog } = this.#options.context.settings.current.observability;
    return { ...backendOf(revision), ...(requestLog ? { requestLog: { fields: [...requestLog.fields] } } : {}) };
  }

  #describe(revision: Revision): Description {
    const namespace = revision.metadata.namespace ?? "";
    this.#refer(
      keyOf(revision),
      revisionReferences(revision).map((reference) => `${namespace}/${reference}`),
    );
    const { workload, quotas } = this.#options;
    const { node } = workload;
    const ranges = this.#ranges(revision);
    const limited = limitedBy(revision, ranges);
    const { containers, initContainers } = limited.spec;
    const parts = { containers, ...(initContainers ? { initContainers } : {}) };
    quotas.describe(keyOf(revision), parts, limitRefusal(containers, ranges, initContainers));
    // What has run here before may do so again, even if the machine has become smaller, or another.
    const unplaced = conditions.isReady(revision.status?.conditions) ? undefined : this.#unplaced(limited, node);
    if (unplaced) return { problem: unplaced };
    const { varLog } = this.#options.context.settings.current.observability;
    const made = makeWorkload(varLog ? withVarLog(limited) : limited, this.#sources, workload);
    if ("problem" in made) return made;
    const missing = missingFiles(limited, { sources: this.#sources, node });
    return { workload: made.workload, ...(missing === undefined ? {} : { waiting: { reason: "FailedMount", message: missing } }) };
  }

  #unplaced(revision: Revision, node: NodeSize | undefined): Cause | undefined {
    const { nodes, priorityClasses, runtimeClasses } = this.#options.context;
    const around = {
      node: nodes.list()[0],
      hasPriorityClass: (name: string) => priorityClasses.get("", name) !== undefined,
      runtimeHandler: (name: string) => runtimeClasses.get("", name)?.handler,
    };
    return misplaced(revision.spec, around, deploymentName(revision)) ?? (node && unschedulable(revision.spec, node));
  }

  #ranges({ metadata }: Revision): LimitRange[] {
    return this.#options.context.limitRanges.list({ namespace: metadata.namespace ?? "" });
  }

  #refer(key: string, references: readonly string[]): void {
    for (const reference of this.#references.get(key) ?? []) {
      const dependents = this.#dependents.get(reference);
      dependents?.delete(key);
      if (dependents?.size === 0) this.#dependents.delete(reference);
    }
    for (const reference of references) {
      const dependents = this.#dependents.get(reference) ?? new Set<string>();
      this.#dependents.set(reference, dependents.add(key));
    }
    if (references.length > 0) this.#references.set(key, references);
    else this.#references.delete(key);
  }

  #addDependents(kind: Kind, { metadata }: KubeObject): void {
    const reference = `${metadata.namespace ?? ""}/${kind.kind.toLowerCase()}/${metadata.name}`;
    for (const key of this.#dependents.get(reference) ?? []) {
      this.controller.add(key);
      this.#options.dataPlane.renewFiles(key);
    }
  }
}

function noTokens(): Promise<never> {
  throw new UserError("FailedMount", "there is no API here that would take a token");
}

/** With what the LimitRanges of its namespace fill in of its instances. */
function limitedBy(revision: Revision, ranges: readonly LimitRange[]): Revision {
  return { ...revision, spec: specWithLimitDefaults(revision.spec, ranges) };
}
