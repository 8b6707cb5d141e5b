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

/** knative/serving pkg/apis/serving/k8s_validation.go, with every feature of config-features as it is by default. */
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

/** A volume as far as a mount must know it. */
export interface VolumeInfo {
  writable: boolean;
}
export interface ContainerContext {
  volumes: ReadonlyMap<string, VolumeInfo>;
  /** What a probe's port may be named; the port of the serving container. */
  port: Pick<ContainerPort, "name">;
  sidecar: boolean;
}

type FullContainer = Container & { terminationMessagePolicy?: string };

export function validateContainer(container: Container, context: ContainerContext): FieldErrors {
  return [...validateProbes(container, context), ...validateCommon(container, context)];
}

function validateCommon(container: FullContainer, { volumes, sidecar }: ContainerContext): FieldErrors {
  if (Object.values(container).every((value) => value === undefined || value === "")) return missingField("");
  const { name, image, terminationMessagePolicy: policy = "" } = container;
  return [
    ...(name === "queue-proxy" ? fieldError(`"queue-proxy" is a reserved container name`, ["name"]) : []),
    ...via(
      "env",
      viaEach(container.env, (env) => validateEnv(env, sidecar)),
    ),
    ...via("envFrom", viaEach(container.envFrom, validateEnvFrom)),
    ...validateImage(image),
    ...via("ports", validatePorts(container.ports ?? [])),
    ...via("securityContext", validateSecurity(container.securityContext ?? {})),
    ...(["", "File", "FallbackToLogsOnError"].includes(policy) ? [] : invalidFieldValue(policy, "terminationMessagePolicy")),
    ...via("volumeMounts", validateMounts(container.volumeMounts ?? [], volumes)),
  ];
}

function validateImage(image: string | undefined): FieldErrors {
  if (!image) return missingField("image");
  const problem = imageProblem(image);
  if (!problem) return [];
  return fieldError("Failed to parse image reference", ["image"], `image: ${JSON.stringify(image)}, error: ${problem}`);
}

function validateEnv(env: NonNullable<Container["env"]>[number], sidecar: boolean): FieldErrors {
  const reserved = RESERVED_ENV.has(env.name) && !(sidecar && env.name === "PORT");
  return [
    ...(env.name === "" ? missingField("name") : []),
    ...(reserved ? fieldError(`${JSON.stringify(env.name)} is a reserved environment variable`, ["name"]) : []),
    ...via("valueFrom", checkAllowed(env.valueFrom ?? {}, new Set(["configMapKeyRef", "secretKeyRef"]))),
  ];
}

function validateEnvFrom({ configMapRef, secretRef }: NonNullable<Container["envFrom"]>[number]): FieldErrors {
  if (configMapRef && secretRef) return multipleOneOf("configMapRef", "secretRef");
  return configMapRef || secretRef ? [] : missingOneOf("configMapRef", "secretRef");
}

function validatePorts(ports: readonly ContainerPort[]): FieldErrors {
  const [port] = ports;
  if (!port) return [];
  const { containerPort, name = "", protocol = "TCP" } = port;
  const why = `${containerPort} is a reserved port`;
  return [
    ...(RESERVED_PORTS.has(containerPort) ? invalidFieldValue(why, "containerPort", `${why}, please use a different value`) : []),
    ...(containerPort < 0 || containerPort > 65_535 ? outOfBounds(containerPort, [0, 65_535], "containerPort") : []),
    ...(protocol === "TCP" ? [] : invalidFieldValue(protocol, "protocol")),
    ...(PORT_NAMES.has(name) ? [] : fieldError(`Port name ${name} is not allowed`, [""], "Name must be empty, or one of: 'h2c', 'http1'")),
  ];
}

function validateSecurity(context: Record<string, unknown>): FieldErrors {
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
    ...(add.length > 0 && !(add.length === 1 && add[0] === "NET_BIND_SERVICE") ? disallowedFields("capabilities.add") : []),
    ...bound(runAsUser, "runAsUser"),
    ...bound(runAsGroup, "runAsGroup"),
  ];
}

function validateMounts(mounts: NonNullable<Container["volumeMounts"]>, volumes: ContainerContext["volumes"]): FieldErrors {
  const seen = new Set<string>();
  return viaEach(mounts, (mount) => {
    const volume = volumes.get(mount.name);
    const path = posix.normalize(mount.mountPath).replace(/(.)\/$/, "$1");
    const errors: FieldErrors = [
      ...checkAllowed(mount, new Set(["mountPath", "name", "readOnly", "subPath"])),
      ...(volume ? [] : fieldError("volumeMount has no matching volume", ["name"])),
      ...validateMountPath(mount.mountPath, path, seen),
      ...(volume?.writable || mount.readOnly ? [] : fieldError("volume mount should be readOnly for this type of volume", ["readOnly"])),
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

function validateProbes(container: Container, { port, sidecar }: ContainerContext): FieldErrors {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  if (sidecar) {
    // Upstream's multi-container-probing is off by default.
    return [
      ...via("livenessProbe", checkAllowed(livenessProbe ?? {}, new Set())),
      ...via("readinessProbe", checkAllowed(readinessProbe ?? {}, new Set())),
    ];
  }
  return [
    ...via("livenessProbe", validateProbe(livenessProbe, port)),
    ...via("readinessProbe", [...validateProbe(readinessProbe, port), ...validateReadiness(readinessProbe)]),
    ...via("startupProbe", validateProbe(startupProbe, port)),
  ];
}

function validateProbe(probe: Probe | undefined, { name = "http" }: Pick<ContainerPort, "name">): FieldErrors {
  if (!probe) return [];
  const handlers = (["httpGet", "tcpSocket", "exec", "grpc"] as const).filter((handler) => probe[handler] !== undefined);
  const ports = { httpGet: probe.httpGet?.port, tcpSocket: probe.tcpSocket?.port };
  const wrong = Object.entries(ports).filter(([, port]) => typeof port === "string" && port !== "" && port !== name);
  return [
    ...wrong.flatMap(([handler, port]) => invalidFieldValue(port, `${handler}.port`, "Probe port must match container port")),
    ...(handlers.length === 0 ? missingOneOf("httpGet", "tcpSocket", "exec", "grpc") : []),
    ...(handlers.length > 1 ? multipleOneOf(...handlers) : []),
  ];
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
