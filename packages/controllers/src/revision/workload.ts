import {
  cpuMillis,
  expandVariables,
  isQuantity,
  memoryBytes,
  userPort,
  type Cause,
  type Container,
  type ResourceRequirements,
  type Revision,
} from "@ebb/kube";
import { INSTANCE_VALUES, type Artifact, type InstanceSpec, type PartSpec, type Workload } from "@ebb/runtime";
import type { Backend } from "@ebb/gateway";
import { keyOf } from "../engine/keys.ts";
import { downwardScope, type DownwardScope } from "./downward.ts";
import { environmentOf, referencesOf, type Sources } from "./environment.ts";
import { instanceLabels } from "./pod-metadata.ts";
import { probeOf, readinessOf } from "./probes.ts";
import { namespacesOf } from "./namespaces.ts";
import { hostAliasesOf, resolverOf } from "./resolver.ts";
import type { NodeSize } from "./schedulable.ts";
import { securityOf } from "./security.ts";
import { claimVolumes, mountSpecs, volumeReferences, volumeSpecs, volumesProblem } from "./volumes.ts";

export interface WorkloadOptions {
  /** The folder that holds bundles, as `sha256/<hex>`. */
  bundlesRoot: string;
  /** EBB_GATEWAY_URL of instances: where they reach other applications by their cluster-local names. */
  gatewayUrl?: string;
  /** The one node, for those that ask for their limits and have none. */
  node?: NodeSize | undefined;
  /** Where instances of a sort reach the cluster's API; undefined when they cannot. Without it, they are told of none. */
  apiAddress?: (sort: Artifact["kind"]) => { host: string; port: number } | undefined;
}

const BUNDLE_HOST = "bundle.ebb.local";
const BUNDLE = /^bundle\.ebb\.local\/(?:[^@]*)@sha256:([0-9a-f]{64})$/;

/** The container that serves: the one with a port, or the only one. */
export function servingContainer({ spec }: Revision): Container | undefined {
  return spec.containers.find(({ ports = [] }) => ports.length > 0) ?? spec.containers[0];
}

/** What the runtime must keep for a Revision, or why it cannot. */
export function makeWorkload(revision: Revision, sources: Sources, options: WorkloadOptions): { workload: Workload } | { problem: Cause } {
  const container = servingContainer(revision);
  if (!container) return problem("InvalidRevision", "the Revision has no container");
  const volumes = volumesProblem(revision.spec);
  if (volumes !== undefined) return problem("InvalidVolume", volumes);
  const claims = claimVolumes(revision.spec, (name) => sources.claim(revision.metadata.namespace ?? "", name));
  if ("problem" in claims) return claims;
  const names = resolverOf(revision.spec);
  if ("problem" in names) return names;
  const namespaces = namespacesOf(revision.spec);
  if ("problem" in namespaces) return namespaces;
  const hostAliases = hostAliasesOf(revision.spec);
  const { containers, initContainers = [] } = revision.spec;
  const context = { revision, sources, options, scope: downwardScope(revision, OF_EACH, options.node) };
  const main = programOf(container, "serving", context);
  if ("problem" in main) return main;
  const { artifact } = main.program;
  const others = [
    ...initContainers.map((other) => ["init", other] as const),
    ...containers.filter((other) => other !== container).map((other) => ["sidecar", other] as const),
  ];
  if (others.length > 0 && artifact.kind === "bundle")
    return problem("MultiContainerNotSupported", "a bundle runs as a process, which shares nothing with others: deploy it as an image");
  const parts: PartSpec[] = [];
  for (const [role, other] of others) {
    const made = programOf(other, role, context);
    if ("problem" in made) return made;
    if (made.program.artifact.kind === "bundle")
      return problem("MultiContainerNotSupported", `container ${other.name ?? ""} is a bundle: only images run beside others`);
    parts.push({ ...made.program, name: other.name ?? "", role });
  }
  const template: Omit<InstanceSpec, "id"> = {
    workload: keyOf(revision),
    labels: instanceLabels(revision),
    ...main.program,
    port: userPort(container),
    protocol: protocolOf(container),
    readiness: readinessOf(container),
    ...(parts.length > 0 ? { parts } : {}),
    ...(revision.spec.volumes?.length ? { volumes: volumeSpecs(revision.spec, claims.bound) } : {}),
    ...(names.resolver ? { resolver: names.resolver } : {}),
    ...(hostAliases.length > 0 ? { hostAliases } : {}),
    ...namespaces,
    terminationGraceSeconds: revision.spec.timeoutSeconds ?? 300,
    ...(options.apiAddress?.(artifact.kind) && revision.spec.automountServiceAccountToken !== false
      ? { identity: identityOf(revision) }
      : {}),
  };
  return { workload: { key: keyOf(revision), template } };
}

