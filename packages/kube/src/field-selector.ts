import { storedEventField } from "./events/convert-event.ts";
import type { Kind } from "./kinds/kind.ts";
import type { KubeObject } from "./meta.ts";
import { badRequest } from "./status-errors.ts";

export type FieldMatcher = (object: KubeObject) => boolean;

/** What may be selected beyond the name and the namespace, by group and plural; as on Kubernetes, only these. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  "/namespaces": ["status.phase"],
  "/pods": ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "status.phase", "status.podIP"],
  "/secrets": ["type"],
  "certificates.k8s.io/certificatesigningrequests": ["spec.signerName"],
  "/events": [
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
  ],
};

/** k8s.io/apimachinery fields.ParseSelector: `a=b`, `a==b`, `a!=b`, all of which must hold. Throws BadRequest, also for unknown fields. */
export function parseFieldSelector(kind: Kind, text: string): FieldMatcher {
  const { group, storageGroup = group, plural, selectable = [] } = kind;
  const known = new Set(["metadata.name", "metadata.namespace", ...(FIELDS[`${storageGroup}/${plural}`] ?? []), ...selectable]);
  const terms = text
    .split(/(?<!\\),/)
    .filter((part) => part !== "")
    .map((part) => {
      const [, given = "", operator, raw = ""] = /^([^=!]+)(==|!=|=)(.*)$/s.exec(part) ?? [];
      if (!operator) throw badRequest(`invalid selector: '${text.slice(0, 200)}'; can't understand '${part.slice(0, 200)}'`);
      const field = storageGroup === group ? given : storedEventField(given);
      if (!known.has(field)) throw badRequest(`field label not supported: ${given.slice(0, 200)}`);
      return { field, equal: operator !== "!=", value: raw.replace(/\\([\\,=])/g, "$1") };
    });
  return (object) => terms.every(({ field, equal, value }) => (read(object, field) === value) === equal);
}

function read(object: KubeObject, field: string): string {
  // An Event's source is selected by its component, or by who reports it.
  if (field === "source") return read(object, "source.component") || read(object, "reportingComponent");
  const path = field.split(".");
  let at: unknown = object;
  for (const key of path) at = (at as Record<string, unknown> | undefined | null)?.[key];
  return typeof at === "string" ? at : typeof at === "number" || typeof at === "boolean" ? String(at) : "";
}
