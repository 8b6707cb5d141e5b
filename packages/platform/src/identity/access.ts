import { atLeast, lowerRole, roleOfScope, type Role, type Scope } from "./roles.ts";

/**
 * Who may use a route; each route says so in its `config.access`, and one that does not say refuses to register.
 * `signedIn`: anybody with valid credentials; `whole`: a person whose credentials are not narrowed by a scope or a team, for what would
 * otherwise be a way to wider ones. `team`: the role that it takes in the team that the address is about. `environment`: the same, where
 * `deploy` and `release` are the roles that the environment itself asks for.
 */
export type Access =
  | { public: true }
  | { signedIn: true; whole?: true }
  | { platformAdmin: true }
  | { team: Role }
  | { environment: Role | "deploy" | "release" };

/** Who asks, with everything that decides what they may do. */
export interface Caller {
  /** The user who answers for it; of a machine token: who made it. */
  userId: string;
  /** As it stands in operations, versions and the audit trail. */
  name: string;
  kind: "user" | "machine";
  platformAdmin: boolean;
  /** Roles by team. */
  roles: ReadonlyMap<string, Role>;
  /** The most that the token may be used for; `admin` for sessions. */
  scope: Scope;
  /** The only team that the token is good for; null: all. */
  onlyTeam: string | null;
  /** The token's or session's id, for the audit trail. */
  credential: string;
}

/** What the address is about, as far as it decides. */
export interface Facts {
  team?: string;
  /** The lowest roles that may deploy to and release in the environment. */
  environment?: { deploy: Role; release: Role };
}

/**
 * `hidden`: the caller may not even know that it exists, so the answer is that it does not. `forbidden` names what would be needed.
 */
export type Decision =
  | { allowed: true }
  | { allowed: false; reason: "unauthenticated" }
  | { allowed: false; reason: "hidden" }
  | { allowed: false; reason: "forbidden"; needs: string; hint: string };

const ALLOWED: Decision = { allowed: true };
const forbidden = (needs: string, hint: string): Decision => ({ allowed: false, reason: "forbidden", needs, hint });

/** The caller's role in a team, as far as the token goes; undefined when the team is not theirs to see. A platform admin is admin everywhere. */
export function roleIn(caller: Caller, team: string): Role | undefined {
  if (caller.onlyTeam !== null && caller.onlyTeam !== team) return undefined;
  const role = caller.platformAdmin ? "admin" : caller.roles.get(team);
  return role === undefined ? undefined : lowerRole(role, roleOfScope(caller.scope));
}

/** Whether the caller is a person whose credentials are not narrowed. */
export function isWhole(caller: Caller): boolean {
  return caller.kind === "user" && caller.scope === "admin" && caller.onlyTeam === null;
}

/** Whether the caller acts with a platform administrator's whole rights. */
export function isPlatformAdmin(caller: Caller): boolean {
  return caller.platformAdmin && isWhole(caller);
}

/** The teams that the caller may see; undefined: every one. */
export function visibleTeams(caller: Caller): readonly string[] | undefined {
  if (caller.platformAdmin && caller.onlyTeam === null) return undefined;
  const teams = caller.platformAdmin && caller.onlyTeam !== null ? [caller.onlyTeam] : [...caller.roles.keys()];
  return teams.filter((team) => roleIn(caller, team) !== undefined);
}

/** Pure, and the only place that decides. A route about a team whose facts are missing is refused. */
export function decideAccess(caller: Caller | undefined, access: Access, facts: Facts): Decision {
  if ("public" in access) return ALLOWED;
  if (!caller) return { allowed: false, reason: "unauthenticated" };
  if ("signedIn" in access)
    return !access.whole || isWhole(caller) ? ALLOWED : forbidden("a session, or a personal token for everything", "Sign in: ebb login.");
  if ("platformAdmin" in access)
    return isPlatformAdmin(caller) ? ALLOWED : forbidden("a platform administrator", "Another one can make you one: ebb user set.");
  if (facts.team === undefined) return { allowed: false, reason: "hidden" };
  const role = roleIn(caller, facts.team);
  if (role === undefined) return { allowed: false, reason: "hidden" };
  const needed = neededRole(access, facts);
  if (needed === undefined) return { allowed: false, reason: "hidden" };
  return atLeast(role, needed)
    ? ALLOWED
    : forbidden(`the role ${needed} in the team ${facts.team}`, "An administrator of the team or of the platform can give you that right.");
}

function neededRole(access: { team: Role } | { environment: Role | "deploy" | "release" }, facts: Facts): Role | undefined {
  if ("team" in access) return access.team;
  const { environment } = access;
  return environment === "deploy" || environment === "release" ? facts.environment?.[environment] : environment;
}
