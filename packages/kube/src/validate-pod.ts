import { posix } from "node:path";
import type { Container, ContainerPort, PodSpec, Probe, Volume } from "./core.ts";
import { dnsLabelFaults, dnsSubdomainFaults } from "./dns-names.ts";
import { downwardCauses, envDownwardCauses } from "./validate-downward.ts";
import { isQuantity, quantityValue } from "./quantity.ts";
import { AT_LEAST_ZERO, nonNegative, nonNegatives, portNumber } from "./validate-numbers.ts";
import { duplicateValue, invalidValue, requiredField, unsupportedValue, type FieldCause } from "./status-errors.ts";

/** k8s.io/kubernetes pkg/apis/core/validation ValidatePodSpec, for the fields that Ebb knows; upstream's words and their order. */
export function podSpecCauses(spec: PodSpec, path: string): FieldCause[] {
  const volumes = spec.volumes ?? [];
  const containers = spec.containers ?? [];
  const names = new Set(volumes.map(({ name }) => name));
  const seen = new Set<string>();
  const each = (list: readonly Container[], at: string) =>
    list.flatMap((container, index) => [
      ...nameCauses(container.name, `${at}[${index}].name`, seen),
      ...containerCauses(container, `${at}[${index}]`, names),
    ]);
  const { serviceAccountName, terminationGracePeriodSeconds: grace } = spec;
  return [
    ...volumeCauses(volumes, `${path}.volumes`),
    ...(containers.length === 0 ? [requiredField(`${path}.containers`)] : each(containers, `${path}.containers`)),
    ...each(spec.initContainers ?? [], `${path}.initContainers`),
    ...(serviceAccountName
      ? dnsSubdomainFaults(serviceAccountName).map((why) => invalidValue(`${path}.serviceAccountName`, serviceAccountName, why))
      : []),
    ...nonNegative(grace, `${path}.terminationGracePeriodSeconds`),
  ];
}

const LONGEST_PORT_NAME = 15;

function nameCauses(name: string | undefined, field: string, seen: Set<string>): FieldCause[] {
  if (!name) return [requiredField(field)];
  const faults = dnsLabelFaults(name);
  if (faults.length > 0) return faults.map((why) => invalidValue(field, name, why));
  if (seen.has(name)) return [duplicateValue(field, name)];
  seen.add(name);
  return [];
}

const VOLUME_NAMES_ONLY = new Set(["name"]);

function volumeCauses(volumes: readonly Volume[], path: string): FieldCause[] {
  const seen = new Set<string>();
  return volumes.flatMap((volume, index) => {
    const at = `${path}[${index}]`;
    const sources = Object.entries(volume).flatMap(([key, value]) => (value !== undefined && !VOLUME_NAMES_ONLY.has(key) ? [key] : []));
    return [
      ...(sources.length === 0 ? [requiredField(at, "must specify a volume type")] : []),
      ...sources.slice(1).map((source): FieldCause => ({
        reason: "FieldValueForbidden",
        field: `${at}.${source}`,
        message: "Forbidden: may not specify more than 1 volume type",
      })),
      ...nameCauses(volume.name, `${at}.name`, seen),
      ...downwardCauses(volume, at),
    ];
  });
}

function containerCauses(container: Container, at: string, volumes: ReadonlySet<string>): FieldCause[] {
  const { image, imagePullPolicy } = container;
  return [
    ...imageCauses(image, `${at}.image`),
    ...portCauses(container.ports ?? [], `${at}.ports`),
    ...envCauses(container, at),
    ...mountCauses(container, at, volumes),
    ...probeCauses(container.livenessProbe, `${at}.livenessProbe`, true),
    ...probeCauses(container.readinessProbe, `${at}.readinessProbe`, false),
    ...probeCauses(container.startupProbe, `${at}.startupProbe`, true),
    ...(imagePullPolicy && !PULL_POLICIES.includes(imagePullPolicy)
      ? [unsupportedValue(`${at}.imagePullPolicy`, imagePullPolicy, PULL_POLICIES)]
      : []),
    ...resourceCauses(container.resources ?? {}, `${at}.resources`),
  ];
}

const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];

function imageCauses(image: string | undefined, field: string): FieldCause[] {
  if (!image) return [requiredField(field)];
  return image.trim() === image ? [] : [invalidValue(field, image, "must not have leading or trailing whitespace")];
}

function portCauses(ports: readonly ContainerPort[], path: string): FieldCause[] {
  const seen = new Set<string>();
  return ports.flatMap(({ name, containerPort, protocol = "TCP" }, index) => {
    const at = `${path}[${index}]`;
    const named = name ? portNameCauses(name, `${at}.name`, seen) : [];
    const number = containerPort ? portNumber(containerPort, `${at}.containerPort`) : [requiredField(`${at}.containerPort`)];
    return [...named, ...number, ...(PROTOCOLS.includes(protocol) ? [] : [unsupportedValue(`${at}.protocol`, protocol, PROTOCOLS)])];
  });
}

