/** What a member of a team may do there; each includes those before it. */
export const ROLES = ["viewer", "developer", "releaser", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** What a token may be used for, whatever its owner may do: each is as much as the role beside it. */
export const SCOPES = ["read", "deploy", "release", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Whether `role` includes `needed`; nobody's role includes nothing. */
export function atLeast(role: Role | undefined, needed: Role): boolean {
  return role !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

export function lowerRole(a: Role, b: Role): Role {
  return atLeast(a, b) ? b : a;
}

export function roleOfScope(scope: Scope): Role {
  return ROLES[SCOPES.indexOf(scope)] ?? "viewer";
}
