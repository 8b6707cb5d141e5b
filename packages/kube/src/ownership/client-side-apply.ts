import { isJsonObject, type Json, type JsonObject } from "../patch.ts";
import type { Schema } from "../schema.ts";
import { isStatus } from "../status-error.ts";
import { compareObjects } from "./compare.ts";
import { difference, formatPath, NO_FIELDS, pathsOf, type FieldSet } from "./field-set.ts";
import { fieldsOf } from "./object-fields.ts";
import { applyConfiguration, type Application, type Applied } from "./track.ts";

export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
/** Only kubectl itself moves from client-side to server-side apply; whoever names another manager does not. */
const UPGRADER = "kubectl";

/**
 * `applyConfiguration`, and what k8s.io/apiserver does for those that used `kubectl apply` without `--server-side` before: fields of the
 * configuration that was applied last are no conflict, and its annotation, if it is there, follows.
 */
export function applyAfterClientSideApply(application: Application): Applied {
  if (application.manager.manager !== UPGRADER) return applyConfiguration(application);
  return withLastApplied(application, applyForgiving(application));
}

function applyForgiving(application: Application): Applied {
  try {
    return applyConfiguration(application);
  } catch (error) {
    if (!isStatus(error, "Conflict")) throw error;
    const allowed = new Set(pathsOf(lastAppliedFields(application.schema, application.live)).map(formatPath));
    const causes = error.statusDetails?.causes ?? [];
    if (!causes.every(({ field }) => field !== undefined && allowed.has(field))) throw error;
    return applyConfiguration({ ...application, force: true });
  }
}

function lastAppliedFields(schema: Schema, live: JsonObject): FieldSet {
  const text = annotationsOf(live)?.[LAST_APPLIED];
  if (typeof text !== "string") return NO_FIELDS;
  try {
    const value = JSON.parse(text) as Json;
    if (!isJsonObject(value)) return NO_FIELDS;
    // What has another value by now is somebody else's.
    const { added, modified, removed } = compareObjects(schema, value, partOf(live, value) as JsonObject);
    return [added, modified, removed].reduce(difference, fieldsOf(schema, value));
  } catch {
    // The annotation is the client's own text; one that cannot be read allows nothing.
    return NO_FIELDS;
  }
}

/** `live` without what the configuration does not speak of: what admission filled in makes nobody the owner of a list. */
function partOf(live: Json, last: Json): Json {
  if (Array.isArray(live) && Array.isArray(last) && live.length === last.length)
    return live.map((item, index) => partOf(item, last[index] ?? null));
  if (!isJsonObject(live) || !isJsonObject(last)) return live;
  const shared = Object.entries(last).flatMap(([key, value]) =>
    Object.hasOwn(live, key) ? [[key, partOf(live[key] ?? null, value)] as const] : [],
  );
  return Object.fromEntries(shared);
}

function withLastApplied({ applied }: Application, outcome: Applied): Applied {
  const annotations = annotationsOf(outcome.object);
  if (annotations?.[LAST_APPLIED] === undefined) return outcome;
  const { [LAST_APPLIED]: _, ...others } = annotationsOf(applied) ?? {};
  const metadata = applied["metadata"] as JsonObject;
  const configuration = { ...applied, metadata: { ...metadata, annotations: others } };
  const text = `${JSON.stringify(configuration)}\n`;
  const object = {
    ...outcome.object,
    metadata: { ...(outcome.object["metadata"] as JsonObject), annotations: { ...annotations, [LAST_APPLIED]: text } },
  };
  return { ...outcome, object };
}

function annotationsOf(object: JsonObject): JsonObject | undefined {
  const metadata = object["metadata"];
  const annotations = isJsonObject(metadata) ? metadata["annotations"] : undefined;
  return isJsonObject(annotations) ? annotations : undefined;
}
