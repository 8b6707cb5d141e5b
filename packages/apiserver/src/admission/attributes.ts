import type { Kind, KubeObject, RuledRequest } from "@ebb/kube";
import type { RequestContext } from "../registry/request-context.ts";

/** A write on its way, as admission webhooks are told of it. */
export interface AdmissionAttributes {
  operation: RuledRequest["operation"];
  kind: Kind;
  subresource?: string | undefined;
  /** Empty for what is in no namespace. */
  namespace: string;
  /** Empty while the server has still to make one up. */
  name: string;
  /** What it is about to be; undefined for a deletion. */
  object?: KubeObject | undefined;
  /** What it is; undefined for a creation. */
  oldObject?: KubeObject | undefined;
  /** meta/v1 options as the client gave them, without type. */
  options: object;
  context: RequestContext;
}

/** The request as rules see it. A Namespace is in itself. */
export function ruledRequest({
  operation,
  kind,
  subresource = "",
  namespace,
  name,
}: Omit<AdmissionAttributes, "options" | "context">): RuledRequest {
  const { group, version, plural } = kind;
  const within = group === "" && plural === "namespaces" ? name : namespace;
  return { operation, group, version, resource: plural, subresource, namespace: within };
}
