import { disallowedFields, fieldError, missingField, via, type FieldErrors } from "./field-error.ts";
import type { Condition, KubeObject } from "./meta.ts";
import { dnsLabelFaults, dnsSubdomainFaults } from "./dns-names.ts";
import { validateModifier } from "./validate-serving.ts";
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
export function validateDomainMapping(mapping: DomainMapping, old?: DomainMapping): FieldErrors {
  const { metadata, spec } = mapping;
  const { name, namespace = "" } = metadata;
  const quoted = JSON.stringify(name);
  const { ref } = spec;
  const missing = (["apiVersion", "kind", "name"] as const).filter((field) => !ref[field]);
  const faults = domainNameFaults(name);
  // One is printed as it is, several as a list.
  const said = faults.length > 1 ? `[${faults.join(", ")}]` : faults.join("");
  return [
    ...(metadata.generateName ? via("metadata", disallowedFields("generateName")) : []),
    ...(faults.length > 0 ? fieldError(`invalid name ${quoted}: ${said}`, ["metadata.name"]) : []),
    ...(name.endsWith(".cluster.local")
      ? fieldError(`invalid name ${quoted}: must not be a subdomain of cluster local domain "cluster.local"`, ["metadata.name"])
      : []),
    ...(ref.group ? disallowedFields("spec.ref.group") : []),
    ...(missing.length > 0 ? via("spec.ref", missingField(...missing)) : []),
    ...(ref.namespace && ref.namespace !== namespace
      ? fieldError(
          "mismatched namespaces",
          ["spec.ref.namespace"],
          `parent namespace: ${JSON.stringify(namespace)} does not match ref: ${JSON.stringify(ref.namespace)}`,
        )
      : []),
    ...(old ? validateModifier(mapping, old) : []),
  ];
}

/** k8s.io/apimachinery IsFullyQualifiedDomainName, of a field `name`. */
function domainNameFaults(name: string): string[] {
  const invalid = (value: string, whys: readonly string[]) => `name: Invalid value: ${JSON.stringify(value)}: ${whys.join(",")}`;
  if (name === "") return ["name: Required value"];
  const domain = name.replace(/\.$/, "");
  const faults = dnsSubdomainFaults(domain);
  if (faults.length > 0) return [invalid(domain, faults)];
  const labels = domain.split(".");
  if (labels.length < 2) return [invalid(domain, ["should be a domain with at least two segments separated by dots"])];
  return labels.flatMap((label) => {
    const labelFaults = dnsLabelFaults(label);
    return labelFaults.length > 0 ? [invalid(label, labelFaults)] : [];
  });
}
