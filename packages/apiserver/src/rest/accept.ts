export type Representation = "object" | "table" | "partial";

/**
 * How the client wants an answer, by its `Accept`: the first of its choices that is served. JSON is what everything else comes down to, as
 * clients that prefer protobuf read JSON too.
 */
export function representationOf(accept: string | undefined): Representation {
  for (const choice of (accept ?? "").slice(0, 4096).split(",")) {
    const [type = "", ...pairs] = choice.split(";").map((part) => part.trim());
    if (type !== "application/json" && type !== "*/*") continue;
    const parameters = new Map(pairs.map((pair): [string, string] => [pair.split("=")[0] ?? "", pair.split("=")[1] ?? ""]));
    const as = parameters.get("as");
    if (as === undefined) return "object";
    if (parameters.get("g") !== "meta.k8s.io" || parameters.get("v") !== "v1") continue;
    if (as === "Table") return "table";
    if (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") return "partial";
  }
  return "object";
}
