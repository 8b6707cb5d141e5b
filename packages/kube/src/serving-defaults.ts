import { isDeepStrictEqual } from "node:util";
import type { Container, Probe } from "./core.ts";
import type { KubeObject, ObjectMeta } from "./meta.ts";
import { ANNOTATIONS, childName } from "./names.ts";
import { securityDefaults } from "./security-defaults.ts";
import type { AdmissionConfig } from "./serving-config/admission-config.ts";
import { DEFAULT_RESOURCES, type ServingDefaults } from "./serving-config/defaults.ts";
import type { RevisionSpec, RevisionTemplate, TrafficTarget } from "./serving.ts";

export interface DefaultingContext {
  config: AdmissionConfig;
  /** Some fields are filled in once only, so that old objects do not change. */
  creating: boolean;
  /** Metadata of the object that the spec is in. */
  parent: Pick<ObjectMeta, "name" | "namespace" | "generateName">;
}

/**
 * knative/serving pkg/apis/serving/v1/revision_defaults.go over config-defaults. Pure, and idempotent: defaulting what was defaulted
 * changes nothing, or each `apply` would make a new generation.
 */
export function defaultRevisionSpec(spec: RevisionSpec, context: DefaultingContext): RevisionSpec {
  const { config, creating } = context;
  const { defaults } = config;
  const timeoutSeconds = spec.timeoutSeconds || defaults.timeoutSeconds;
  const shorter = (value: number | undefined, fallback: number) =>
    value ?? (fallback !== 0 && fallback < timeoutSeconds ? fallback : undefined);
  const idleTimeoutSeconds = shorter(spec.idleTimeoutSeconds, defaults.idleTimeoutSeconds);
  const responseStartTimeoutSeconds = shorter(spec.responseStartTimeoutSeconds, defaults.responseStartTimeoutSeconds);
  const enableServiceLinks = spec.enableServiceLinks ?? (creating ? defaults.enableServiceLinks : undefined);
  const { containers, initContainers } = nameContainers(spec, context);
  const writable = new Set(
    (spec.volumes ?? [])
      .filter((volume) => volume.emptyDir ?? volume.persistentVolumeClaim ?? volume.ephemeral)
      .map((volume) => volume.name),
  );
  const secured = (container: Container) => securityDefaults(container, spec.securityContext, config.features["secure-pod-defaults"]);
  return {
    ...spec,
    timeoutSeconds,
    ...(idleTimeoutSeconds === undefined ? {} : { idleTimeoutSeconds }),
    ...(responseStartTimeoutSeconds === undefined ? {} : { responseStartTimeoutSeconds }),
    containerConcurrency: spec.containerConcurrency ?? defaults.containerConcurrency,
    ...(enableServiceLinks === undefined ? {} : { enableServiceLinks }),
    containers: containers.map((container) =>
      secured(defaultContainer(container, { single: containers.length === 1, writable, defaults })),
    ),
    ...(initContainers ? { initContainers: initContainers.map(secured) } : {}),
  };
}

/** A container without a name gets the configured one, with a number where that would be taken (applyDefaultContainerNames). */
function nameContainers(spec: RevisionSpec, { config, parent }: DefaultingContext): Pick<RevisionSpec, "containers" | "initContainers"> {
  const { containers, initContainers } = spec;
  const taken = new Set([...containers, ...(initContainers ?? [])].map(({ name }) => name));
  const named = (list: Container[], base: string): Container[] => {
    let next = 0;
    return list.map((container) => {
      if (container.name) return container;
      let name = base;
      if (list.length > 1 || taken.has(name)) {
        do name = childName(base, `-${next++}`);
        while (taken.has(name));
      }
      return { ...container, name };
    });
  };
  const { containerName, initContainerName } = config.defaults;
  return {
    containers: named(containers, containerName(parent)),
    ...(initContainers ? { initContainers: named(initContainers, initContainerName(parent)) } : {}),
  };
}

interface Place {
  /** Alone, a container serves without saying so by a port. */
  single: boolean;
  /** Names of the volumes whose mounts need not be read-only. */
  writable: ReadonlySet<string>;
  defaults: ServingDefaults;
}

function defaultContainer(container: Container, { single, writable, defaults }: Place): Container {
  const serving = single || (container.ports ?? []).length > 0;
  const { readinessProbe, livenessProbe, startupProbe, volumeMounts } = container;
  const readiness = serving ? withHandler(readinessProbe ?? {}) : readinessProbe;
  return {
    ...container,
    resources: defaultResources(container.resources ?? {}, defaults),
    ...(readiness ? { readinessProbe: defaultReadiness(readiness) } : {}),
    ...(livenessProbe ? { livenessProbe: defaultGrpc(livenessProbe) } : {}),
    ...(startupProbe ? { startupProbe: defaultGrpc(startupProbe) } : {}),
    ...(volumeMounts
      ? { volumeMounts: volumeMounts.map((mount) => (writable.has(mount.name) ? mount : { ...mount, readOnly: true })) }
      : {}),
  };
}

function defaultResources(resources: NonNullable<Container["resources"]>, defaults: ServingDefaults): NonNullable<Container["resources"]> {
  const filled = (given: Record<string, string> | undefined, amounts: Readonly<Record<string, string>>) => {
    const missing = DEFAULT_RESOURCES.filter((name) => given?.[name] === undefined && amounts[name] !== undefined);
    return missing.length === 0 ? given : { ...given, ...Object.fromEntries(missing.map((name) => [name, amounts[name] ?? ""])) };
  };
  const requests = filled(resources.requests, defaults.requests);
  const limits = filled(resources.limits, defaults.limits);
  return { ...resources, ...(requests ? { requests } : {}), ...(limits ? { limits } : {}) };
}

function withHandler(probe: Probe): Probe {
  const handled = probe.tcpSocket ?? probe.httpGet ?? probe.exec ?? probe.grpc;
  return handled ? probe : { ...probe, tcpSocket: { port: 0 } };
}

function defaultReadiness(probe: Probe): Probe {
  const periodic = probe.periodSeconds ? { failureThreshold: probe.failureThreshold || 3, timeoutSeconds: probe.timeoutSeconds || 1 } : {};
  return defaultGrpc({ ...probe, successThreshold: probe.successThreshold || 1, ...periodic });
}

function defaultGrpc(probe: Probe): Probe {
  return probe.grpc && probe.grpc.service === undefined ? { ...probe, grpc: { ...probe.grpc, service: "" } } : probe;
}

/** A template with the name of the one before is left alone: a change by defaulting would demand another name. */
export function defaultTemplate(
  template: RevisionTemplate,
  old: RevisionTemplate | undefined,
  context: DefaultingContext,
): RevisionTemplate {
  const name = template.metadata?.name;
  if (name && name === old?.metadata?.name) return template;
  return { ...template, spec: defaultRevisionSpec(template.spec, context) };
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
