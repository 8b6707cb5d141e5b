import type { Kind } from "@ebb/kube";
import { noSuchResource } from "./respond.ts";

/** What a resource path names: a collection, an object, or a subresource of one. */
export interface ResourcePath {
  kind: Kind;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
}

/** Subresources of a namespace itself; any other third segment is a resource in it. */
const OF_NAMESPACE: ReadonlySet<string> = new Set(["status", "finalize"]);

/** Reads the segments after `/api/v1` or `/apis/GROUP/VERSION`. Throws NotFound for a resource that is not served. */
export function parseResourcePath(kinds: readonly Kind[], group: string, version: string, segments: readonly string[]): ResourcePath {
  const [first = "", second, third] = segments;
  const inNamespace = first === "namespaces" && third !== undefined && !(group === "" && OF_NAMESPACE.has(third));
  const [plural = "", name, subresource, ...more] = inNamespace ? segments.slice(2) : segments;
  const kind = kinds.find((candidate) => candidate.group === group && candidate.version === version && candidate.plural === plural);
  const placed = kind && (!inNamespace || kind.namespaced) && (inNamespace || !kind.namespaced || name === undefined);
  if (!placed || more.length > 0)
    throw noSuchResource({ ...(name === undefined ? {} : { name }), ...(group === "" ? {} : { group }), kind: plural });
  return { kind, namespace: inNamespace ? second : undefined, name, subresource };
}
