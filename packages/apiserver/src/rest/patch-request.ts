import {
  badRequest,
  isJsonObject,
  jsonPatch,
  mergePatch,
  schemaOf,
  StatusError,
  strategicMergePatch,
  type JsonObject,
  type Kind,
  type KubeObject,
} from "@ebb/kube";

const JSON_PATCH = "application/json-patch+json";
const MERGE_PATCH = "application/merge-patch+json";
/** Server-side apply; not a function of the current object alone, so not one of `patchOf`. */
export const APPLY_PATCH = "application/apply-patch+yaml";
const STRATEGIC = "application/strategic-merge-patch+json";

/** The function that a PATCH of this media type is. Throws UnsupportedMediaType for those that the kind does not take, or BadRequest. */
export function patchOf(kind: Kind, mediaType: string, parse: () => unknown): (current: KubeObject) => unknown {
  const accepted = kind.builtIn ? [JSON_PATCH, MERGE_PATCH, STRATEGIC] : [JSON_PATCH, MERGE_PATCH];
  if (!accepted.includes(mediaType)) {
    const list = [...accepted, APPLY_PATCH].join(", ");
    throw new StatusError(
      "UnsupportedMediaType",
      `the body of the request was in an unknown format - accepted media types include: ${list}`,
    );
  }
  const patch = parse();
  const asJson = (object: KubeObject) => object as unknown as JsonObject;
  if (mediaType === JSON_PATCH) return (current) => jsonPatch(asJson(current), patch);
  if (!isJsonObject(patch)) throw badRequest("a merge patch must be an object");
  if (mediaType === MERGE_PATCH) return (current) => mergePatch(asJson(current), patch);
  return (current) => strategicMergePatch(asJson(current), patch, schemaOf(kind));
}
