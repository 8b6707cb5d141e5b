import { isResource, type Authorize } from "./attributes.ts";
import type { Grants } from "./grants.ts";
import { ruleAllows } from "./rules.ts";

/** May do everything, whatever the roles say: so that nobody can lock themselves out. */
export const MASTERS = "system:masters";

/** RBAC: what no grant allows is denied. */
export function createAuthorizer(grants: Grants): Authorize {
  return (attributes) => {
    const { user } = attributes;
    if (user.groups.includes(MASTERS)) return { allowed: true, reason: "" };
    const namespace = isResource(attributes) ? attributes.namespace : "";
    for (const { rules, origin } of grants.of(user, namespace))
      if (rules.some((rule) => ruleAllows(rule, attributes))) return { allowed: true, reason: origin };
    return { allowed: false, reason: "" };
  };
}