/** What each instance has of its own stands in its environment until there is one. */
const OF_EACH = { id: INSTANCE_VALUES.id, uid: INSTANCE_VALUES.uid, address: INSTANCE_VALUES.address };

interface ProgramContext {
  revision: Revision;
  sources: Sources;
  options: WorkloadOptions;
  scope: DownwardScope;
}

/** What one container runs, by which it is an instance or a part of one. */
function programOf(
  container: Container,
  role: "serving" | PartSpec["role"],
  { revision, sources, options, scope }: ProgramContext,
): { program: Omit<PartSpec, "name" | "role"> } | { problem: Cause } {
  const artifact = artifactOf(digestOf(revision, container) ?? container.image, options.bundlesRoot);
  if (!artifact) {
    return problem(
      "ContainerMissing",
      `Unable to fetch image "${container.image}": a bundle is named by its digest, ${BUNDLE_HOST}/NAME@sha256:HEX`,
    );
  }
  const mounts = mountSpecs(container);
  if (mounts.length > 0 && artifact.kind === "bundle") {
    return problem("VolumesNotSupported", "a bundle runs as a process, which has no mounts: deploy it as an image, or pass values by env");
  }
  const environment = environmentOf(revision, container, { sources, scope });
  if ("problem" in environment) return problem("CreateContainerConfigError", environment.problem);
  const { env } = environment;
  // Knative gives its own variables to all that run beside each other, and leaves what runs before them alone.
  if (role === "init") for (const name of ["K_SERVICE", "K_CONFIGURATION", "K_REVISION"]) delete env[name];
  if (options.gatewayUrl !== undefined) env["EBB_GATEWAY_URL"] ??= options.gatewayUrl;
  const api = options.apiAddress?.(artifact.kind);
  if (api)
    Object.assign(env, {
      KUBERNETES_SERVICE_HOST: api.host,
      KUBERNETES_SERVICE_PORT: String(api.port),
      KUBERNETES_SERVICE_PORT_HTTPS: String(api.port),
    });
  const { livenessProbe, readinessProbe, startupProbe } = container;
  const terminationMessage = terminationMessageOf(container, role);
  const security = securityOf(container, revision.spec);
  return {
    program: {
      artifact,
      ...expanded(container, env),
      ...(container.workingDir ? { workingDirectory: container.workingDir } : {}),
      env,
      resources: limitsOf(container.resources),
      ...(readinessProbe && role !== "init" ? { readiness: readinessOf(container) } : {}),
      ...(livenessProbe ? { liveness: probeOf(livenessProbe, 10) } : {}),
      ...(startupProbe ? { startup: probeOf(startupProbe, 10) } : {}),
      ...(security ? { security } : {}),
      ...(mounts.length > 0 ? { mounts } : {}),
      ...(terminationMessage ? { terminationMessage } : {}),
    },
  };
}

/** Knative's own default for all but those that run first is `FallbackToLogsOnError`. */
function terminationMessageOf({ terminationMessagePath: path, terminationMessagePolicy: policy }: Container, role: string) {
  const fromFile = policy === "File" || (!policy && role === "init");
  return path || fromFile ? { ...(path ? { path } : {}), ...(fromFile ? { policy: "File" as const } : {}) } : undefined;
}

