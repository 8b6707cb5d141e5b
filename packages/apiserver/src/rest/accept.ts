import { StatusError } from "@ebb/kube";

export type Representation = "object" | "table" | "partial";
/** How an answer is written down. */
export type Encoding = "json" | "yaml";
export interface Accepted {
  as: Representation;
  /** The version of meta.k8s.io that a table or a partial object is written in; the two differ in nothing else. */
  version: "v1" | "v1beta1";
  encoding: Encoding;
}

const LONGEST = 4096;
export const YAML_TYPE = "application/yaml";
const PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf";
const SERVED = ["application/json", YAML_TYPE, PROTOBUF_TYPE];
const EVERYTHING = ["*/*", "application/*"];
/** For a client to whom it is all the same. */
const ANYTHING: Accepted = { as: "object", version: "v1", encoding: "json" };

/**
 * How the client wants an answer, by its `Accept`: the first of its choices that is served, as k8s.io/apiserver negotiates; undefined if none is.
 * Clients that ask for protobuf read JSON too, by the answer's type. `refused` is a form that is not served here.
 */
export function negotiate(accept: string | undefined, refused?: Representation): Accepted | undefined {
  if (accept === undefined) return ANYTHING;
  const choices = accept
    .slice(0, LONGEST)
    .split(",")
    .map(choiceOf)
    .filter(({ type }) => type !== "");
  if (choices.length === 0) return ANYTHING;
  for (const { type, parameters } of choices) {
    if (!SERVED.includes(type) && !EVERYTHING.includes(type)) continue;
    const as = representationOf(type, parameters);
    if (as === undefined || as === refused) continue;
    return { as, version: parameters.get("v") === "v1beta1" ? "v1beta1" : "v1", encoding: type === YAML_TYPE ? "yaml" : "json" };
  }
  return undefined;
}

/** The same; throws NotAcceptable when nothing is served of what the client asks for. */
export function acceptedOf(accept: string | undefined, refused?: Representation): Accepted {
  const accepted = negotiate(accept, refused);
  if (!accepted) throw new StatusError("NotAcceptable", `only the following media types are accepted: ${SERVED.join(", ")}`);
  return accepted;
}

function choiceOf(text: string): { type: string; parameters: ReadonlyMap<string, string> } {
  const [type = "", ...pairs] = text.split(";").map((part) => part.trim());
  return { type, parameters: new Map(pairs.map((pair): [string, string] => [pair.split("=")[0] ?? "", pair.split("=")[1] ?? ""])) };
}

/** Undefined for one that is not served. */
function representationOf(type: string, parameters: ReadonlyMap<string, string>): Representation | undefined {
  const [as, group, version = ""] = ["as", "g", "v"].map((name) => parameters.get(name));
  if (as === undefined && group === undefined && version === "") return "object";
  if (group !== "meta.k8s.io" || (version !== "v1" && version !== "v1beta1")) return undefined;
  if (as === "Table") return type === PROTOBUF_TYPE ? undefined : "table";
  return as === "PartialObjectMetadata" || as === "PartialObjectMetadataList" ? "partial" : undefined;
}
