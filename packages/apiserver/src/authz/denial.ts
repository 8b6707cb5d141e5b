import { StatusError } from "@ebb/kube";
import { describeDenial, isResource, type Attributes } from "./attributes.ts";

/** 403 in upstream's words: `pods is forbidden: User "ann" cannot list resource "pods" in API group "" in the namespace "default"`. */
export function denial(attributes: Attributes): StatusError {
  const why = describeDenial(attributes);
  if (!isResource(attributes)) return new StatusError("Forbidden", `forbidden: ${why}`, {});
  const { group, name } = attributes;
  const resource = attributes.resource.split("/")[0] ?? "";
  const title = group === "" ? resource : `${resource}.${group}`;
  const message = `${title}${name === "" ? "" : ` ${JSON.stringify(name)}`} is forbidden: ${why}`;
  return new StatusError("Forbidden", message, { ...(name === "" ? {} : { name }), ...(group === "" ? {} : { group }), kind: resource });
}
