import type { Happening, HappeningKind, ScalingDecision } from "@ebb/api";
import type { KubeEvent } from "@ebb/kube";
import { codeOf } from "@ebb/base";
import { StatusError } from "@ebb/kube";
import type { OperationFailure } from "@ebb/api";
import { getApp, type Place } from "../apps/store.ts";
import type { Cluster } from "../cluster/port.ts";
import { versionName, revisionNumber } from "../compile/names.ts";
import type { Deps } from "../deploy/context.ts";
import { listDomains } from "../domains/store.ts";
import { COMPOSED } from "../operations/store.ts";
import { say } from "../operations/words.ts";
import { appDecisions } from "./app-decisions.ts";

export interface HappeningsRequest {
  kinds?: readonly HappeningKind[];
  /** RFC 3339: only what came before. */
  before?: string;
  limit: number;
}

type Source = (asked: { place: Place; team: string; before: number; limit: number }) => Promise<Happening[]>;

/**
 * What happened to an app in an environment, from everything that knows of something, newest first. The cluster keeps its part as long as it
 * likes (Ebb's own: an hour); the rest is kept as operations and the trail are.
 */
export async function happenings(deps: Deps, cluster: Cluster, place: Place, request: HappeningsRequest): Promise<Happening[]> {
  const { team } = await getApp(deps.db, place.app);
  const before = request.before === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(request.before);
  const asked = { place, team, before, limit: request.limit };
  const sources: readonly (readonly [readonly HappeningKind[], Source])[] = [
    [["operation", "release"], fromOperations(deps)],
    [["scaling"], fromDecisions(cluster)],
    [["cluster"], fromCluster(cluster)],
    [["change", "alert"], fromTrail(deps)],
  ];
  const wanted = (kind: HappeningKind) => !request.kinds || request.kinds.includes(kind);
  const found = await Promise.all(sources.filter(([kinds]) => kinds.some(wanted)).map(([, read]) => read(asked)));
  return found
    .flat()
    .filter(({ kind, time }) => wanted(kind) && Date.parse(time) < before)
    .toSorted((a, b) => Date.parse(b.time) - Date.parse(a.time) || (a.id < b.id ? 1 : -1))
    .slice(0, request.limit);
}

const at = (milliseconds: number): string => new Date(milliseconds).toISOString();
const NOTHING = { state: null, version: null, by: null, operation: null, count: 1 } as const;
/** Of those that move traffic. */
const RELEASES = new Set(["release", "traffic", "promote"]);
const ENDED_BADLY = { failed: "error", cancelled: "warning" } as const;

function fromOperations({ db }: Pick<Deps, "db">): Source {
  return async ({ place, team, before, limit }) => {
    const rows = await db
      .selectFrom("operations")
      .selectAll()
      .where("team", "=", team)
      .where("app", "in", [place.app, ""])
      .where("env", "in", [place.env, ""])
      // What it did to the app is an operation of its own.
      .where("kind", "!=", COMPOSED)
      .where("created_at", "<", before)
      .orderBy("seq", "desc")
      .limit(limit)
      .execute();
    return rows.map((row) => {
      const failure = row.failure_json === null ? undefined : (JSON.parse(row.failure_json) as OperationFailure);
      return {
        ...NOTHING,
        id: `operation ${row.id}`,
        time: at(row.created_at),
        kind: RELEASES.has(row.kind) ? ("release" as const) : ("operation" as const),
        level: ENDED_BADLY[row.state as keyof typeof ENDED_BADLY] ?? "info",
        what: row.kind,
        state: row.state,
        version: row.version,
        message: failure?.message ?? "",
        by: row.created_by,
        operation: row.id,
      };
    });
  };
}

function fromDecisions(cluster: Cluster): Source {
  return async ({ place, before, limit }) => {
    const until = before === Number.MAX_SAFE_INTEGER ? {} : { at: at(before) };
    const { items } = await appDecisions(cluster, place.app, { limit, ...until });
    return items.map((decision) => ({
      ...NOTHING,
      id: `scaling ${decision.version} ${decision.time}`,
      time: decision.time,
      kind: "scaling" as const,
      level: decision.cause === "failed" ? ("warning" as const) : ("info" as const),
      what: decision.cause,
      version: decision.version,
      ...wordsOf(decision),
    }));
  };
}

function wordsOf({ desired, reason, why }: ScalingDecision): Pick<Happening, "message" | "said"> {
  const count = say("decision.count", { count: desired });
  return { message: `${count.words}${reason}`, ...(why === undefined ? {} : { said: [codeOf(count), ...why] }) };
}

/** A cluster that does not let the platform read its events has none to tell. */
function fromCluster(cluster: Cluster): Source {
  return async ({ place: { app } }) => {
    const events = await cluster.events().catch((error: unknown) => {
      if (error instanceof StatusError) return [];
      throw error;
    });
    return events
      .filter(({ involvedObject }) => isOf(app, involvedObject.name))
      .map((event) => ({
        ...NOTHING,
        id: `cluster ${event.metadata.uid ?? event.metadata.name}`,
        time: timeOf(event),
        kind: "cluster" as const,
        level: event.type === "Warning" ? ("warning" as const) : ("info" as const),
        what: event.reason,
        version: versionOf(app, event.involvedObject.name),
        message: `${event.involvedObject.kind} ${event.involvedObject.name}: ${event.message}`,
        count: event.count ?? 1,
      }));
  };
}

/** Kubernetes' newer writers leave the old fields empty. */
function timeOf({ lastTimestamp, metadata, ...event }: KubeEvent): string {
  const other = (event as { eventTime?: string | null }).eventTime;
  return lastTimestamp || other || metadata.creationTimestamp || at(0);
}

/** Its Service, Route and Configuration have its name, Revisions a number behind it, and what is below those more. */
function isOf(app: string, name: string): boolean {
  return name === app || versionOf(app, name) !== null;
}

function versionOf(app: string, name: string): string | null {
  const revision = /^(.*?-\d{5,7})(?:-|$)/.exec(name.startsWith(`${app}-`) ? name.slice(app.length) : "")?.[1];
  const number = revision === undefined ? undefined : revisionNumber(app, `${app}${revision}`);
  return number === undefined ? null : versionName(number);
}

/** Operations tell of themselves. What it was before and after is the trail's to show, to those who may read it. */
function fromTrail({ db }: Pick<Deps, "db">): Source {
  return async ({ place, team, before, limit }) => {
    const domains = (await listDomains(db, place)).map(({ name }) => `domain/${name}`);
    const rows = await db
      .selectFrom("audit")
      .selectAll()
      .where("team", "=", team)
      .where("object", "in", [`app/${place.app}`, ...domains])
      .where("action", "not like", "operation.%")
      .where("time", "<", before)
      .orderBy("seq", "desc")
      .limit(limit)
      .execute();
    return rows.flatMap((row) => {
      const after = JSON.parse(row.after_json) as { environment?: string; why?: string } | null;
      if (after?.environment !== undefined && after.environment !== place.env) return [];
      const alert = row.action.startsWith("domain.certificate-expir");
      return [
        {
          ...NOTHING,
          id: `trail ${row.seq}`,
          time: at(row.time),
          kind: alert ? ("alert" as const) : ("change" as const),
          level: !alert ? ("info" as const) : row.action.endsWith("expired") ? ("error" as const) : ("warning" as const),
          what: row.action,
          message: [row.object.startsWith("domain/") ? row.object.slice("domain/".length) : "", after?.why ?? ""]
            .filter(Boolean)
            .join(": "),
          by: row.actor || null,
        },
      ];
    });
  };
}
