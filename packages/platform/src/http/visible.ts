import type { FastifyRequest } from "fastify";
import { callerOf } from "./authorisation.ts";

/** The teams of which a caller may see anything; undefined: all. Lists are narrowed to them. */
export function visibleTeams(request: FastifyRequest): readonly string[] | undefined {
  const { platformAdmin, onlyTeam, roles } = callerOf(request);
  if (onlyTeam !== null) return platformAdmin || roles.has(onlyTeam) ? [onlyTeam] : [];
  return platformAdmin ? undefined : [...roles.keys()];
}
