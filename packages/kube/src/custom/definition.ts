import type { ConversionWebhook } from "./conversion.ts";
import type { Kind } from "../kinds/kind.ts";
import type { Condition, KubeObject } from "../meta.ts";
import type { Json } from "../patch.ts";
import { applySchema, objectMeta, text, type Schema } from "../schema.ts";

export const API_EXTENSIONS_GROUP = "apiextensions.k8s.io";
/** Held by a definition until the last of its objects is gone. */
export const CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

/** A column of `kubectl get` by a JSONPath, as apiextensions.k8s.io/v1 CustomResourceColumnDefinition. */
export interface PrinterColumn {
  name: string;
  type: "string" | "integer" | "number" | "boolean" | "date";
  jsonPath: string;
  description?: string;
  priority?: number;
}
export interface DefinitionNames {
  plural: string;
  singular?: string;
  kind: string;
  listKind?: string;
  shortNames?: string[];
  categories?: string[];
}
export interface DefinitionVersion {
  name: string;
  served: boolean;
  storage: boolean;
  schema?: { openAPIV3Schema?: Schema };
  subresources?: { status?: object; scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string } };
  additionalPrinterColumns?: PrinterColumn[];
  selectableFields?: { jsonPath: string }[];
}
/** apiextensions.k8s.io/v1. */
export interface CustomResourceDefinition extends KubeObject {
  spec: {
    group: string;
    names: DefinitionNames;
    scope: "Namespaced" | "Cluster";
    versions: DefinitionVersion[];
    conversion?: { strategy: string; webhook?: ConversionWebhook };
    preserveUnknownFields?: boolean;
  };
  status?: { conditions?: Condition[]; acceptedNames?: DefinitionNames; storedVersions?: string[] };
}

/** The kinds that a definition serves, a version each, the storage version first. */
export function kindsOfDefinition({ spec }: CustomResourceDefinition): Kind[] {
  const { group, names, scope, versions, conversion } = spec;
  const storage = versions.find((version) => version.storage)?.name;
  const served = versions.filter((version) => version.served).sort((a, b) => Number(b.storage) - Number(a.storage));
  return served.map(({ name, schema: given, subresources = {}, additionalPrinterColumns, selectableFields }): Kind => {
    const schema = withMetadata(given?.openAPIV3Schema ?? { type: "object", "x-kubernetes-preserve-unknown-fields": true });
    return {
      group,
      version: name,
      kind: names.kind,
      plural: names.plural,
      singular: names.singular || names.kind.toLowerCase(),
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      namespaced: scope === "Namespaced",
      statusSubresource: subresources.status !== undefined,
      generation: true,
      builtIn: false,
      ...(subresources.scale ? { scale: scalePaths(subresources.scale) } : {}),
      ...(storage === undefined ? {} : { storageVersion: storage }),
      ...(conversion?.webhook ? { conversion: conversion.webhook } : {}),
      schema,
      ...(hasDefault(schema) ? { fill: filling(schema) } : {}),
      ...(additionalPrinterColumns ? { columns: additionalPrinterColumns } : {}),
      ...(selectableFields ? { selectable: selectableFields.map(({ jsonPath }) => jsonPath.replace(/^\./, "")) } : {}),
    };
  });
}

function hasDefault({ default: preset, properties = {}, items, additionalProperties }: Schema): boolean {
  const below = [...Object.values(properties), items, typeof additionalProperties === "object" ? additionalProperties : undefined];
  return preset !== undefined || below.some((schema) => schema !== undefined && hasDefault(schema));
}

/** As k8s.io/apiextensions-apiserver reads from its storage; each object once, as they are read far more often than written. */
function filling(schema: Schema): (object: KubeObject) => KubeObject {
  const filled = new WeakMap<KubeObject, KubeObject>();
  return (object) => {
    const known = filled.get(object);
    if (known) return known;
    const made = applySchema(schema, object as unknown as Json, "").value as unknown as KubeObject;
    filled.set(object, made);
    return made;
  };
}

function scalePaths(scale: NonNullable<NonNullable<DefinitionVersion["subresources"]>["scale"]>): NonNullable<Kind["scale"]> {
  const path = (text: string) => text.split(".").filter((part) => part !== "");
  return {
    specReplicas: path(scale.specReplicasPath),
    statusReplicas: path(scale.statusReplicasPath),
    ...(scale.labelSelectorPath === undefined ? {} : { selector: path(scale.labelSelectorPath) }),
  };
}

/** What every object has, whatever the definition says of it. */
function withMetadata(schema: Schema): Schema {
  return { ...schema, properties: { ...schema.properties, apiVersion: text, kind: text, metadata: objectMeta } };
}
