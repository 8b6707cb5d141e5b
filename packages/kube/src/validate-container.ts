import { posix } from "node:path";
import type { Container, ContainerPort, Probe } from "./core.ts";
import {
  checkAllowed,
  disallowedFields,
  fieldError,
  invalidFieldValue,
  missingField,
  missingOneOf,
  multipleOneOf,
  outOfBounds,
  via,
  viaEach,
  type FieldErrors,
} from "./field-error.ts";
import { imageProblem } from "./image-reference.ts";
import { QUEUE_PROXY } from "./names.ts";
import type { Features } from "./serving-config/features.ts";

/** knative/serving pkg/apis/serving/k8s_validation.go and fieldmask.go. */
const MAX_INT32 = 2 ** 31 - 1;
/** queue-proxy's own: http, h2c, admin, autoscaler metrics, user metrics, profiling. */
const RESERVED_PORTS: ReadonlySet<number> = new Set([8012, 8013, 8022, 9090, 9091, 8008]);
const RESERVED_ENV: ReadonlySet<string> = new Set(["PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"]);
const RESERVED_PATHS: ReadonlySet<string> = new Set(["/", "/dev", "/dev/log"]);
const PORT_NAMES: ReadonlySet<string> = new Set(["", "h2c", "http1"]);
const SECURITY_FIELDS: ReadonlySet<string> = new Set([
  "allowPrivilegeEscalation",
  "capabilities",
  "readOnlyRootFilesystem",
  "runAsGroup",
  "runAsNonRoot",
  "runAsUser",
  "seccompProfile",
]);

const FIELDS: ReadonlySet<string> = new Set([
  "args",
  "command",
  "env",
  "envFrom",
  "image",
  "imagePullPolicy",
  "livenessProbe",
  "name",
  "ports",
  "readinessProbe",
  "resources",
  "securityContext",
  "startupProbe",
  "terminationMessagePath",
  "terminationMessagePolicy",
  "volumeMounts",
  "workingDir",
]);

/** A volume as far as a mount must know it. */
export interface VolumeInfo {
  writable: boolean;
  /** A persistent volume claim that is read only as a whole. */
  readOnlyClaim: boolean;
}
interface Surroundings {
  volumes: ReadonlyMap<string, VolumeInfo>;
  features: Features;
}
export interface ContainerContext extends Surroundings {
  /** What a probe's port may be named; the port of the serving container. */
  port: Pick<ContainerPort, "name">;
  sidecar: boolean;
}

export function validateContainer(container: Container, context: ContainerContext): FieldErrors {
  const { volumes, features, sidecar } = context;
  return [
    ...validateProbes(container, context),
    ...validateCommon(container, { volumes, features, role: sidecar ? "sidecar" : "serving" }),
  ];
}

/** It runs before the others and serves nobody: probes make no sense, and any ports are allowed. */
export function validateInitContainer(container: Container, surroundings: Surroundings): FieldErrors {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  const { lifecycle } = container as { lifecycle?: unknown };
  const wrong = Object.entries({ livenessProbe, readinessProbe, startupProbe, lifecycle }).filter(([, value]) => value !== undefined);
  return [
    ...wrong.flatMap(([field]) => fieldError("field not allowed in an init container", [field])),
    ...validateCommon(container, { ...surroundings, role: "init" }),
  ];
}

interface CommonContext extends Surroundings {
  role: "serving" | "sidecar" | "init";
}

function validateCommon(container: Container, { volumes, features, role }: CommonContext): FieldErrors {
  if (Object.values(container).every((value) => value === undefined || value === "")) return missingField("");
  const { name, image, terminationMessagePolicy: policy = "", ports = [] } = container;
  return [
    ...checkAllowed(container, FIELDS),
    ...(name === QUEUE_PROXY ? fieldError(`"${QUEUE_PROXY}" is a reserved container name`, ["name"]) : []),
    ...via(
      "env",
      viaEach(container.env, (env) => validateEnv(env, role !== "serving", features)),
    ),
    // Upstream does not say which of them.
    ...via("envFrom", (container.envFrom ?? []).flatMap(validateEnvFrom)),
    ...validateImage(image),
    ...via("ports", role === "init" ? ports.flatMap(validatePort) : validatePorts(ports)),
    ...via("resources", checkAllowed(container.resources ?? {}, new Set(["limits", "requests"]))),
    ...via("securityContext", validateSecurity(container.securityContext ?? {}, features)),
    ...(["", "File", "FallbackToLogsOnError"].includes(policy) ? [] : invalidFieldValue(policy, "terminationMessagePolicy")),
    ...via("volumeMounts", validateMounts(container.volumeMounts ?? [], volumes, features)),
  ];
}

