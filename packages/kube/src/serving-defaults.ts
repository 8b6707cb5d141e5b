import { isDeepStrictEqual } from "node:util";
import type { Container, Probe } from "./core.ts";
import type { KubeObject, ObjectMeta } from "./meta.ts";
import { ANNOTATIONS } from "./names.ts";
import type { RevisionSpec, RevisionTemplate, TrafficTarget } from "./serving.ts";
import type { Volume } from "./validate-pod-spec.ts";

/** knative/serving config-defaults. */
const TIMEOUT_SECONDS = 300;
const CONTAINER_NAME = "user-container";

/**
 * knative/serving pkg/apis/serving/v1/revision_defaults.go. Pure, and idempotent: defaulting what was defaulted changes nothing, or each
 * `apply` would make a new generation.
 */
export function defaultRevisionSpec(spec: RevisionSpec, creating: boolean): RevisionSpec {
  const containers = spec.containers ?? [];
  const volumes = (spec.volumes ?? []) as Volume[];
  const writable = new Set(volumes.filter((volume) => volume.emptyDir ?? volume.persistentVolumeClaim).map((volume) => volume.name));
  return {
    ...spec,
    timeoutSeconds: spec.timeoutSeconds || TIMEOUT_SECONDS,
    containerConcurrency: spec.containerConcurrency ?? 0,
    ...(spec.enableServiceLinks === undefined && creating ? { enableServiceLinks: false } : {}),
    containers: containers.map((container, index) => defaultContainer(container, { index, count: containers.length, writable })),
  };
}

interface Place {
  index: number;
  count: number;
  /** Names of the volumes whose mounts need not be read-only. */
  writable: ReadonlySet<string>;
}

function defaultContainer(container: Container, { index, count, writable }: Place): Container {
  const serving = count === 1 || (container.ports ?? []).length > 0;
  const { livenessProbe, volumeMounts } = container;
  return {
    ...container,
    name: container.name || (count === 1 ? CONTAINER_NAME : `${CONTAINER_NAME}-${index}`),
    resources: container.resources ?? {},
    ...(serving ? { readinessProbe: defaultReadiness(container.readinessProbe ?? {}) } : {}),
    ...(livenessProbe ? { livenessProbe: defaultGrpc(livenessProbe) } : {}),
    ...(volumeMounts
      ? { volumeMounts: volumeMounts.map((mount) => (writable.has(mount.name) ? mount : { ...mount, readOnly: true })) }
      : {}),
  };
}

function defaultReadiness(probe: Probe): Probe {
  const handled = probe.tcpSocket ?? probe.httpGet ?? probe.exec ?? probe.grpc;
  const periodic = probe.periodSeconds ? { failureThreshold: probe.failureThreshold || 3, timeoutSeconds: probe.timeoutSeconds || 1 } : {};
  return defaultGrpc({
    ...probe,
    ...(handled ? {} : { tcpSocket: { port: 0 } }),
    successThreshold: probe.successThreshold || 1,
    ...periodic,
  });
}

function defaultGrpc(probe: Probe): Probe {
  return probe.grpc && probe.grpc.service === undefined ? { ...probe, grpc: { ...probe.grpc, service: "" } } : probe;
}

/** A template with the name of the one before is left alone: a change by defaulting would demand another name. */
export function defaultTemplate(template: RevisionTemplate, old: RevisionTemplate | undefined): RevisionTemplate {
  const name = template.metadata?.name;
  if (name && name === old?.metadata?.name) return template;
  return { ...template, spec: defaultRevisionSpec(template.spec, old === undefined) };
}

/** In a Service, no traffic means all to the latest; a Route must say where to. */
export function defaultTraffic(traffic: readonly TrafficTarget[] | undefined, inService: boolean): TrafficTarget[] {
  if (!traffic || traffic.length === 0) return inService ? [{ latestRevision: true, percent: 100 }] : [];
  return traffic.map((target) => ({
    ...target,
    latestRevision: target.latestRevision ?? !target.revisionName,
    percent: target.percent ?? 0,
  }));
}

/** Who made it and who changed its spec last (serving.SetUserInfo). */
export function withUser<T extends KubeObject>(object: T, old: T | undefined, user: string): T {
  if (old && isDeepStrictEqual(old.spec, object.spec)) return object;
  const stamp = old ? {} : { [ANNOTATIONS.creator]: user };
  const annotations = { ...object.metadata.annotations, ...stamp, [ANNOTATIONS.lastModifier]: user };
  const metadata: ObjectMeta = { ...object.metadata, annotations };
  return { ...object, metadata };
}
