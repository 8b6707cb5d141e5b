import type { Kind } from "./kinds.ts";
import { anyObject, bool, integer, list, object, objectMeta, text, textMap, type Schema } from "./schema.ts";
import { POD_AUTOSCALER_SCHEMA, SERVING_SCHEMAS } from "./serving-schema.ts";

const meta = { apiVersion: text, kind: text, metadata: objectMeta };

/** By group and kind. Of a Pod only the outline is known: it is written by the instance manager, and read by everyone. */
const SCHEMAS: Readonly<Record<string, Schema>> = {
  "/Namespace": object({ ...meta, spec: object({ finalizers: list(text) }), status: anyObject }),
  "/ConfigMap": object({ ...meta, data: textMap, binaryData: textMap, immutable: bool }),
  "/Secret": object({ ...meta, data: textMap, stringData: textMap, immutable: bool, type: text }),
  "/Event": object({
    ...meta,
    action: text,
    count: integer,
    eventTime: text,
    firstTimestamp: text,
    involvedObject: anyObject,
    lastTimestamp: text,
    message: text,
    reason: text,
    related: anyObject,
    reportingComponent: text,
    reportingInstance: text,
    series: anyObject,
    source: object({ component: text, host: text }),
    type: text,
  }),
  "/Pod": object({ ...meta, spec: anyObject, status: anyObject }),
  "autoscaling.internal.knative.dev/PodAutoscaler": POD_AUTOSCALER_SCHEMA,
  "serving.knative.dev/Configuration": SERVING_SCHEMAS.Configuration,
  "serving.knative.dev/Revision": SERVING_SCHEMAS.Revision,
  "serving.knative.dev/Route": SERVING_SCHEMAS.Route,
  "serving.knative.dev/Service": SERVING_SCHEMAS.Service,
};

/** The schema of a kind's objects; for one that is not listed, any object. */
export function schemaOf(kind: Pick<Kind, "group" | "kind">): Schema {
  return SCHEMAS[`${kind.group}/${kind.kind}`] ?? anyObject;
}
