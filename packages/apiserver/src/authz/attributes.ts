import type { User } from "../registry/request-context.ts";

/** What is asked for: an act on a resource, or a path of another sort. After k8s.io/apiserver's authorizer.Attributes. */
export type Attributes = ResourceAttributes | PathAttributes;

export interface ResourceAttributes {
  user: User;
  verb: string;
  /** Empty for the core group. */
  group: string;
  /** Plural; with a subresource, `pods/log`. */
  resource: string;
  /** Empty: all namespaces, or a kind without. */
  namespace: string;
  /** Empty: any, or none yet. */
  name: string;
}
export interface PathAttributes {
  user: User;
  verb: string;
  path: string;
}

export interface Decision {
  allowed: boolean;
  /** Which grant it was, or why there is none; may be empty. */
  reason: string;
}

/** Decides; never throws. */
export type Authorize = (attributes: Attributes) => Decision;

export function isResource(attributes: Attributes): attributes is ResourceAttributes {
  return "resource" in attributes;
}

/** k8s.io/apiserver responsewriters.forbiddenMessage. */
export function describeDenial(attributes: Attributes): string {
  const user = JSON.stringify(attributes.user.name);
  if (!isResource(attributes)) return `User ${user} cannot ${attributes.verb} path ${JSON.stringify(attributes.path)}`;
  const { verb, group, resource, namespace } = attributes;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(namespace)}`;
  return `User ${user} cannot ${verb} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(group)} ${where}`;
}
