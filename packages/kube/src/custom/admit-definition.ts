import { RE2JS } from "re2js";
import { misplacedRules, ruleDefinitionCauses } from "../cel/admit-rules.ts";
import type { Kind } from "../kinds/kind.ts";
import type { KubeObject } from "../meta.ts";
import { dns1035LabelFaults, dnsSubdomainFaults } from "../dns-names.ts";
import type { Schema } from "../schema.ts";
import { clientCauses, reviewVersionCauses } from "../webhooks/validate-webhook.ts";
import {
  duplicateValue,
  forbiddenField,
  invalidValue,
  oneOf,
  refuseInvalid,
  requiredField,
  tooMany,
  type FieldCause,
} from "../status-errors.ts";
import { sameValue } from "../validate-immutable.ts";
import { CLEANUP_FINALIZER, type CustomResourceDefinition, type DefinitionNames, type DefinitionVersion } from "./definition.ts";

/** Of one pattern: RE2's time grows with pattern times text. */
const LONGEST_PATTERN = 1024;
/** Deeper than any schema that a person wrote. */
const DEEPEST = 40;
const COLUMN_TYPES: readonly string[] = ["string", "integer", "number", "boolean", "date"];

/**
 * What the API server's registry does to a CustomResourceDefinition: fills in defaults, and refuses what is wrong in upstream's words
 * (k8s.io/apiextensions-apiserver pkg/apis/apiextensions/validation). `taken` tells whether a kind that comes with the cluster has the names.
 */
export function admitDefinition(
  kind: Kind,
  object: KubeObject,
  { old, taken }: { old?: KubeObject | undefined; taken: Taken },
): KubeObject {
  const definition = withDefaults(object as CustomResourceDefinition, old === undefined);
  const before = old as CustomResourceDefinition | undefined;
  const causes = [...nameCauses(definition, taken), ...versionCauses(definition), ...(before ? changeCauses(before, definition) : [])];
  refuseInvalid(kind, definition, causes);
  return definition;
}

export type Taken = (group: string, plural: string, kind: string) => boolean;

function withDefaults(definition: CustomResourceDefinition, isNew: boolean): CustomResourceDefinition {
  const { spec, metadata } = definition;
  const { kind } = spec.names;
  const { singular, listKind } = spec.names;
  const names = { ...spec.names, singular: singular || kind.toLowerCase(), listKind: listKind || `${kind}List` };
  const finalizers = [...new Set([...(metadata.finalizers ?? []), ...(isNew ? [CLEANUP_FINALIZER] : [])])];
  return {
    ...definition,
    metadata: { ...metadata, ...(finalizers.length > 0 ? { finalizers } : {}) },
    spec: { ...spec, conversion: spec.conversion ?? { strategy: "None" }, names },
  };
}

function nameCauses({ metadata, spec }: CustomResourceDefinition, taken: Taken): FieldCause[] {
  const { group, names, scope, conversion, preserveUnknownFields } = spec;
  const causes: FieldCause[] = [];
  if (metadata.name !== `${names.plural}.${group}`)
    causes.push(invalidValue("metadata.name", metadata.name, 'must be spec.names.plural+"."+spec.group'));
  causes.push(...dnsSubdomainFaults(group).map((why) => invalidValue("spec.group", group, why)));
  if (!group.includes(".")) causes.push(invalidValue("spec.group", group, "should be a domain with at least one dot"));
  causes.push(...namesCauses(names));
  if (scope !== "Namespaced" && scope !== "Cluster")
    causes.push({
      reason: "FieldValueNotSupported",
      field: "spec.scope",
      message: `Unsupported value: ${JSON.stringify(scope)}: supported values: "Cluster", "Namespaced"`,
    });
  causes.push(...conversionCauses(conversion));
  if (preserveUnknownFields)
    causes.push(
      invalidValue(
        "spec.preserveUnknownFields",
        true,
        "cannot set to true, set x-preserve-unknown-fields to true in spec.versions[*].schema instead",
      ),
    );
  if (taken(group, names.plural, names.kind))
    causes.push(forbiddenField("spec.names", `${names.plural}.${group} comes with the cluster and cannot be defined again`));
  return causes;
}