/** All that a Revision's containers run with is in its own namespace: what their environments and volumes refer to. */
export function revisionReferences({ spec }: Revision): string[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  return [...new Set([...containers.flatMap(referencesOf), ...volumeReferences(spec)])];
}

/** The ServiceAccount as which it may call the API. Whether that gives its token away is looked up when an instance starts. */
function identityOf({ metadata, spec }: Revision): NonNullable<InstanceSpec["identity"]> {
  const asked = spec.automountServiceAccountToken === true ? { asked: true as const } : {};
  return { namespace: metadata.namespace ?? "", account: spec.serviceAccountName || "default", ...asked };
}

function problem(reason: string, message: string): { problem: Cause } {
  return { problem: { reason, message } };
}

/** A bundle of Ebb's own, which is no image. */
export function isBundle(image: string): boolean {
  return image.startsWith(`${BUNDLE_HOST}/`);
}

function digestOf({ status }: Revision, { name = "user-container" }: Container): string | undefined {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return all.find((container) => container.name === name)?.imageDigest;
}

function artifactOf(image: string, bundlesRoot: string): Artifact | undefined {
  if (!isBundle(image)) return { kind: "image", reference: image };
  const digest = BUNDLE.exec(image)?.[1];
  return digest === undefined ? undefined : { kind: "bundle", digest, path: `${bundlesRoot}/sha256/${digest}` };
}

function expanded({ command, args }: Container, env: Record<string, string>): { command?: string[]; args?: string[] } {
  const expand = (list: string[]) => list.map((text) => expandVariables(text, env));
  return { ...(command?.length ? { command: expand(command) } : {}), ...(args?.length ? { args: expand(args) } : {}) };
}

export function protocolOf(container: Container | undefined): "http1" | "h2c" {
  return container?.ports?.[0]?.name === "h2c" ? "h2c" : "http1";
}

/** Limits, and the request for CPU as a share (the limit where there is none, as in Kubernetes); it reserves nothing on the one node. */
function limitsOf({ limits = {}, requests = {} }: ResourceRequirements = {}): InstanceSpec["resources"] {
  const { cpu, memory } = limits;
  const request = requests["cpu"] ?? cpu;
  return {
    ...(cpu !== undefined && isQuantity(cpu) ? { cpuMillis: cpuMillis(cpu) } : {}),
    ...(request !== undefined && isQuantity(request) ? { cpuRequestMillis: cpuMillis(request) } : {}),
    ...(memory !== undefined && isQuantity(memory) ? { memoryBytes: memoryBytes(memory) } : {}),
  };
}

/** The data plane's view of a Revision, without its endpoints. */
export function backendOf(revision: Revision): Omit<Backend, "endpoints"> {
  const { spec } = revision;
  return {
    key: keyOf(revision),
    protocol: protocolOf(servingContainer(revision)),
    containerConcurrency: spec.containerConcurrency ?? 0,
    timeoutSeconds: spec.timeoutSeconds ?? 300,
    responseStartTimeoutSeconds: spec.responseStartTimeoutSeconds ?? 0,
    idleTimeoutSeconds: spec.idleTimeoutSeconds ?? 0,
  };
}

/** `name` to `reference@digest` of the Revision's containers: of the reference itself, or what its tag was resolved to. */
export function containerStatuses(revision: Revision): Required<Pick<RevisionStatus, "containerStatuses">> & RevisionStatus {
  const of = (containers: readonly Container[]) =>
    containers.map((container) => {
      const { name = "user-container", image } = container;
      const imageDigest = image.includes("@sha256:") ? image : digestOf(revision, container);
      return { name, ...(imageDigest === undefined ? {} : { imageDigest }) };
    });
  const { containers, initContainers = [] } = revision.spec;
  return { containerStatuses: of(containers), ...(initContainers.length > 0 ? { initContainerStatuses: of(initContainers) } : {}) };
}

type RevisionStatus = Pick<NonNullable<Revision["status"]>, "containerStatuses" | "initContainerStatuses">;
