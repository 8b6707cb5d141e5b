import { isDeepStrictEqual } from "node:util";

/**
 * What changed, in the words of knative.dev/pkg kmp.ShortDiff: a path through Go's structs for each field, and its old and new value. Upstream
 * prints an object that came or went as a Go struct, which nobody reads: here it is JSON.
 */
export function shortDiff(old: unknown, changed: unknown, root: "{v1.RevisionSpec}" | "{*v1.RevisionTemplateSpec}"): string {
  const inTemplate = root === "{*v1.RevisionTemplateSpec}";
  return compare(old, changed, { path: root, owner: inTemplate ? "template" : "spec" });
}

interface Place {
  path: string;
  /** The JSON name of the field that holds it. */
  owner: string;
  /** What Go has where nothing is set; absent: an item, which is there or not. */
  unset?: "zero" | "pointer";
}

/** Fields of the Revision itself; all others of its spec are the embedded PodSpec's. */
const OWN = new Set(["containerConcurrency", "idleTimeoutSeconds", "responseStartTimeoutSeconds", "timeoutSeconds"]);
const HANDLERS = new Set(["exec", "grpc", "httpGet", "tcpSocket"]);
const PROBES = new Set(["livenessProbe", "readinessProbe", "startupProbe"]);
/** References whose `name` is embedded. */
const REFERENCES = new Set(["configMap", "configMapKeyRef", "configMapRef", "secretKeyRef", "secretRef"]);
const MAPS = new Set(["annotations", "labels", "limits", "nodeSelector", "requests"]);
const POINTERS = new Set([
  ...OWN,
  "allowPrivilegeEscalation",
  "automountServiceAccountToken",
  "defaultMode",
  "enableServiceLinks",
  "expirationSeconds",
  "fsGroup",
  "mode",
  "optional",
  "privileged",
  "readOnlyRootFilesystem",
  "runAsGroup",
  "runAsNonRoot",
  "runAsUser",
  "runtimeClassName",
  "service",
  "shareProcessNamespace",
]);
/** Acronyms, which Go writes in capitals. */
const GO_NAMES: Readonly<Record<string, string>> = {
  apiVersion: "APIVersion",
  dnsConfig: "DNSConfig",
  dnsPolicy: "DNSPolicy",
  downwardAPI: "DownwardAPI",
  fsGroup: "FSGroup",
  grpc: "GRPC",
  httpGet: "HTTPGet",
  httpHeaders: "HTTPHeaders",
  metadata: "ObjectMeta",
  tcpSocket: "TCPSocket",
};

function compare(old: unknown, changed: unknown, place: Place): string {
  if (isDeepStrictEqual(old, changed)) return "";
  if (Array.isArray(old) && Array.isArray(changed)) return compareLists(old, changed, place);
  if (!isObject(old) || !isObject(changed)) return line(old, changed, place);
  const names = [...new Set([...Object.keys(old), ...Object.keys(changed)])].sort();
  return names.map((name) => compare(old[name], changed[name], below(place, name))).join("");
}

function compareLists(old: readonly unknown[], changed: readonly unknown[], { path, owner }: Place): string {
  return Array.from({ length: Math.max(old.length, changed.length) }, (_, index) => {
    const at = index >= old.length ? `?->${index}` : index >= changed.length ? `${index}->?` : String(index);
    return compare(old[index], changed[index], { path: `${path}[${at}]`, owner: `${owner}[]` });
  }).join("");
}

function below({ path, owner }: Place, name: string): Place {
  if (MAPS.has(owner)) return { path: `${path}[${JSON.stringify(name)}]`, owner: name };
  const embedded =
    owner === "spec" && !OWN.has(name)
      ? ".PodSpec"
      : PROBES.has(owner) && HANDLERS.has(name)
        ? ".ProbeHandler"
        : owner === "volumes[]" && name !== "name"
          ? ".VolumeSource"
          : REFERENCES.has(owner) && name === "name"
            ? ".LocalObjectReference"
            : "";
  const goName = GO_NAMES[name] ?? name.charAt(0).toUpperCase() + name.slice(1);
  return { path: `${path}${embedded}.${goName}`, owner: name, unset: POINTERS.has(name) ? "pointer" : "zero" };
}

function line(old: unknown, changed: unknown, { path, unset }: Place): string {
  const followed = unset === "pointer" && old !== undefined && changed !== undefined;
  const nothing = (other: unknown) => (unset === "pointer" ? "<nil>" : unset === "zero" ? ZEROS[typeof other] : undefined);
  const marked = (mark: string, text: string | undefined) => (text === undefined ? "" : `\t${mark}: "${text}"\n`);
  const of = (value: unknown, other: unknown) => (value === undefined ? nothing(other) : show(value));
  return `${followed ? "*" : ""}${path}:\n${marked("-", of(old, changed))}${marked("+", of(changed, old))}`;
}

const ZEROS: Readonly<Record<string, string>> = { boolean: "false", number: "0", string: "" };

function show(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
