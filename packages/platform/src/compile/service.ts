import type { Container, EnvVar, KnativeService, Probe, RevisionTemplate, TrafficTarget } from "@ebb/kube";
import { HOST_ANNOTATIONS } from "@ebb/kube";
import { MANAGED_BY, PLATFORM_LABELS } from "../cluster/port.ts";
import type { AskedScaling } from "../environments/policies.ts";
import { revisionName, versionName } from "./names.ts";
import type { VersionConfig } from "./version-config.ts";

/** What the autoscaler accepts as its window (knative config-autoscaler: 6 s to 1 h). */
const SHORTEST_WINDOW = 6;
const LONGEST_WINDOW = 3600;
/** Of a Revision too it may be changed at any time. */
export const MIN_SCALE = "autoscaling.knative.dev/min-scale";
/** Knative's own cleaning leaves it alone. */
export const NO_GC = "serving.knative.dev/no-gc";

/** What an app is called in a cluster's hosts. */
export interface Hosting {
  /** The first part of its host. */
  host: string;
  /** Behind its name in the hosts of its tags. */
  suffix: string;
}

/** The Knative Service of one version; pure, so that the same version always gives the same manifest. */
export function compileService(
  {
    app,
    number,
    hosting,
    marks = {},
  }: { app: string; number: number; hosting: Hosting; /** Annotations besides. */ marks?: Record<string, string> },
  config: VersionConfig,
  traffic: TrafficTarget[],
): KnativeService {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name: app, labels: labels(app), annotations: { ...hostAnnotations(hosting), ...marks } },
    spec: { template: compileTemplate(app, number, config), traffic },
  };
}

export function compileTemplate(app: string, number: number, config: VersionConfig): RevisionTemplate {
  const { plan } = config;
  return {
    metadata: {
      name: revisionName(app, number),
      labels: { ...labels(app), [PLATFORM_LABELS.version]: versionName(number) },
      annotations: annotations(config),
    },
    spec: {
      containers: [container(config)],
      ...(plan.scaling.concurrency === undefined ? {} : { containerConcurrency: plan.scaling.concurrency }),
      timeoutSeconds: plan.timeoutSeconds,
    },
  };
}

function labels(app: string): Record<string, string> {
  return { [PLATFORM_LABELS.managedBy]: MANAGED_BY, [PLATFORM_LABELS.app]: app };
}

/** For the domain template of config-network; a cluster with another one gives other hosts, and all else works. */
export function hostAnnotations({ host, suffix }: Hosting): Record<string, string> {
  return { [HOST_ANNOTATIONS.host]: host, [HOST_ANNOTATIONS.suffix]: suffix };
}

/** Versions from before there were environments have what their plan asks for. */
export function scalingOf({ plan, scaling }: Pick<VersionConfig, "plan" | "scaling">): AskedScaling {
  return scaling ?? plan.scaling;
}

function annotations(config: VersionConfig): Record<string, string> {
  const { target } = config.plan.scaling;
  const { min, max, idleSeconds } = scalingOf(config);
  return {
    [MIN_SCALE]: String(min),
    // How long versions are kept is their environment's policy, whatever the cluster's.
    [NO_GC]: "true",
    "autoscaling.knative.dev/max-scale": String(max),
    ...(target === undefined ? {} : { "autoscaling.knative.dev/target": String(target) }),
    ...(idleSeconds === undefined
      ? {}
      : { "autoscaling.knative.dev/window": `${Math.round(Math.min(LONGEST_WINDOW, Math.max(SHORTEST_WINDOW, idleSeconds)))}s` }),
  };
}

function container(config: VersionConfig): Container {
  const { plan } = config;
  const limits: Record<string, string> = {};
  if (plan.resources.cpu !== undefined) limits["cpu"] = plan.resources.cpu;
  if (plan.resources.memory !== undefined) limits["memory"] = plan.resources.memory;
  const command = config.bundle ? undefined : plan.command?.map((part) => part.replaceAll("$PORT", String(plan.port)));
  return {
    image: config.image,
    ...(command ? { command } : {}),
    ports: [{ name: plan.protocol, containerPort: plan.port }],
    env: environment(config),
    readinessProbe: readiness(config),
    ...(Object.keys(limits).length > 0 ? { resources: { limits } } : {}),
  };
}

/** Sorted by name: an order of its own for each map would make a new Revision out of nothing. */
function environment(config: VersionConfig): EnvVar[] {
  const plain = Object.entries(config.env).map(([name, value]): EnvVar => ({ name, value }));
  const secret = Object.entries(config.secrets).map(([name, key]): EnvVar => ({
    name,
    valueFrom: { secretKeyRef: { name: config.secretName ?? "", key } },
  }));
  return [...plain, ...secret].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Without a timeout the period stays 0: Knative then probes aggressively until the first success, which makes cold starts short. */
function readiness({ plan }: VersionConfig): Probe {
  const { path, initialDelaySeconds, timeoutSeconds } = plan.health;
  return {
    ...(path === undefined ? { tcpSocket: { port: 0 } } : { httpGet: { path, port: 0 } }),
    successThreshold: 1,
    ...(initialDelaySeconds === undefined ? {} : { initialDelaySeconds }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds, periodSeconds: Math.max(1, timeoutSeconds) }),
  };
}
