import type { Condition, KubeObject } from "./meta.ts";
import { anyObject, list, object, objectMeta, text, type Schema } from "./schema.ts";

/** networking.internal.knative.dev/v1alpha1: a certificate that somebody asks for, and the Secret where it is to be put. */
export interface Certificate extends KubeObject {
  spec: { dnsNames: string[]; domain?: string; secretName: string };
  status?: { observedGeneration?: number; conditions?: Condition[]; notAfter?: string };
}

export const CERTIFICATE_SCHEMA: Schema = {
  type: "object",
  properties: {
    apiVersion: text,
    kind: text,
    metadata: objectMeta,
    spec: object({ dnsNames: list(text), domain: text, secretName: text }, "dnsNames", "secretName"),
    status: anyObject,
  },
};