/** k8s.io/apimachinery IsValidPortName: what is wrong with it first. */
export function portNameFault(name: string): string | undefined {
  return name.length > LONGEST_PORT_NAME
    ? `must be no more than ${LONGEST_PORT_NAME} characters`
    : !/^[-a-z0-9]+$/.test(name)
      ? "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
      : !/[a-z]/.test(name)
        ? "must contain at least one letter (a-z)"
        : name.includes("--")
          ? "must not contain consecutive hyphens"
          : /^-|-$/.test(name)
            ? "must not begin or end with a hyphen"
            : undefined;
}

function portNameCauses(name: string, field: string, seen: Set<string>): FieldCause[] {
  const why = portNameFault(name);
  if (why !== undefined) return [invalidValue(field, name, why)];
  if (seen.has(name)) return [duplicateValue(field, name)];
  seen.add(name);
  return [];
}

/** Since Kubernetes 1.32: whatever can be printed, but `=`. */
const ENV_NAME = /^[ -<>-~]+$/;
const ENV_WORDS = "a valid environment variable name must consist only of printable ASCII characters other than '='";

function envCauses({ env = [] }: Container, at: string): FieldCause[] {
  return env.flatMap(({ name, value, valueFrom }, index) => {
    const field = `${at}.env[${index}]`;
    const sources = Object.values(valueFrom ?? {}).filter((source) => source !== undefined).length;
    return [
      ...(!name ? [requiredField(`${field}.name`)] : ENV_NAME.test(name) ? [] : [invalidValue(`${field}.name`, name, ENV_WORDS)]),
      ...(valueFrom ? envDownwardCauses(valueFrom, `${field}.valueFrom`) : []),
      ...(valueFrom && sources === 0
        ? [
            invalidValue(
              `${field}.valueFrom`,
              "",
              "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`",
            ),
          ]
        : []),
      ...(valueFrom && value ? [invalidValue(`${field}.valueFrom`, "", "may not be specified when `value` is not empty")] : []),
      ...(sources > 1 ? [invalidValue(`${field}.valueFrom`, "", "may not have more than one field specified at a time")] : []),
    ];
  });
}

function mountCauses({ volumeMounts = [] }: Container, at: string, volumes: ReadonlySet<string>): FieldCause[] {
  const seen = new Set<string>();
  return volumeMounts.flatMap(({ name, mountPath, subPath }, index) => {
    const field = `${at}.volumeMounts[${index}]`;
    const again = seen.has(mountPath);
    seen.add(mountPath);
    return [
      ...(!name
        ? [requiredField(`${field}.name`)]
        : volumes.has(name)
          ? []
          : [{ reason: "FieldValueNotFound" as const, field: `${field}.name`, message: `Not found: ${JSON.stringify(name)}` }]),
      ...(!mountPath
        ? [requiredField(`${field}.mountPath`)]
        : again
          ? [invalidValue(`${field}.mountPath`, mountPath, "must be unique")]
          : []),
      ...(subPath && posix.isAbsolute(subPath) ? [invalidValue(`${field}.subPath`, subPath, "must be a relative path")] : []),
      ...(subPath?.split("/").includes("..") ? [invalidValue(`${field}.subPath`, subPath, "must not contain '..'")] : []),
    ];
  });
}

const TIMES = ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] as const;

function probeCauses(probe: Probe | undefined, at: string, once: boolean): FieldCause[] {
  if (!probe) return [];
  const handlers = (["exec", "httpGet", "tcpSocket", "grpc"] as const).filter((handler) => probe[handler] !== undefined);
  const { successThreshold = 1 } = probe;
  return [
    ...(handlers.length === 0 ? [requiredField(at, "must specify a handler type")] : []),
    ...handlers.slice(1).map((handler): FieldCause => ({
      reason: "FieldValueForbidden",
      field: `${at}.${handler}`,
      message: "Forbidden: may not specify more than 1 handler type",
    })),
    ...nonNegatives(probe, TIMES, at),
    ...(once && successThreshold > 1 ? [invalidValue(`${at}.successThreshold`, successThreshold, "must be 1")] : []),
  ];
}

function resourceCauses({ limits = {}, requests = {} }: NonNullable<Container["resources"]>, at: string): FieldCause[] {
  const negative = (map: Record<string, string>, field: string) =>
    Object.entries(map).flatMap(([name, text]) =>
      isQuantity(text) && quantityValue(text) < 0 ? [invalidValue(`${at}.${field}[${name}]`, text, AT_LEAST_ZERO)] : [],
    );
  const beyond = Object.entries(requests).flatMap(([name, text]) => {
    const limit = limits[name];
    if (limit === undefined || !isQuantity(text) || !isQuantity(limit)) return [];
    return quantityValue(text) > quantityValue(limit)
      ? [invalidValue(`${at}.requests`, text, `must be less than or equal to ${name} limit of ${limit}`)]
      : [];
  });
  return [...negative(limits, "limits"), ...negative(requests, "requests"), ...beyond];
}
