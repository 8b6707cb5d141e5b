import { causeChain, TransientError } from "@ebb/base";
import type { OnRequest } from "@ebb/api";
import { configOf, listVersions, type Place } from "../apps/store.ts";
import { isReady } from "../cluster/pods.ts";
import { PLATFORM_LABELS } from "../cluster/port.ts";
import { versionName } from "../compile/names.ts";
import { scalingOf } from "../compile/service.ts";
import type { Database } from "../database/database.ts";
import { levelsOf } from "../environments/dependencies.ts";
import { markSleep, settleSleep } from "../environments/sleep.ts";
import { getEnvironment } from "../environments/store.ts";
import { operationError } from "../errors.ts";
import type { Run } from "../operations/run.ts";
import type { PlaceDeps } from "./context.ts";
import { externalHost } from "./external-host.ts";
import { livePolicy, policyMarks } from "./live-policy.ts";
import { heldBy } from "./front.ts";
import { holdHosts } from "./hold-hosts.ts";
import { keepInstances, ledTo } from "./kept-instances.ts";
import { metadataOf } from "./views.ts";
import { readOwnService, sharesOf, type Work } from "./route.ts";
import { until } from "./wait.ts";
import { say } from "../operations/words.ts";

/** As it is stored. */
export interface SleepRequest {
  /** The schedule has marked the environment itself: what it says by now is done. */
  scheduled: boolean;
  onRequest: OnRequest;
}

/** An instance that is to be kept is waited for as long, before the apps that depend on it go on without it. */
const READY_PATIENCE = 120_000;
/** The hosts of an app that is broken may never be settled. */
const HOST_PATIENCE = 30_000;

/** Nothing of an environment is kept running any more; those that depend on others first. No version is made. */
export async function sleepEnvironment(deps: PlaceDeps, run: Run): Promise<void> {
  const now = await begin(deps, run, true);
  if (!now) return;
  const troubles: string[] = [];
  for (const level of (await levelsIn(now, run)).reverse()) {
    run.enter("sleep", say("sleep.sleeping", { apps: level.join(", ") }));
    for (const app of level) await attempt(troubles, app, () => letSleep(now, workOn(run, app)));
  }
  await end(now, troubles);
}

/** Everything as it was before it slept; each app once those that it depends on have their instances. */
export async function wakeEnvironment(deps: PlaceDeps, run: Run): Promise<void> {
  const now = await begin(deps, run, false);
  if (!now) return;
  const troubles: string[] = [];
  for (const level of await levelsIn(now, run)) {
    run.enter("wake", say("wake.waking", { apps: level.join(", ") }));
    await Promise.all(level.map((app) => attempt(troubles, app, () => wake(now, workOn(run, app)))));
  }
  await end(now, troubles);
}

/** What has come into an environment that sleeps, sleeps as well. */
export async function sleepToo(deps: PlaceDeps, place: Place): Promise<void> {
  if (deps.environment.asleep === 0) return;
  await setLivePolicy(deps, place);
  await setBounds(deps, place);
}

/** What each version is to keep now. */
async function setBounds(deps: PlaceDeps, place: Place): Promise<void> {
  const shares = sharesOf(place.app, await readOwnService(deps, place.app));
  await keepInstances(deps, place, { led: ledTo({ ...(await heldBy(deps, place)), shares }) });
}

/** Marks the environment, from here on for good; undefined when something else is wanted of it by now. */
async function begin(deps: PlaceDeps, run: Run, asleep: boolean): Promise<PlaceDeps | undefined> {
  const { db, environment, clock } = deps;
  const { scheduled, onRequest } = run.request() as SleepRequest;
  await run.commit();
  if (!scheduled) await markSleep(db, environment, { asleep, onRequest, by: run.createdBy, since: run.row.started_at ?? clock.now() });
  const marked = await getEnvironment(db, run.team, run.env);
  if ((marked.asleep === 1) === asleep) return { ...deps, environment: marked };
  run.enter(asleep ? "sleep" : "wake", say("sleep.overtaken"));
  return undefined;
}

async function end({ db, environment }: PlaceDeps, troubles: readonly string[]): Promise<void> {
  await settleSleep(db, environment);
  if (troubles.length === 0) return;
  throw operationError(
    "not_all_apps",
    `Not as they should be in ${environment.name}: ${troubles.map((trouble) => trouble.split(":")[0]).join(", ")}`,
    {
      hint: "The others are. See what these lack: ebb apps.",
      details: { chain: [...troubles] },
    },
  );
}

