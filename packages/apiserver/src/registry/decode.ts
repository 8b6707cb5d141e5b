import {
  annotationKeysCauses,
  apiVersionOf,
  applyPartialSchema,
  applySchema,
  badRequest,
  constraintCauses,
  invalid,
  isJsonObject,
  invalidValue,
  labelsCauses,
  newCauses,
  qualifiedNameFaults,
  schemaOf,
  tooLong,
  type FieldCause,
  type Json,
  type Kind,
  type KubeObject,
  type OwnerReference,
  type Structure,
} from "@ebb/kube";
import type { RequestContext } from "./request-context.ts";

/** k8s.io/apimachinery validation.TotalAnnotationSizeLimitB. */
const MAX_ANNOTATION_BYTES = 256 * 1024;

/**
 * Makes sure that a body is an object of `kind` that fits its schema: unknown fields are dropped or refused, schema defaults filled in.
 * Throws BadRequest, or Invalid for a custom kind whose fields have the wrong types or break what its definition says and `old` did not break.
 */
export function decode(kind: Kind, body: unknown, context: RequestContext, old?: KubeObject): KubeObject {
  return inspect(kind, body, context, (value) => {
    const fitted = applySchema(schemaOf(kind), value, "");
    // Only what users define has constraints beyond types; of a wrong type nothing more is said.
    const { schema } = kind;
    if (!schema || fitted.causes.length > 0) return fitted;
    const causes = constraintCauses(schema, fitted.value);
    return { ...fitted, causes: old ? newCauses(causes, () => constraintCauses(schema, old as unknown as Json)) : causes };
  });
}

/** The same for a configuration that is applied: only what it says, without defaults. */
export function decodeApplied(kind: Kind, body: unknown, context: RequestContext): KubeObject {
  return inspect(kind, body, context, (value) => {
    const fitted = applyPartialSchema(schemaOf(kind), value);
    // Nobody can own what is in no schema, whatever the client wants done with unknown fields.
    if (fitted.unknown.length > 0) throw untyped(kind, value, fitted.unknown);
    return fitted;
  });
}

/** In the words of structured-merge-diff. */
function untyped(kind: Kind, value: Json, unknown: readonly string[]): Error {
  const lines = unknown.map((path) => `.${path}: field not declared in schema`);
  const [only = ""] = lines;
  return badRequest(
    `${typedPatchFailure(kind, value as unknown as KubeObject)}: ${lines.length === 1 ? only : ["errors:", ...lines].join("\n  ")}`,
  );
}

/** What k8s.io/apimachinery begins with when a configuration cannot be applied for what it is. */
export function typedPatchFailure(kind: Kind, object: KubeObject): string {
  const { namespace = "" } = object.metadata;
  return `failed to create typed patch object (${namespace}/${nameOf(object)}; ${kind.group}/${kind.version}, Kind=${kind.kind})`;
}

function inspect(kind: Kind, body: unknown, context: RequestContext, fit: (value: Json) => Structure): KubeObject {
  if (!isJsonObject(body)) throw badRequest("the body of the request must be one JSON object");
  const named = { ...body, apiVersion: body["apiVersion"] ?? apiVersionOf(kind), kind: body["kind"] ?? kind.kind };
  checkKind(kind, named.apiVersion, named.kind);
  const { value, unknown, causes } = fit({ ...named, metadata: body["metadata"] ?? {} });
  reportStrict(unknown, context);
  const object = value as unknown as KubeObject;
  if (causes.length > 0) throw kind.builtIn && !context.patched ? refuse(kind, causes) : invalid(kind, nameOf(object), causes);
  checkMetadata(kind, object);
  return withoutDuplicateOwners(object, context);
}

/** k8s.io/apiserver dedupOwnerReferencesAndAddWarning. */
function withoutDuplicateOwners(object: KubeObject, { patched, warn }: RequestContext): KubeObject {
  // Null in what is applied.
  const ownerReferences = object.metadata.ownerReferences ?? [];
  if (ownerReferences.length < 2) return object;
  const known = new Set<string>();
  const kept: OwnerReference[] = [];
  const twice: string[] = [];
  for (const owner of ownerReferences) {
    const { apiVersion, kind, name, uid, controller, blockOwnerDeletion } = owner;
    const text = JSON.stringify([uid, apiVersion, kind, name, controller, blockOwnerDeletion]);
    if (known.has(text)) twice.push(uid);
    else kept.push(owner);
    known.add(text);
  }
  if (twice.length === 0) return object;
  const when = patched ? " after mutating admission happens" : "";
  warn?.(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${twice.join(", ")}`,
  );
  return { ...object, metadata: { ...object.metadata, ownerReferences: kept } };
}

function checkKind(kind: Kind, apiVersion: Json, name: Json): void {
  if (apiVersion !== apiVersionOf(kind)) {
    const expected = apiVersionOf(kind);
    throw badRequest(
      `the API version in the data (${JSON.stringify(apiVersion)}) does not match the expected API version (${JSON.stringify(expected)})`,
    );
  }
  if (name !== kind.kind) {
    throw badRequest(`${JSON.stringify(name)} in version ${JSON.stringify(apiVersion)} cannot be handled as a ${kind.kind}`);
  }
}

function reportStrict(unknown: readonly string[], { fieldValidation = "Warn", warn, duplicates = [] }: RequestContext): void {
  // The text of YAML is read before its value; of JSON both at once.
  const isField = (duplicate: string) => duplicate.startsWith("duplicate field");
  const texts = [
    ...duplicates.filter((duplicate) => !isField(duplicate)),
    ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
    ...duplicates.filter(isField),
  ];
  if (texts.length === 0) return;
  if (fieldValidation === "Strict") throw badRequest(`strict decoding error: ${texts.join(", ")}`);
  if (fieldValidation === "Warn") for (const text of texts) warn?.(text);
}

/** In Go, what does not fit a struct cannot be read at all. */
function refuse(kind: Kind, causes: readonly FieldCause[]): Error {
  const texts = causes.map(({ field, message }) => `${field}: ${message}`).join(", ");
  return badRequest(`${kind.kind} in version ${JSON.stringify(kind.version)} cannot be handled as a ${kind.kind}: ${texts}`);
}

function nameOf({ metadata }: KubeObject): string {
  return typeof metadata?.name === "string" ? metadata.name : "";
}

function checkMetadata(kind: Kind, object: KubeObject): void {
  const { labels, annotations, finalizers } = object.metadata;
  const size = Object.entries(annotations ?? {}).reduce((sum, [key, value]) => sum + key.length + Buffer.byteLength(value ?? ""), 0);
  const causes: FieldCause[] = [
    ...labelsCauses(labels ?? {}, "metadata.labels"),
    ...annotationKeysCauses(annotations ?? {}, "metadata.annotations"),
    ...(finalizers ?? []).flatMap((name) => qualifiedNameFaults(name).map((why) => invalidValue("metadata.finalizers", name, why))),
  ];
  if (size > MAX_ANNOTATION_BYTES) causes.push(tooLong("metadata.annotations", MAX_ANNOTATION_BYTES));
  if (causes.length > 0) throw invalid(kind, nameOf(object), causes);
}
