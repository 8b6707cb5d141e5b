import { formatLabelSelector } from "./label-selector.ts";
import { apiVersionOf, type Kind, type ScalePaths } from "./kinds/kind.ts";
import type { KubeObject } from "./meta.ts";
import { isJsonObject, type Json, type JsonObject } from "./patch.ts";
import { badRequest, invalid, invalidValue } from "./status-errors.ts";

/** What `/scale` speaks, whatever it is the scale of; not a kind that is stored. */
export const SCALE: Kind = {
  group: "autoscaling",
  version: "v1",
  kind: "Scale",
  plural: "scales",
  singular: "scale",
  shortNames: [],
  categories: [],
  namespaced: true,
  statusSubresource: false,
  generation: false,
  builtIn: true,
};

/** The Scale that an object has. */
export function scaleOf(object: KubeObject, { specReplicas, statusReplicas, selector }: ScalePaths): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const identity = { name, namespace, uid, resourceVersion, creationTimestamp };
  const text = selector ? formatLabelSelector(read(object, selector)) : "";
  return {
    kind: SCALE.kind,
    apiVersion: "autoscaling/v1",
    metadata: JSON.parse(JSON.stringify(identity)) as KubeObject["metadata"],
    spec: { replicas: numberAt(object, specReplicas) },
    status: { replicas: numberAt(object, statusReplicas), ...(text === "" ? {} : { selector: text }) },
  };
}

/** The object with the replicas of a Scale, and its version and uid as what must still be so. Throws BadRequest or Invalid. */
export function withScale(current: KubeObject, scale: unknown, { specReplicas }: ScalePaths, name: string): unknown {
  const { replicas, identity } = readScale(scale, name);
  return { ...write(current as unknown as JsonObject, specReplicas, replicas), metadata: { ...current.metadata, ...identity } };
}

/** What whoever applies a Scale says of the object that it is the scale of. Throws BadRequest or Invalid. */
export function appliedScale(kind: Kind, scale: unknown, { specReplicas }: ScalePaths, name: string): JsonObject {
  const { replicas, identity } = readScale(scale, name);
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name, ...identity }, ...write({}, specReplicas, replicas) };
}

interface ReadScale {
  replicas: number;
  identity: Pick<Partial<KubeObject["metadata"]>, "name" | "uid" | "resourceVersion">;
}

function readScale(scale: unknown, name: string): ReadScale {
  if (!isJsonObject(scale)) throw badRequest("the body of the request must be a Scale");
  const { apiVersion = "autoscaling/v1", kind = SCALE.kind, metadata = {}, spec = {} } = scale;
  if (apiVersion !== "autoscaling/v1" || kind !== SCALE.kind) {
    throw badRequest(`expected a Scale of autoscaling/v1, not ${JSON.stringify(kind)} of ${JSON.stringify(apiVersion)}`);
  }
  const replicas = isJsonObject(spec) ? (spec["replicas"] ?? 0) : undefined;
  if (typeof replicas !== "number" || !Number.isSafeInteger(replicas)) throw badRequest("spec.replicas must be a whole number");
  if (replicas < 0) {
    throw invalid(SCALE, name, [invalidValue("spec.replicas", replicas, "must be greater than or equal to 0")]);
  }
  const { resourceVersion, uid, name: given } = (isJsonObject(metadata) ? metadata : {}) as Partial<KubeObject["metadata"]>;
  const identity = { ...(resourceVersion ? { resourceVersion } : {}), ...(uid ? { uid } : {}), ...(given ? { name: given } : {}) };
  return { replicas, identity };
}

function read(object: KubeObject, path: readonly string[]): unknown {
  let at: unknown = object;
  for (const key of path) at = (at as Record<string, unknown> | undefined | null)?.[key];
  return at;
}

function numberAt(object: KubeObject, path: readonly string[]): number {
  const value = read(object, path);
  return typeof value === "number" ? value : 0;
}

function write(object: JsonObject, [key, ...rest]: readonly string[], value: Json): JsonObject {
  if (key === undefined) return object;
  const below = object[key];
  return { ...object, [key]: rest.length === 0 ? value : write(isJsonObject(below) ? below : {}, rest, value) };
}
