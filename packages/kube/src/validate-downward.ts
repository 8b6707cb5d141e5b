import type { DownwardFile, EnvVar, FieldReference, ResourceReference, Volume } from "./core.ts";
import { qualifiedNameFaults } from "./dns-names.ts";
import { isQuantity, quantityValue } from "./quantity.ts";
import { invalidValue, requiredField, unsupportedValue, type FieldCause } from "./status-errors.ts";

/** What a variable may be told of its Pod; k8s.io/kubernetes pkg/apis/core/validation. Sorted, as it is listed in refusals. */
const ENV_FIELDS = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
const FILE_FIELDS = ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
/** Allowed somewhere, or fields that Pods can be selected by: what is none of these is no field of a Pod at all. */
const KNOWN = new Set([...ENV_FIELDS, ...FILE_FIELDS, "spec.restartPolicy", "spec.schedulerName", "status.phase"]);
const RESOURCES = ["ephemeral-storage", "cpu", "memory"].flatMap((name) => [`limits.${name}`, `requests.${name}`]).sort();
const BYTES = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

/** `metadata.labels['key']` as its path and key; undefined for a path without one (pkg/fieldpath SplitMaybeSubscriptedPath). */
export function subscriptOf(path: string): { path: string; key: string } | undefined {
  const at = path.indexOf("['");
  return at > 0 && path.endsWith("']") ? { path: path.slice(0, at), key: path.slice(at + 2, -2) } : undefined;
}

/** Of the downward API in a variable; `at` is the path of its `valueFrom`. */
export function envDownwardCauses({ fieldRef, resourceFieldRef }: NonNullable<EnvVar["valueFrom"]>, at: string): FieldCause[] {
  return [
    ...(fieldRef ? fieldCauses(fieldRef, ENV_FIELDS, `${at}.fieldRef`) : []),
    ...(resourceFieldRef ? resourceCauses(resourceFieldRef, `${at}.resourceFieldRef`) : []),
  ];
}

/** Of the files that tell of the Pod itself, wherever a volume has some. */
export function downwardCauses({ downwardAPI, projected }: Volume, at: string): FieldCause[] {
  const filesOf = (items: readonly DownwardFile[] = [], path: string) =>
    items.flatMap((item, index) => fileDownwardCauses(item, `${path}.items[${index}]`));
  const sources = projected?.sources ?? [];
  return [
    ...filesOf(downwardAPI?.items, `${at}.downwardAPI`),
    ...sources.flatMap((source, index) => filesOf(source.downwardAPI?.items, `${at}.projected.sources[${index}].downwardAPI`)),
  ];
}

/** Of a file of the downward API, but its path. */
function fileDownwardCauses({ fieldRef, resourceFieldRef }: DownwardFile, at: string): FieldCause[] {
  if (!fieldRef && !resourceFieldRef) return [requiredField(at, "either fieldRef or resourceFieldRef is required")];
  if (fieldRef) {
    const both = "fieldRef and resourceFieldRef can not be specified simultaneously";
    return [...fieldCauses(fieldRef, FILE_FIELDS, `${at}.fieldRef`), ...(resourceFieldRef ? [invalidValue(at, "resource", both)] : [])];
  }
  if (!resourceFieldRef) return [];
  const nameless = resourceFieldRef.containerName ? [] : [requiredField(`${at}.resourceFieldRef.containerName`)];
  return nameless.length > 0 ? nameless : resourceCauses(resourceFieldRef, `${at}.resourceFieldRef`);
}

function fieldCauses({ apiVersion = "v1", fieldPath }: FieldReference, allowed: readonly string[], at: string): FieldCause[] {
  if (!fieldPath) return [requiredField(`${at}.fieldPath`)];
  const unconverted = (why: string) => [invalidValue(`${at}.fieldPath`, fieldPath, `error converting fieldPath: ${why}`)];
  if (apiVersion !== "v1") return unconverted(`unsupported pod version: ${apiVersion}`);
  const subscript = subscriptOf(fieldPath);
  if (!subscript) {
    if (!KNOWN.has(fieldPath)) return unconverted(`field label not supported: ${fieldPath}`);
    return allowed.includes(fieldPath) ? [] : [unsupportedValue(`${at}.fieldPath`, fieldPath, allowed)];
  }
  const { path, key } = subscript;
  if (path !== "metadata.labels" && path !== "metadata.annotations")
    return unconverted(`field label does not support subscript: ${fieldPath}`);
  const name = path === "metadata.annotations" ? key.toLowerCase() : key;
  return qualifiedNameFaults(name).map((why) => invalidValue(at, name, why));
}

function resourceCauses({ resource, divisor = "0" }: ResourceReference, at: string): FieldCause[] {
  if (!resource) return [requiredField(`${at}.resource`)];
  if (!RESOURCES.includes(resource)) return [unsupportedValue(`${at}.resource`, resource, RESOURCES)];
  const unit = String(divisor);
  if (!isQuantity(unit)) return [invalidValue(`${at}.divisor`, unit, "must be a quantity")];
  if (quantityValue(unit) === 0) return [];
  const cpu = resource.endsWith(".cpu");
  const units = cpu ? ["1m", "1"] : BYTES;
  if (units.some((known) => quantityValue(known) === quantityValue(unit))) return [];
  const what = cpu ? "cpu" : resource.endsWith(".memory") ? "memory" : "local ephemeral storage";
  const list = cpu ? units.join(" and ") : units.join(", ");
  return [invalidValue(`${at}.divisor`, resource, `only divisor's values ${list} are supported with the ${what} resource`)];
}