function validateImage(image: string | undefined): FieldErrors {
  if (!image) return missingField("image");
  const problem = imageProblem(image);
  if (!problem) return [];
  return fieldError("Failed to parse image reference", ["image"], `image: ${JSON.stringify(image)}, error: ${problem}`);
}

function validateEnv(env: NonNullable<Container["env"]>[number], portAllowed: boolean, features: Features): FieldErrors {
  const reserved = RESERVED_ENV.has(env.name) && !(portAllowed && env.name === "PORT");
  const sources = ["configMapKeyRef", "secretKeyRef"];
  if (features["kubernetes.podspec-fieldref"] !== "Disabled") sources.push("fieldRef", "resourceFieldRef");
  return [
    ...(env.name === "" ? missingField("name") : []),
    ...(reserved ? fieldError(`${JSON.stringify(env.name)} is a reserved environment variable`, ["name"]) : []),
    ...via("valueFrom", checkAllowed(env.valueFrom ?? {}, new Set(sources))),
  ];
}

function validateEnvFrom({ configMapRef, secretRef }: NonNullable<Container["envFrom"]>[number]): FieldErrors {
  if (configMapRef && secretRef) return multipleOneOf("configMapRef", "secretRef");
  return configMapRef || secretRef ? [] : missingOneOf("configMapRef", "secretRef");
}

function validatePorts(ports: readonly ContainerPort[]): FieldErrors {
  const [port] = ports;
  if (!port) return [];
  const { name = "", protocol = "TCP" } = port;
  return [
    ...validatePort(port),
    ...(protocol === "TCP" ? [] : invalidFieldValue(protocol, "protocol")),
    ...(PORT_NAMES.has(name) ? [] : fieldError(`Port name ${name} is not allowed`, [""], "Name must be empty, or one of: 'h2c', 'http1'")),
  ];
}

function validatePort(port: ContainerPort): FieldErrors {
  const { containerPort } = port;
  const why = `${containerPort} is a reserved port`;
  return [
    ...checkAllowed(port, new Set(["containerPort", "name", "protocol"])),
    ...(RESERVED_PORTS.has(containerPort) ? invalidFieldValue(why, "containerPort", `${why}, please use a different value`) : []),
    ...(containerPort < 0 || containerPort > 65_535 ? outOfBounds(containerPort, [0, 65_535], "containerPort") : []),
  ];
}

function validateSecurity(context: Record<string, unknown>, features: Features): FieldErrors {
  const { capabilities, runAsUser, runAsGroup } = context as {
    capabilities?: { add?: string[] };
    runAsUser?: number;
    runAsGroup?: number;
  };
  const add = capabilities?.add ?? [];
  const bound = (value: number | undefined, path: string) =>
    value !== undefined && (value < 0 || value > MAX_INT32) ? outOfBounds(value, [0, MAX_INT32], path) : [];
  return [
    ...checkAllowed(context, SECURITY_FIELDS),
    // The one capability that gives no more than a port below 1024.
    ...(features["kubernetes.containerspec-addcapabilities"] === "Disabled" && add.some((name) => name !== "NET_BIND_SERVICE")
      ? disallowedFields("capabilities.add")
      : []),
    ...bound(runAsUser, "runAsUser"),
    ...bound(runAsGroup, "runAsGroup"),
  ];
}

function validateMounts(
  mounts: NonNullable<Container["volumeMounts"]>,
  volumes: ContainerContext["volumes"],
  features: Features,
): FieldErrors {
  const seen = new Set<string>();
  const allowed = new Set(["mountPath", "name", "readOnly", "subPath"]);
  if (features["kubernetes.podspec-volumes-mount-propagation"] !== "Disabled") allowed.add("mountPropagation");
  return viaEach(mounts, (mount) => {
    const volume = volumes.get(mount.name);
    const path = posix.normalize(mount.mountPath).replace(/(.)\/$/, "$1");
    const errors: FieldErrors = [
      ...checkAllowed(mount, allowed),
      ...(volume ? [] : fieldError("volumeMount has no matching volume", ["name"])),
      ...validateMountPath(mount.mountPath, path, seen),
      ...(volume?.writable || mount.readOnly ? [] : fieldError("volume mount should be readOnly for this type of volume", ["readOnly"])),
      ...(volume?.readOnlyClaim && !mount.readOnly ? fieldError("volume is readOnly but volume mount is not", ["readOnly"]) : []),
    ];
    seen.add(path);
    return errors;
  });
}

