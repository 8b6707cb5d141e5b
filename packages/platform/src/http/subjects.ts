import type { FastifyRequest } from "fastify";
import { findApp } from "../apps/store.ts";
import type { Database } from "../database/database.ts";
import { policiesOf } from "../environments/policies.ts";
import { findEnvironment, listEnvironments } from "../environments/store.ts";
import { refuse } from "../errors.ts";
import type { Facts } from "../identity/access.ts";
import { DEFAULT_TEAM } from "../teams/store.ts";
import type { FindSubject, Subject } from "./authorisation.ts";

interface Params {
  team?: string;
  app?: string;
  env?: string;
  id?: string;
}
/** What a request says beside its address, where that names nothing yet. */
interface Asked {
  name?: string;
  defaultName?: string;
  team?: string;
  environment?: string;
}

/** What is about all environments at once takes the team's administrators. */
const ALL_ENVIRONMENTS = { deploy: "admin", release: "admin" } as const;
/** There is nothing to protect in it, and whoever could deploy is told so by the route itself. */
const NO_ENVIRONMENT = { deploy: "developer", release: "developer" } as const;

/** Finds what a request is about: by its address, or, where it makes something new, by what it asks for. */
export function subjectFinder(db: Database): FindSubject {
  return (request) => {
    const { team, app, env, id } = request.params as Params;
    if (app !== undefined) return ofApp(db, app, env);
    if (id !== undefined) return ofOperation(db, id);
    if (team !== undefined) return ofTeam(db, team, env);
    return ofNew(db, request);
  };
}

async function ofApp(db: Database, name: string, env: string | undefined): Promise<Subject> {
  const app = await findApp(db, name);
  const hidden = refuse("app_not_found", `There is no app ${name}`, { hint: "List them with: ebb apps." });
  return { facts: app ? await factsIn(db, app.team, env) : {}, hidden };
}

async function ofOperation(db: Database, id: string): Promise<Subject> {
  const row = await db.selectFrom("operations").select(["team", "env"]).where("id", "=", id).executeTakeFirst();
  const hidden = refuse("operation_not_found", `There is no operation ${id}`, {
    hint: "Old ones are deleted after a while; see: ebb status.",
  });
  return { facts: row ? await factsIn(db, row.team, row.env === "" ? undefined : row.env) : {}, hidden };
}

async function ofTeam(db: Database, name: string, env: string | undefined): Promise<Subject> {
  const team = await db.selectFrom("teams").select("name").where("name", "=", name).executeTakeFirst();
  const hidden = refuse("team_not_found", `There is no team ${name}`, { hint: "List them with: ebb team list." });
  return { facts: team ? await factsIn(db, name, env) : {}, hidden };
}

/** A deployment, or a new app: its name is in the body or in the query, with where it is to go. */
async function ofNew(db: Database, request: FastifyRequest): Promise<Subject> {
  const asked = { ...(request.query as Asked), ...(isPlain(request.body) ? (request.body as Asked) : {}) };
  const name = text(asked.name) ?? text(asked.defaultName);
  const app = name === undefined ? undefined : await findApp(db, name);
  const team = text(asked.team) ?? app?.team ?? DEFAULT_TEAM;
  const env = text(asked.environment) ?? (await listEnvironments(db, team))[0]?.name;
  const subject = await ofTeam(db, team, env ?? "");
  // Names are unique on a platform: that one is taken is no secret.
  if (app === undefined || text(asked.team) !== undefined) return subject;
  return { ...subject, hidden: refuse("app_in_other_team", `The name ${app.name} is taken`, { hint: "Choose another name." }) };
}

/** The body of a source's upload is a stream; input is not validated yet. */
function isPlain(body: unknown): boolean {
  return typeof body === "object" && body !== null && Object.getPrototypeOf(body) === Object.prototype;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

async function factsIn(db: Database, team: string, env: string | undefined): Promise<Facts> {
  if (env === undefined) return { team, environment: ALL_ENVIRONMENTS };
  const environment = await findEnvironment(db, team, env);
  if (!environment) return { team, environment: NO_ENVIRONMENT };
  const { deployRole, releaseRole } = policiesOf(environment);
  return { team, environment: { deploy: deployRole, release: releaseRole } };
}
