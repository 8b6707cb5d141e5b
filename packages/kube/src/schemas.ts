import { builtinSchema } from "./builtin/builtin-schema.ts";
import { messageNameOf } from "./builtin/decode-protobuf.ts";
import { messageOf } from "./builtin/messages.ts";
import { CERTIFICATE_SCHEMA } from "./certificate.ts";
import { DEFINITION_SCHEMA } from "./custom/definition-schema.ts";
import { DOMAIN_CLAIM_SCHEMA, DOMAIN_MAPPING_SCHEMA } from "./domain-mapping.ts";
import { DESTINATION_RULE_SCHEMA, GATEWAY_SCHEMA, VIRTUAL_SERVICE_SCHEMA } from "./istio/istio-schema.ts";
import { apiVersionOf, type Kind } from "./kinds/kind.ts";
import { API_SERVICE_SCHEMA, COMPONENT_STATUS_SCHEMA } from "./own-state.ts";
import { anyObject, objectMeta, text, type Schema } from "./schema.ts";
import { POD_AUTOSCALER_SCHEMA, SERVING_SCHEMAS } from "./serving-schema.ts";

/** By group and kind: the custom kinds that come with the cluster, and those of Kubernetes' that are only read. */
const SCHEMAS: Readonly<Record<string, Schema>> = {
  "/ComponentStatus": COMPONENT_STATUS_SCHEMA,
  "apiregistration.k8s.io/APIService": API_SERVICE_SCHEMA,
  "apiextensions.k8s.io/CustomResourceDefinition": DEFINITION_SCHEMA,
  "networking.internal.knative.dev/Certificate": CERTIFICATE_SCHEMA,
  "networking.internal.knative.dev/ClusterDomainClaim": DOMAIN_CLAIM_SCHEMA,
  "networking.istio.io/DestinationRule": DESTINATION_RULE_SCHEMA,
  "networking.istio.io/Gateway": GATEWAY_SCHEMA,
  "networking.istio.io/VirtualService": VIRTUAL_SERVICE_SCHEMA,
  "serving.knative.dev/DomainMapping": DOMAIN_MAPPING_SCHEMA,
  "autoscaling.internal.knative.dev/PodAutoscaler": POD_AUTOSCALER_SCHEMA,
  "serving.knative.dev/Configuration": SERVING_SCHEMAS.Configuration,
  "serving.knative.dev/Revision": SERVING_SCHEMAS.Revision,
  "serving.knative.dev/Route": SERVING_SCHEMAS.Route,
  "serving.knative.dev/Service": SERVING_SCHEMAS.Service,
};
const made = new Map<string, Schema>();

/** The schema of a kind's objects; for one that is not known, any object. */
export function schemaOf(kind: Pick<Kind, "group" | "version" | "kind" | "schema">): Schema {
  if (kind.schema) return kind.schema;
  const own = SCHEMAS[`${kind.group}/${kind.kind}`];
  if (own) return own;
  const name = messageNameOf(apiVersionOf(kind), kind.kind);
  const found = made.get(name);
  if (found) return found;
  if (!messageOf(name)) return anyObject;
  const { properties } = builtinSchema(name);
  const schema: Schema = { type: "object", properties: { apiVersion: text, kind: text, ...properties, metadata: objectMeta } };
  if (name === "core.v1.Secret") schema.properties = { ...schema.properties, stringData: { type: "object", additionalProperties: text } };
  made.set(name, schema);
  return schema;
}