function validateMountPath(raw: string, path: string, seen: ReadonlySet<string>): FieldErrors {
  if (raw === "") return missingField("mountPath");
  if (RESERVED_PATHS.has(path)) return fieldError(`mountPath ${JSON.stringify(path)} is a reserved path`, ["mountPath"]);
  if (!posix.isAbsolute(raw)) return invalidFieldValue(raw, "mountPath");
  return seen.has(path) ? invalidFieldValue(`${JSON.stringify(raw)} must be unique`, "mountPath") : [];
}

function validateProbes(container: Container, { port, sidecar, features }: ContainerContext): FieldErrors {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  if (sidecar) {
    if (features["multi-container-probing"] === "Enabled") return validateSidecarProbes(container);
    return [...via("livenessProbe", disallowedProbe(livenessProbe)), ...via("readinessProbe", disallowedProbe(readinessProbe))];
  }
  return [
    ...via("livenessProbe", validateProbe(livenessProbe, port)),
    ...via("readinessProbe", [...validateProbe(readinessProbe, port), ...validateReadiness(readinessProbe)]),
    ...via("startupProbe", validateProbe(startupProbe, port)),
  ];
}

const HANDLERS = ["httpGet", "tcpSocket", "exec", "grpc"] as const;

/** All that is set, but that the handler has no name of its own upstream: it is embedded in the probe. */
function disallowedProbe(probe: Probe = {}): FieldErrors {
  const handled = HANDLERS.some((handler) => probe[handler] !== undefined);
  return [...checkAllowed(probe, new Set(HANDLERS)), ...(handled ? disallowedFields("") : [])];
}

/** A sidecar has no port of its own that the number 0 could mean; a name is left to Kubernetes. */
function validateSidecarProbes({ livenessProbe, readinessProbe, startupProbe }: Container): FieldErrors {
  const numbered = (probe: Probe | undefined, handler: "httpGet" | "tcpSocket"): FieldErrors =>
    probe?.[handler] && (probe[handler].port ?? 0) === 0 ? invalidFieldValue(0, `${handler}.port`, "Probe port must be specified") : [];
  const check = (probe: Probe | undefined) => [...validateHandlers(probe), ...numbered(probe, "httpGet"), ...numbered(probe, "tcpSocket")];
  return [
    ...via("livenessProbe", check(livenessProbe)),
    ...via("readinessProbe", [...check(readinessProbe), ...validateReadiness(readinessProbe)]),
    ...via("startupProbe", check(startupProbe)),
  ];
}

function validateProbe(probe: Probe | undefined, { name = "http" }: Pick<ContainerPort, "name">): FieldErrors {
  const ports = { httpGet: probe?.httpGet?.port, tcpSocket: probe?.tcpSocket?.port };
  const wrong = Object.entries(ports).filter(([, port]) => typeof port === "string" && port !== "" && port !== name);
  return [
    ...wrong.flatMap(([handler, port]) => invalidFieldValue(port, `${handler}.port`, "Probe port must match container port")),
    ...validateHandlers(probe),
  ];
}

function validateHandlers(probe: Probe | undefined): FieldErrors {
  if (!probe) return [];
  const handlers = HANDLERS.filter((handler) => probe[handler] !== undefined);
  if (handlers.length === 0) return missingOneOf(...HANDLERS);
  // Upstream spells this one so, here alone.
  return handlers.length > 1 ? multipleOneOf(...handlers.map((handler) => (handler === "grpc" ? "gRPC" : handler))) : [];
}

function validateReadiness(probe: Probe | undefined): FieldErrors {
  if (!probe) return [];
  const { periodSeconds = 0, initialDelaySeconds = 0, successThreshold = 0, failureThreshold = 0, timeoutSeconds = 0 } = probe;
  const atLeast = (value: number, lower: number, path: string) => (value < lower ? outOfBounds(value, [lower, MAX_INT32], path) : []);
  const disallowed = (value: number, path: string) =>
    value === 0 ? [] : fieldError(`${path} is disallowed when periodSeconds is zero`, [path]);
  // A period of zero asks for Knative's own probe with its aggressive retries.
  const rest =
    periodSeconds === 0
      ? [...disallowed(failureThreshold, "failureThreshold"), ...disallowed(timeoutSeconds, "timeoutSeconds")]
      : [...atLeast(timeoutSeconds, 1, "timeoutSeconds"), ...atLeast(failureThreshold, 1, "failureThreshold")];
  return [
    ...atLeast(periodSeconds, 0, "periodSeconds"),
    ...atLeast(initialDelaySeconds, 0, "initialDelaySeconds"),
    ...atLeast(successThreshold, 1, "successThreshold"),
    ...rest,
  ];
}
