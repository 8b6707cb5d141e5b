import type { FastifyRequest } from "fastify";
import type { Database } from "../database/database.ts";
import { refuse } from "../errors.ts";
import type { FindSubject } from "./authorisation.ts";

/** The one team of a platform that has no other yet. */
const DEFAULT_TEAM = "default";
const DEFAULT_ENVIRONMENT = { deploy: "developer", release: "releaser" } as const;

/** Finds what a request is about by its address. */
export function subjectFinder(_database: Database): FindSubject {
  return (request: FastifyRequest) => {
    const { team = DEFAULT_TEAM } = request.params as { team?: string };
    const hidden = refuse("team_not_found", `There is no team ${team}`);
    return Promise.resolve({ facts: team === DEFAULT_TEAM ? { team, environment: DEFAULT_ENVIRONMENT } : {}, hidden });
  };
}
