import { anyObject, bool, integer, list, object, objectMeta, text, type Schema } from "../schema.ts";

const names = object(
  { plural: text, singular: text, kind: text, listKind: text, shortNames: list(text), categories: list(text) },
  "plural",
  "kind",
);
const column = object(
  { name: text, type: text, format: text, description: text, priority: integer, jsonPath: text },
  "name",
  "type",
  "jsonPath",
);
const scale = object(
  { specReplicasPath: text, statusReplicasPath: text, labelSelectorPath: text },
  "specReplicasPath",
  "statusReplicasPath",
);
const version = object(
  {
    name: text,
    served: bool,
    storage: bool,
    deprecated: bool,
    deprecationWarning: text,
    // A schema describes itself: what is wrong in it is told by validateDefinition.
    schema: object({ openAPIV3Schema: anyObject }),
    subresources: object({ status: anyObject, scale }),
    additionalPrinterColumns: list(column),
    selectableFields: list(object({ jsonPath: text }, "jsonPath")),
  },
  "name",
  "served",
  "storage",
);

const service = object({ namespace: text, name: text, path: text, port: integer }, "namespace", "name");
const conversionWebhook = object(
  { clientConfig: object({ url: text, service, caBundle: text }), conversionReviewVersions: list(text) },
  "conversionReviewVersions",
);

/** apiextensions.k8s.io/v1 CustomResourceDefinition. */
export const DEFINITION_SCHEMA: Schema = {
  type: "object",
  properties: {
    apiVersion: text,
    kind: text,
    metadata: objectMeta,
    spec: object(
      {
        group: text,
        names,
        scope: text,
        versions: list(version),
        conversion: object({ strategy: text, webhook: conversionWebhook }, "strategy"),
        preserveUnknownFields: bool,
      },
      "group",
      "names",
      "scope",
      "versions",
    ),
    status: object({
      acceptedNames: names,
      storedVersions: list(text),
      conditions: {
        // What is not given is empty in Go, and that is not looked at.
        ...list(object({ type: text, status: text, reason: text, message: text, lastTransitionTime: text, observedGeneration: integer })),
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
      },
    }),
  },
  required: ["spec"],
};