/** ValidateCustomResourceDefinitionNames: labels of DNS all, kinds whatever their case. */
function namesCauses({ plural, singular, kind, listKind, shortNames = [], categories = [] }: DefinitionNames): FieldCause[] {
  const label = (field: string, name: string | undefined, words = "") => {
    const faults = name === undefined ? [] : dns1035LabelFaults(words === "" ? name : name.toLowerCase());
    return faults.length === 0 ? [] : [invalidValue(`spec.names.${field}`, name, `${words}${faults.join(",")}`)];
  };
  const mixed = "may have mixed case, but should otherwise match: ";
  return [
    ...label("plural", plural),
    ...label("singular", singular),
    ...label("kind", kind, mixed),
    ...label("listKind", listKind, mixed),
    ...shortNames.flatMap((name, index) => label(`shortNames[${index}]`, name)),
    ...(kind === listKind ? [invalidValue("spec.names.listKind", listKind, "kind and listKind may not be the same")] : []),
    ...categories.flatMap((name, index) => label(`categories[${index}]`, name)),
  ];
}

/** Upstream names the fields of its internal form, which has no `webhook` between. */
function conversionCauses(
  { strategy, webhook }: NonNullable<CustomResourceDefinition["spec"]["conversion"]> = { strategy: "" },
): FieldCause[] {
  const at = "spec.conversion";
  if (strategy !== "Webhook") {
    const none = oneOf(strategy, ["None", "Webhook"], `${at}.strategy`);
    const { clientConfig, conversionReviewVersions = [] } = webhook ?? {};
    const why = "should not be set when strategy is not set to Webhook";
    return [
      ...none,
      ...(clientConfig ? [forbiddenField(`${at}.webhookClientConfig`, why)] : []),
      ...(conversionReviewVersions.length > 0 ? [forbiddenField(`${at}.conversionReviewVersions`, why)] : []),
    ];
  }
  return [
    ...(webhook?.clientConfig
      ? clientCauses(webhook.clientConfig, `${at}.webhookClientConfig`)
      : [requiredField(`${at}.webhookClientConfig`, "required when strategy is set to Webhook")]),
    ...reviewVersionCauses(webhook?.conversionReviewVersions ?? [], `${at}.conversionReviewVersions`),
  ];
}

function versionCauses({ spec }: CustomResourceDefinition): FieldCause[] {
  const { versions } = spec;
  const causes = versions.flatMap((version, index) => oneVersion(version, `spec.versions[${index}]`));
  const storage = versions.filter((version) => version.storage).length;
  const names = versions.map(({ name }) => name);
  if (storage !== 1) causes.push(invalidValue("spec.versions", names, "must have exactly one version marked as storage version"));
  if (new Set(names).size !== names.length) causes.push(invalidValue("spec.versions", names, "must contain unique version names"));
  return causes;
}

function oneVersion(version: DefinitionVersion, at: string): FieldCause[] {
  const schema = version.schema?.openAPIV3Schema;
  const causes: FieldCause[] = [];
  causes.push(...dns1035LabelFaults(version.name).map((why) => invalidValue(`${at}.name`, version.name, why)));
  if (!schema) causes.push(requiredField(`${at}.schema.openAPIV3Schema`, "schemas are required"));
  else if (schema.type !== "object")
    causes.push(invalidValue(`${at}.schema.openAPIV3Schema.type`, schema.type ?? "", "must be object at the root"));
  else causes.push(...structuralCauses(schema, `${at}.schema.openAPIV3Schema`, { depth: 0, correlated: true }));
  for (const [index, column] of (version.additionalPrinterColumns ?? []).entries()) {
    const place = `${at}.additionalPrinterColumns[${index}]`;
    if (!COLUMN_TYPES.includes(column.type))
      causes.push(invalidValue(`${place}.type`, column.type, `must be one of ${COLUMN_TYPES.join(",")}`));
    if (!column.jsonPath.startsWith("."))
      causes.push(invalidValue(`${place}.jsonPath`, column.jsonPath, "must be a simple json path starting with ."));
  }
  causes.push(...selectableCauses(version, `${at}.selectableFields`));
  const scale = version.subresources?.scale;
  if (scale && !/^\.spec(\.[\w-]+)+$/.test(scale.specReplicasPath))
    causes.push(invalidValue(`${at}.subresources.scale.specReplicasPath`, scale.specReplicasPath, "should be a json path under .spec"));
  if (scale && !/^\.status(\.[\w-]+)+$/.test(scale.statusReplicasPath))
    causes.push(
      invalidValue(`${at}.subresources.scale.statusReplicasPath`, scale.statusReplicasPath, "should be a json path under .status"),
    );
  return causes;
}

const MOST_SELECTABLE = 8;

