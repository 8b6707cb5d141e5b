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
  return inspect(kind, body, context, (value) => applyPartialSchema(schemaOf(kind), value));
}

function inspect(kind: Kind, body: unknown, context: RequestContext, fit: (value: Json) => Structure): KubeObject {
  if (!isJsonObject(body)) throw badRequest("the body of the request must be one JSON object");
  const named = { ...body, apiVersion: body["apiVersion"] ?? apiVersionOf(kind), kind: body["kind"] ?? kind.kind };
  checkKind(kind, named.apiVersion, named.kind);
  const { value, unknown, causes } = fit({ ...named, metadata: body["metadata"] ?? {} });
  reportStrict(unknown, context);
  const object = value as unknown as KubeObject;
  if (causes.length > 0) throw refuse(kind, object, causes);
  checkMetadata(kind, object);
  return object;
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
  const texts = [...duplicates, ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`)];
  if (texts.length === 0) return;
  if (fieldValidation === "Strict") throw badRequest(`strict decoding error: ${texts.join(", ")}`);
  if (fieldValidation === "Warn") for (const text of texts) warn?.(text);
}

function refuse(kind: Kind, object: KubeObject, causes: readonly FieldCause[]): Error {
  if (!kind.builtIn) return invalid(kind, nameOf(object), causes);
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
