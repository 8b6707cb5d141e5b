import type { PrunedVersions, Version } from "@ebb/api";
import { findPlace, listPlaces, listVersions, rulesOf, trafficHistory, type Place } from "../apps/store.ts";
import { record } from "../audit/store.ts";
import { revisionName, revisionNumber, versionName } from "../compile/names.ts";
import { largestShare } from "../compile/traffic.ts";
import type { Deps } from "../deploy/context.ts";
import { viewVersion } from "../deploy/views.ts";
import { policiesOf, type EnvironmentRow } from "../environments/policies.ts";
import { listEnvironments } from "../environments/store.ts";
import { refuse } from "../errors.ts";
import { concerns, liveOperations } from "../operations/store.ts";
import { versionKey } from "../revisions/keys.ts";
import { factsOf, versionIn } from "../service/facts.ts";
import { sortVersions } from "./policy.ts";

/** What the policy of its environment keeps of an app and what it lets go, by what the cluster has of it now. */
export async function planPrune({ db, clusters, clock }: Deps, environment: EnvironmentRow, place: Place): Promise<PrunedVersions> {
  const cluster = clusters.of(environment);
  const { ready, message } = cluster.health();
  if (!ready) throw refuse("cluster_unavailable", message);
  const service = cluster.service(place.app);
  const row = await findPlace(db, place);
  const [present, ...past] = await trafficHistory(db, place);
  const named = (service?.spec.traffic ?? []).flatMap(({ revisionName: name = "" }) => revisionNumber(place.app, name) ?? []);
  const routed = new Set([
    ...named,
    ...(present ?? []).map(({ number }) => number),
    ...(row ? rulesOf(row) : []).map(({ number }) => number),
  ]);
  // Those that have failed, or are being made, are not the policy's.
  const versions = (await listVersions(db, place))
    .filter(({ state, number }) => state === "active" && cluster.revision(revisionName(place.app, number)) !== undefined)
    .map(({ number, created_at, pinned }) => ({ number, createdAt: created_at, pinned }));
  const before = past.map(largestShare).find((number) => number !== undefined && number !== largestShare(present ?? []));
  const policy = policiesOf(environment).versions;
  const { kept, gone } = sortVersions(versions, { routed, before }, policy, clock.now());
  return {
    policy,
    kept: kept.map(({ number, why }) => ({ version: versionName(number), why })),
    pruned: gone.map(versionName),
  };
}

/** Lets them go. An app that something goes on with is left alone: what it needs is not known here. */
export async function pruneVersions(deps: Deps, environment: EnvironmentRow, place: Place): Promise<PrunedVersions> {
  const { db, clusters, clock } = deps;
  const { team } = environment;
  if ((await liveOperations(db)).some((operation) => concerns(operation, { team, ...place }))) {
    throw refuse("environment_busy", `Something goes on with ${place.app} in ${place.env}`, { hint: "Prune when it has ended." });
  }
  const plan = await planPrune(deps, environment, place);
  if (plan.pruned.length === 0) return plan;
  const cluster = clusters.of(environment);
  for (const version of plan.pruned) await cluster.deleteRevision(revisionName(place.app, Number(version.slice(1))));
  await db.transaction().execute((transaction) =>
    record(transaction, clock.now(), {
      action: "versions.pruned",
      object: `app/${place.app}/${place.env}`,
      team,
      before: { versions: plan.pruned },
      after: { versions: [], policy: plan.policy },
    }),
  );
  return plan;
}

/** For housekeeping: every app in every environment whose cluster answers. */
export async function pruneAllVersions(deps: Deps): Promise<void> {
  const { db, clusters, log } = deps;
  for (const environment of await listEnvironments(db)) {
    if (!clusters.of(environment).health().ready) continue;
    for (const { app, env } of await listPlaces(db, { team: environment.team, env: environment.name })) {
      try {
        await pruneVersions(deps, environment, { app, env });
      } catch (error) {
        log.debug({ app, env, error }, "versions are pruned another time");
      }
    }
  }
}

/** Keeps a version whatever the policy, or no longer. Throws `version_not_found`, and `version_not_ready` for one that is gone. */
export async function pinVersion(deps: Deps, place: Place, { version, pinned, user }: Pin): Promise<Version> {
  const { db, clock, clusters } = deps;
  const facts = await factsOf(deps, place);
  const row = versionIn(facts, version);
  if (pinned && viewVersion(facts, row).state === "deleted") {
    throw refuse("version_not_ready", `${version} of ${place.app} has been cleaned up already`, { hint: "Deploy it again, then pin it." });
  }
  const key = { app: place.app, env: place.env, number: row.number };
  await db.transaction().execute(async (transaction) => {
    await transaction
      .updateTable("versions")
      .set({ pinned: pinned ? user || "the platform" : "" })
      .where("app", "=", key.app)
      .where("env", "=", key.env)
      .where("number", "=", key.number)
      .execute();
    await record(transaction, clock.now(), {
      action: pinned ? "version.pinned" : "version.unpinned",
      object: `app/${place.app}/${place.env}`,
      team: facts.app.team,
      before: { [version]: row.pinned === "" ? "not pinned" : `pinned by ${row.pinned}` },
      after: { [version]: pinned ? `pinned by ${user}` : "not pinned" },
      touches: [versionKey(place.app, place.env, version)],
    });
  });
  // One from before versions were kept by policy: the cluster would clean it up by its own.
  if (pinned) await clusters.of(facts.environment).keepRevision(revisionName(place.app, row.number));
  const after = await factsOf(deps, place);
  return viewVersion(after, versionIn(after, version));
}

export interface Pin {
  version: string;
  pinned: boolean;
  user: string;
}
