import { disallowedFields, fieldError, missingField, via, type FieldErrors } from "./field-error.ts";
import type { Condition, KubeObject } from "./meta.ts";
import { DNS_SUBDOMAIN } from "./names.ts";
import { anyObject, object, objectMeta, text, type Schema } from "./schema.ts";

/** serving.knative.dev/v1beta1: a host of one's own for a Service or a Route. Its name is the host. */
export interface DomainMapping extends KubeObject {
  spec: {
    ref: { apiVersion?: string; kind: string; name: string; namespace?: string; group?: string; address?: string };
    tls?: { secretName: string };
  };
  status?: { observedGeneration?: number; conditions?: Condition[]; url?: string; address?: { url?: string } };
}

/** networking.internal.knative.dev/v1alpha1: which namespace may use a host, for the whole cluster. */
export interface ClusterDomainClaim extends KubeObject {
  spec: { namespace: string };
}

const reference = object({ address: text, apiVersion: text, group: text, kind: text, name: text, namespace: text }, "kind", "name");

export const DOMAIN_MAPPING_SCHEMA: Schema = {
  type: "object",
  properties: {
    apiVersion: text,
    kind: text,
    metadata: objectMeta,
    spec: object({ ref: reference, tls: object({ secretName: text }, "secretName") }, "ref"),
    status: anyObject,
  },
};

export const DOMAIN_CLAIM_SCHEMA: Schema = {
  type: "object",
  properties: { apiVersion: text, kind: text, metadata: objectMeta, spec: object({ namespace: text }, "namespace"), status: anyObject },
};

/** After knative's pkg/apis/serving/v1beta1/domainmapping_validation.go. */
export function validateDomainMapping({ metadata, spec }: DomainMapping): FieldErrors {
  const { name, namespace = "" } = metadata;
  const quoted = JSON.stringify(name);
  const { ref } = spec;
  const missing = [...(ref.apiVersion || ref.group ? [] : ["apiVersion"]), ...(ref.kind ? [] : ["kind"]), ...(ref.name ? [] : ["name"])];
  return [
    ...(metadata.generateName ? via("metadata", disallowedFields("generateName")) : []),
    ...(DNS_SUBDOMAIN.test(name) && name.includes(".")
      ? []
      : fieldError(
          `invalid name ${quoted}: name: Invalid value: ${quoted}: should be a domain with at least two segments separated by dots`,
          ["metadata.name"],
        )),
    ...(name.endsWith(".cluster.local")
      ? fieldError(`invalid name ${quoted}: must not be a subdomain of cluster local domain "cluster.local"`, ["metadata.name"])
      : []),
    ...(missing.length > 0 ? via("spec.ref", missingField(...missing)) : []),
    ...(ref.namespace && ref.namespace !== namespace
      ? fieldError(
          "mismatched namespaces",
          ["spec.ref.namespace"],
          `parent namespace: ${JSON.stringify(namespace)} does not match ref: ${JSON.stringify(ref.namespace)}`,
        )
      : []),
  ];
}