function selectableCauses({ selectableFields = [], schema }: DefinitionVersion, at: string): FieldCause[] {
  const paths = selectableFields.map(({ jsonPath }) => jsonPath);
  const causes = paths.flatMap((path, index) => {
    const place = `${at}[${index}].jsonPath`;
    if (path === "") return [requiredField(place)];
    const found = fieldAt(schema?.openAPIV3Schema, path);
    if (!found) return [invalidValue(place, path, "is an invalid path: does not refer to a valid field")];
    const plain = ["boolean", "integer", "string"].includes(found.type ?? "");
    const why = "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
    return [
      ...(path.startsWith(".metadata.") ? [invalidValue(place, path, "must not point to fields in metadata")] : []),
      ...(plain ? [] : [invalidValue(place, path, why)]),
      ...(paths.indexOf(path) < index ? [duplicateValue(place, path)] : []),
    ];
  });
  const different = new Set(paths).size;
  return different > MOST_SELECTABLE ? [...causes, tooMany(at, different, MOST_SELECTABLE)] : causes;
}

/** Of `.spec.color`; undefined for what leads nowhere, or into a list. */
function fieldAt(schema: Schema | undefined, path: string): Schema | undefined {
  const names = /^(\.[\w-]+)+$/.test(path) ? path.slice(1).split(".") : [""];
  return names.reduce<Schema | undefined>((at, name) => at?.properties?.[name] ?? at?.additionalProperties, schema);
}

/** The rules of a structural schema: every value has a type, or says that it has none. */
function structuralCauses(schema: Schema, at: string, { depth, correlated }: { depth: number; correlated: boolean }): FieldCause[] {
  if (depth > DEEPEST) return [forbiddenField(at, `schemas nest at most ${DEEPEST} levels deep`)];
  const causes: FieldCause[] = [];
  const below = (keyed: boolean) => ({ depth: depth + 1, correlated: correlated && keyed });
  const free = schema["x-kubernetes-int-or-string"] || schema["x-kubernetes-preserve-unknown-fields"];
  if (!schema.type && !free) causes.push(requiredField(`${at}.type`, "must not be empty for specified object fields"));
  causes.push(...ruleDefinitionCauses(schema, at, { root: depth === 0, correlated }), ...misplacedRules(schema, at));
  if (schema.properties && schema.additionalProperties)
    causes.push(forbiddenField(`${at}.additionalProperties`, "additionalProperties and properties are mutual exclusive"));
  if (schema.type === "array" && !schema.items) causes.push(requiredField(`${at}.items`, "must be specified"));
  if (schema["x-kubernetes-list-type"] === "map" && (schema["x-kubernetes-list-map-keys"] ?? []).length === 0)
    causes.push(requiredField(`${at}.x-kubernetes-list-map-keys`, "must not be empty if x-kubernetes-list-type is map"));
  if (schema.pattern !== undefined) causes.push(...patternCauses(schema.pattern, `${at}.pattern`));
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    // What every object has is the API server's own.
    if (depth === 0 && ["metadata", "apiVersion", "kind"].includes(name)) continue;
    causes.push(...structuralCauses(property, `${at}.properties[${name}]`, { depth: depth + 1, correlated }));
  }
  if (schema.items) causes.push(...structuralCauses(schema.items, `${at}.items`, below(schema["x-kubernetes-list-type"] === "map")));
  if (typeof schema.additionalProperties === "object")
    causes.push(
      ...structuralCauses(schema.additionalProperties, `${at}.additionalProperties`, below(schema["x-kubernetes-map-type"] !== "atomic")),
    );
  return causes;
}

function patternCauses(pattern: string, at: string): FieldCause[] {
  if (pattern.length > LONGEST_PATTERN)
    return [invalidValue(at, `${pattern.slice(0, 40)}…`, `must have at most ${LONGEST_PATTERN} characters`)];
  try {
    RE2JS.compile(pattern);
    return [];
  } catch (error) {
    return [
      invalidValue(at, pattern, `must be a valid regular expression, but isn't: ${error instanceof Error ? error.message : String(error)}`),
    ];
  }
}

function changeCauses(before: CustomResourceDefinition, after: CustomResourceDefinition): FieldCause[] {
  const fixed = [
    ["spec.group", before.spec.group, after.spec.group],
    ["spec.scope", before.spec.scope, after.spec.scope],
    ["spec.names.plural", before.spec.names.plural, after.spec.names.plural],
    ["spec.names.kind", before.spec.names.kind, after.spec.names.kind],
  ] as const;
  const causes = fixed.flatMap(([field, old, next]) => sameValue(next, old, field));
  const names = after.spec.versions.map(({ name }) => name);
  for (const stored of before.status?.storedVersions ?? [])
    if (!names.includes(stored)) causes.push(invalidValue("status.storedVersions[0]", stored, "must appear in spec.versions"));
  return causes;
}
