import { LED_TO, POLICY_ANNOTATIONS } from "@ebb/autoscaler";
import { LABELS, PodAutoscalers, type KnativeService, type PodAutoscaler } from "@ebb/kube";
import type { Context } from "../context.ts";
import { applyStatus } from "../engine/apply.ts";
import { Controller } from "../engine/controller.ts";
import { keyOf, splitKey } from "../engine/keys.ts";
import type { DataPlane } from "../revision/data-plane.ts";
import { autoscalerStatus, isInitialized } from "./reconcile.ts";
import type { ScalingLoop } from "./scaling-loop.ts";

/** What a wake and its first instance change is written together. */
const COALESCE = 50;

/** Tells the scaling loop of PodAutoscalers, and PodAutoscalers of what it did. */
export function createAutoscalerController(context: Context, loop: ScalingLoop, dataPlane: DataPlane, inRush: () => boolean): Controller {
  const { clock, log, client, autoscalers } = context;
  const controller = new Controller({
    name: "podautoscaler",
    clock,
    log,
    inRush,

    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const autoscaler = autoscalers.get(namespace, name);
      if (!autoscaler || autoscaler.metadata.deletionTimestamp) return;
      loop.upsert(autoscaler);
      const state = loop.state(key);
      if (!state) return;
      const { initialScale } = state;
      const observed = { ...state, now: clock.now() };
      // Routes may lead to it from then on: the gateway must have its endpoints first.
      if (!isInitialized(autoscaler) && state.ready >= initialScale) await dataPlane.applied(key);
      const status = autoscalerStatus(autoscaler, observed);
      await applyStatus(client, PodAutoscalers, { object: autoscaler, status });
      if (isInitialized({ ...autoscaler, status })) loop.setInitialized(key);
    },
  });
  followPolicies(context, (key) => controller.add(key));
  loop.moved.on((key) => {
    if (isDeployed(context, key)) controller.addLater(key, COALESCE, true);
    else controller.add(key);
  });
  autoscalers.onChange(({ object, type }) => {
    if (type === "deleted") loop.remove(keyOf(object));
    else controller.add(keyOf(object));
  });
  return controller;
}

/** Whether it has been initialized: until then somebody waits for what happens to it. */
export function isDeployed({ autoscalers }: Context, key: string): boolean {
  const { namespace, name } = splitKey(key);
  const autoscaler = autoscalers.get(namespace, name);
  return autoscaler !== undefined && isInitialized(autoscaler);
}

/** The annotations of the Knative Service that a PodAutoscaler's revision belongs to. */
export function liveAnnotations(context: Context, { metadata }: PodAutoscaler): Readonly<Record<string, string>> | undefined {
  const { namespace = "", labels = {} } = metadata;
  return context.services.get(namespace, labels[LABELS.service] ?? "")?.metadata.annotations;
}

/** A Service's policy counts for all of its revisions, and at once. */
function followPolicies({ services, autoscalers }: Context, touched: (key: string) => void): void {
  const known = new Map<string, string>();
  services.onChange(({ object, type }) => {
    const key = keyOf(object);
    const policy = type === "deleted" ? "" : policyText(object);
    if (policy === (known.get(key) ?? "")) return;
    if (policy === "") known.delete(key);
    else known.set(key, policy);
    const { namespace, name } = object.metadata;
    for (const { metadata } of autoscalers.list()) {
      if (metadata.namespace === namespace && metadata.labels?.[LABELS.service] === name) touched(`${namespace ?? ""}/${metadata.name}`);
    }
  });
}

function policyText({ metadata: { annotations = {} } }: KnativeService): string {
  const names = Object.values(POLICY_ANNOTATIONS);
  return names.every((name) => annotations[name] === undefined) ? "" : JSON.stringify([...names, LED_TO].map((name) => annotations[name]));
}
