import { LABELS, Pods, QUEUE_PROXY, type Pod } from "@ebb/kube";
import type { InstanceManager, InstanceStatus } from "@ebb/runtime";
import type { Context } from "../context.ts";
import { applyStatus } from "../engine/apply.ts";
import { Controller } from "../engine/controller.ts";
import { keyOf, splitKey } from "../engine/keys.ts";
import { isDeployed } from "../podautoscaler/controller.ts";
import { makePod, podStatus } from "./resources.ts";
import { troublesOf } from "./troubles.ts";

/** Changes of one revision's instances within this time are written together. */
const COALESCE = 100;

/**
 * Pods as the record of instances (ADR 0004), for as long as the runtime knows of them: the last that ended keep theirs, for their logs.
 * Keys are Revisions'. A Pod that somebody deletes takes its instance with it; the count that is desired then brings another.
 */
export class PodController {
  readonly controller: Controller;
  readonly #context: Context;
  readonly #instances: InstanceManager;
  readonly #hostIP: string | undefined;

  constructor(context: Context, instances: InstanceManager, hostIP: string | undefined) {
    this.#context = context;
    this.#instances = instances;
    this.#hostIP = hostIP;
    const { clock, log } = context;
    this.controller = new Controller({
      name: "pod",
      clock,
      log,
      reconcile: (key) => this.#reconcile(key),
      inRush: () => instances.inRush(),
    });
    context.pods.onChange(({ object, type }) => {
      const key = revisionKey(object);
      if (key === undefined) return;
      if (type === "deleted") this.#lost(key, object);
      this.touched(key);
    });
  }

  touched(key: string): void {
    this.controller.addLater(key, COALESCE, isDeployed(this.#context, key));
  }

  #lost(key: string, { metadata }: Pod): void {
    const instance = this.#instances.instances(key).find(({ id }) => id === metadata.name);
    if (instance && !isLeaving(instance)) this.#instances.remove(instance.id);
  }

  async #reconcile(key: string): Promise<void> {
    const { client, revisions, podsOf, clock, events, settings } = this.#context;
    const isLogged = settings.current.observability.requestLog !== undefined;
    const { namespace, name } = splitKey(key);
    const revision = revisions.get(namespace, name);
    const pods = new Map(podsOf.get(key).map((pod) => [pod.metadata.name, pod]));
    for (const instance of this.#instances.instances(key)) {
      const pod = pods.get(instance.id);
      pods.delete(instance.id);
      if (!revision) continue;
      if (pod?.metadata.deletionTimestamp && !isLeaving(instance)) this.#instances.remove(instance.id);
      // One on its way out whose Pod somebody deleted is not recorded anew.
      if (!pod && isLeaving(instance)) continue;
      const record = pod ?? (await client.create(Pods, makePod(revision, instance, isLogged)));
      const sidecar = record.spec.containers.find(({ name }) => name === QUEUE_PROXY);
      const around = { before: record.status, now: clock.now(), hostIP: this.#hostIP, sidecar };
      const status = podStatus(revision, instance, around);
      await applyStatus(client, Pods, { object: record, status });
      for (const note of troublesOf(record, record.status, status)) events.note(record, note);
      // Once its end is told; that write has brought us here again.
      if (record.status?.phase === "Succeeded" && !record.metadata.labels?.[LABELS.ended]) await client.update(Pods, markEnded(record));
    }
    for (const { metadata } of pods.values()) await client.delete(Pods, metadata.namespace, metadata.name);
  }
}

/** Those that wait until a Revision has no Pods any more do not wait for those that are kept for their logs. */
function markEnded(pod: Pod): Pod {
  return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, [LABELS.ended]: "true" } } };
}

function isLeaving({ phase }: InstanceStatus): boolean {
  return phase === "draining" || phase === "ended";
}

/** The Revision that a Pod records an instance of; other Pods are none of ours. */
function revisionKey(pod: Pod): string | undefined {
  const revision = pod.metadata.labels?.[LABELS.revision];
  return revision === undefined ? undefined : keyOf({ metadata: { ...pod.metadata, name: revision } });
}
