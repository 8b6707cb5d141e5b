import type { GroupRole } from "./sign-in-config.ts";
import { atLeast, type Role } from "./roles.ts";

/** What a user's groups give: the highest role in each team; `platformAdmin` is undefined when no group decides it. */
export function rolesFromGroups(
  rules: readonly GroupRole[],
  claim: unknown,
): { roles: ReadonlyMap<string, Role>; platformAdmin: boolean | undefined } {
  const groups = new Set(
    Array.isArray(claim) ? claim.filter((group) => typeof group === "string") : typeof claim === "string" ? [claim] : [],
  );
  const roles = new Map<string, Role>();
  let platformAdmin: boolean | undefined;
  for (const rule of rules) {
    const member = groups.has(rule.group);
    if ("platformAdmin" in rule) platformAdmin = platformAdmin === true || member;
    else if (member && !atLeast(roles.get(rule.team), rule.role)) roles.set(rule.team, rule.role);
  }
  return { roles, platformAdmin };
}

/** A name that fits ours, from what the provider calls the user. */
export function userNameFrom(claims: Record<string, unknown>): string {
  for (const claim of ["preferred_username", "email", "sub"]) {
    const value = claims[claim];
    if (typeof value !== "string") continue;
    const name = value
      .toLowerCase()
      .replaceAll(/[^-a-z0-9._@+]/g, "-")
      .slice(0, 60)
      .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, "");
    if (name !== "") return name;
  }
  return "user";
}