/** What is wrong with one app keeps none of the others. Throws TransientError alone: then all of it is tried again. */
async function attempt(troubles: string[], app: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof TransientError || !(error instanceof Error)) throw error;
    troubles.push(`${app}: ${[error.message, ...causeChain(error.cause)].join(": ")}`);
  }
}

async function letSleep(deps: PlaceDeps, work: Work): Promise<void> {
  await setHosts(deps, work);
  await setLivePolicy(deps, work);
  await setBounds(deps, work);
}

async function wake(deps: PlaceDeps, work: Work): Promise<void> {
  await setLivePolicy(deps, work);
  await setBounds(deps, work);
  const late = await awaitKept(deps, work);
  // The page goes when there is somebody to answer, or nobody to wait for.
  await setHosts(deps, work);
  if (late) throw operationError("not_all_apps", `no instance of ${late} is ready yet`, { hint: "" });
}

/** Lays aside what would keep instances over what its versions say, or puts it back. */
async function setLivePolicy({ cluster, environment }: PlaceDeps, { app }: Place): Promise<void> {
  const service = await cluster.readService(app);
  if (!service) return;
  await cluster.markService(app, { labels: {}, annotations: policyMarks(service, livePolicy(service), environment.asleep === 1) });
}

/** Gives the app's hosts to whoever is to have them now; one that has no host yet has nothing to hide. */
async function setHosts(deps: PlaceDeps, work: Work): Promise<void> {
  const service = await readOwnService(deps, work.app);
  if (!service || externalHost(service) === undefined) return;
  const by = await heldBy(deps, work);
  await withPatience(deps, work, (bounded) => holdHosts(deps, bounded, service, by));
}

async function withPatience(deps: PlaceDeps, work: Work, run: (work: Work) => Promise<unknown>): Promise<void> {
  const late = new AbortController();
  const message = `its hosts were not settled within ${HOST_PATIENCE / 1000} s`;
  const timer = deps.clock.after(HOST_PATIENCE, () => late.abort(operationError("route_failed", message, { hint: "" })));
  try {
    await run({ ...work, signal: AbortSignal.any([work.signal, late.signal]) });
  } finally {
    timer.cancel();
  }
}

/** The version that has not become ready in time, of those that serve and keep instances. */
async function awaitKept(deps: PlaceDeps, work: Work): Promise<string | undefined> {
  const { db, cluster, clock } = deps;
  const shares = sharesOf(work.app, await readOwnService(deps, work.app)).filter(({ percent }) => percent > 0);
  const kept = (await listVersions(db, work)).filter(
    (version) =>
      version.state === "active" && scalingOf(configOf(version)).min > 0 && shares.some(({ number }) => number === version.number),
  );
  const begun = clock.monotonic();
  return until({ cluster, clock, app: work.app, signal: work.signal }, () => {
    const ready = new Set(
      cluster.pods(work.app).flatMap((pod) => (isReady(pod) ? (pod.metadata.labels?.[PLATFORM_LABELS.version] ?? []) : [])),
    );
    const missing = kept.find(({ number }) => !ready.has(versionName(number)));
    if (!missing) return { late: undefined };
    return clock.monotonic() - begun > READY_PATIENCE ? { late: versionName(missing.number) } : undefined;
  }).then(({ late }) => late);
}

function workOn(run: Run, app: string): Work {
  return {
    app,
    env: run.env,
    signal: run.signal,
    say: (message) => run.say(`${app}: ${typeof message === "string" ? message : message.words}`),
  };
}

/** The apps that are in the environment, those first that others depend on. */
export async function levelsIn({ db }: PlaceDeps, { team, env }: { team: string; env: string }): Promise<string[][]> {
  const rows = await appsIn(db, team, env);
  return levelsOf(
    rows.map(({ name }) => name),
    new Map(rows.map((row) => [row.name, metadataOf(row).dependsOn])),
  );
}

function appsIn(db: Database, team: string, env: string) {
  return db
    .selectFrom("apps as a")
    .innerJoin("app_environments as p", "p.app", "a.name")
    .select(["a.name", "a.metadata_json"])
    .where("a.team", "=", team)
    .where("p.env", "=", env)
    .execute();
}
