import { backoffDelay, sleep, TransientError } from "@ebb/base";
import { listPlaces, type Place } from "../apps/store.ts";
import { record } from "../audit/store.ts";
import type { ClusterPlace } from "../cluster/port.ts";
import { isUniqueViolation } from "../database/database.ts";
import { removeFromCluster } from "../domains/remove.ts";
import { listDomains } from "../domains/store.ts";
import { holdEnvironment } from "../environments/store.ts";
import { operationError } from "../errors.ts";
import type { Run } from "../operations/run.ts";
import { say } from "../operations/words.ts";
import { tellQuota } from "../quotas/enforce.ts";
import { placeDeps, type PlaceDeps } from "./context.ts";
import { clearApp, clearNamespace } from "./remove.ts";
import { workAt, type Work } from "./route.ts";
import { levelsIn } from "./sleep.ts";
import { copyApp, copyLiveSettings } from "./transfer.ts";
import { until } from "./wait.ts";

/** As it is stored. */
export interface MoveRequest extends Pick<ClusterPlace, "cluster" | "namespace"> {
  /** How long what it leaves goes on serving after it has moved. */
  holdSeconds: number;
  /** As people call the clusters. */
  names: { from: string; to: string };
}

/** What was made there is taken away again for so long, when the move has come to nothing. */
const UNDO_PATIENCE = 60_000;
const UNDO_BACKOFF = { base: 250, max: 5000, factor: 2 };

/**
 * Moves an environment to another cluster: check → copy → switch → hold → remove. Until `switch` nothing of where it is has been touched, and it may be
 * cancelled; from there on it is where it was to go, whatever becomes of what it has left. May be repeated from any point.
 */
export async function moveEnvironment(deps: PlaceDeps, run: Run): Promise<void> {
  const { environment } = deps;
  const { cluster, namespace, holdSeconds, names } = run.request() as MoveRequest;
  const moved = environment.cluster === cluster;
  const left = run.memory().left ?? { cluster: environment.cluster, namespace: environment.namespace };
  if (left.cluster === cluster) return;
  await run.remember({ left });
  const here = placeDeps(deps, { ...environment, ...left });
  const there = placeDeps(deps, { ...environment, cluster, namespace });
  if (!moved) {
    await check(here, there, run);
    for (const level of await levelsIn(deps, run)) {
      for (const app of level) {
        run.enter("copy", say("move.copying", { app, cluster: names.to }));
        await copyApp({ here, there }, workAt({ app, env: run.env }, run));
      }
    }
    await switchOver(here, there, run);
  }
  await hold(deps, run, { holdSeconds, cluster: names.from });
  run.enter("remove", say("move.removing", { cluster: names.from }));
  await clear(here, run);
}

/** A move that has come to nothing before the switch leaves nothing behind where it was to go. Throws what kept it. */
export async function undoMove(deps: PlaceDeps, run: Run): Promise<void> {
  const { cluster, namespace } = run.request() as MoveRequest;
  if (run.memory().left === undefined || deps.environment.cluster === cluster) return;
  const there = placeDeps(deps, { ...deps.environment, cluster, namespace });
  const late = new AbortController();
  const timer = deps.clock.after(UNDO_PATIENCE, () => late.abort(new TransientError("cluster_unavailable", "It took too long")));
  try {
    for (let failures = 1; ; failures++) {
      try {
        return await clear(there, { signal: late.signal, say: (message) => run.say(message) });
      } catch (error) {
        if (late.signal.aborted || !(error instanceof TransientError)) throw error;
        await sleep(deps.clock, backoffDelay(UNDO_BACKOFF, failures), late.signal);
      }
    }
  } finally {
    timer.cancel();
  }
}

/** Both answer, and the team's quota holds there before anything starts. */
async function check(here: PlaceDeps, there: PlaceDeps, run: Run): Promise<void> {
  const { names } = run.request() as MoveRequest;
  run.enter("check", say("move.checking", { cluster: names.to }));
  for (const { cluster, clock } of [here, there]) {
    await until({ cluster, clock, app: "", signal: run.signal }, () => {
      const { ready, message } = cluster.health();
      if (!ready) run.say(message);
      return ready || undefined;
    });
  }
  await tellQuota(there, there.environment);
}

/** From here on people and operations are led there; what was changed on the live app since it was copied goes along. */
async function switchOver(here: PlaceDeps, there: PlaceDeps, run: Run): Promise<void> {
  const { db, clock } = here;
  const { names, cluster, namespace } = run.request() as MoveRequest;
  run.enter("switch", say("move.switching", { cluster: names.to }));
  await run.commit();
  for (const place of await placesOf(here)) await copyLiveSettings({ here, there }, workAt(place, run));
  const { team, name } = here.environment;
  const now = clock.now();
  try {
    await db.transaction().execute(async (transaction) => {
      await holdEnvironment(transaction, team, name);
      for (const { app } of await listPlaces(transaction, { team, env: name })) {
        await transaction.updateTable("app_environments").set({ cluster }).where("app", "=", app).where("env", "=", name).execute();
      }
      await transaction
        .updateTable("environments")
        .set({ cluster, namespace, updated_at: now })
        .where("team", "=", team)
        .where("name", "=", name)
        .execute();
      // There they are not served yet, and are not redirected before they are.
      await transaction
        .updateTable("domains")
        .set({ served: "", look_at: 0, updated_at: now })
        .where("team", "=", team)
        .where("env", "=", name)
        .execute();
      await record(transaction, now, {
        action: "environment.moved",
        object: `environment/${team}/${name}`,
        team,
        before: { cluster: names.from, namespace: here.environment.namespace },
        after: { cluster: names.to, namespace },
      });
    });
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw operationError(
      "host_taken",
      `The cluster ${names.to} has an app with the host of one in ${name}, or a namespace ${namespace}, meanwhile`,
      {
        hint: "Give one of the two a host of its own: ebb host APP --env ENV NAME.",
        cause,
      },
    );
  }
  await run.remember({ switchedAt: now });
}

async function hold({ clock }: PlaceDeps, run: Run, { holdSeconds, cluster }: { holdSeconds: number; cluster: string }): Promise<void> {
  const until = (run.memory().switchedAt ?? clock.now()) + holdSeconds * 1000;
  if (clock.now() >= until) return;
  run.enter("hold", say("move.holding", { cluster, until: new Date(until).toISOString() }));
  await sleep(clock, until - clock.now(), run.signal);
}

/** All that Ebb has there of the environment. */
async function clear(at: PlaceDeps, work: Pick<Work, "signal" | "say">): Promise<void> {
  for (const place of await placesOf(at)) {
    for (const { name } of await listDomains(at.db, place)) await removeFromCluster(at.cluster, name);
    await clearApp(at, workAt(place, work));
  }
  await at.cluster.putQuota(null);
  await clearNamespace(at, work);
}

function placesOf({ db, environment }: PlaceDeps): Promise<Place[]> {
  return listPlaces(db, { team: environment.team, env: environment.name });
}
