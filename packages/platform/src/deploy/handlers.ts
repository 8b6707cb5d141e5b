import { firstVersion } from "../cluster/first-version.ts";
import { secretsName } from "../compile/names.ts";
import { secretValues, versionConfig, type Artifact } from "../compile/version-config.ts";
import { largestShare, type Share } from "../compile/traffic.ts";
import { adoptSecrets } from "../configuration/adopt.ts";
import { revealer } from "../configuration/reveal.ts";
import { readLayers, readSealedChanges, withChanges, type Change } from "../configuration/store.ts";
import { policiesOf, scalingIn } from "../environments/policies.ts";
import { findEnvironment } from "../environments/store.ts";
import { operationError } from "../errors.ts";
import type { Handler, RunKind } from "../operations/engine.ts";
import type { Run } from "../operations/run.ts";
import type { OperationKind } from "../operations/store.ts";
import {
  configOf,
  createVersion,
  ensureApp,
  ensurePlace,
  findPlace,
  getPlace,
  listVersions,
  originOf,
  setHost,
  versionOfOperation,
  type Origin,
  type VersionRow,
} from "../apps/store.ts";
import { checkVersionQuota } from "../quotas/enforce.ts";
import { release, undoRelease } from "../releases/run-release.ts";
import { make } from "./build.ts";
import { declareDependencies } from "./declare.ts";
import {
  placeDeps,
  type ConfigRequest,
  type DeployRequest,
  type Deps,
  type PlaceDeps,
  type PromoteRequest,
  type TrafficRequest,
} from "./context.ts";
import { launch, moveTraffic } from "./launch.ts";
import { moveEnvironment, undoMove } from "./move.ts";
import { remove } from "./remove.ts";
import { sleepEnvironment, sleepToo, wakeEnvironment } from "./sleep.ts";
import { readOwnService, setHostAnnotations, sharesOf } from "./route.ts";
import { say } from "../operations/words.ts";

/** What each kind of operation does; every step may be repeated (see Run). */
export function createHandlers(deps: Deps): Record<RunKind, Handler> {
  const placed = (handle: (deps: PlaceDeps, run: Run) => Promise<void>) => async (run: Run) => {
    const here = await enter(deps, run);
    await handle(here, run);
    await sleepToo(here, run);
  };
  return {
    deploy: placed(deploy),
    promote: placed(promote),
    traffic: placed(traffic),
    release: placed(release),
    config: placed(configure),
    restart: placed(restart),
    sleep: async (run) => sleepEnvironment(await enter(deps, run), run),
    wake: async (run) => wakeEnvironment(await enter(deps, run), run),
    delete: (run) => remove(deps, run),
    move: async (run) => moveEnvironment(await enter(deps, run), run),
  };
}

/** What follows an operation that has not succeeded. */
export function createUndo(deps: Deps): Partial<Record<OperationKind, Handler>> {
  return {
    release: async (run) => undoRelease(await enter(deps, run), run),
    move: async (run) => undoMove(await enter(deps, run), run),
  };
}

async function enter(deps: Deps, run: Run): Promise<PlaceDeps> {
  const environment = await findEnvironment(deps.db, run.team, run.env);
  if (!environment) {
    throw operationError("environment_gone", `The environment ${run.env} of the team ${run.team} is gone`, {
      hint: "List them with: ebb env list.",
    });
  }
  return placeDeps(deps, environment);
}

async function deploy(deps: PlaceDeps, run: Run): Promise<void> {
  const request = run.request() as DeployRequest;
  let version = await versionOfOperation(deps.db, run.id);
  if (!version) {
    const made = await make(deps, run, request);
    await ensurePresent(deps, run);
    const origin = run.memory().origin ?? (request.commit === undefined ? {} : { commit: request.commit });
    version = await addVersion(deps, run, { made, origin });
  }
  await launch(deps, run, version, request.noTraffic);
  if ("source" in request) await deps.uploads.remove(request.source.upload);
}

/** The very artifact of a version in another environment, with the configuration of this one. */
async function promote(deps: PlaceDeps, run: Run): Promise<void> {
  const { from, noTraffic } = run.request() as PromoteRequest;
  let version = await versionOfOperation(deps.db, run.id);
  if (!version) {
    const source = (await listVersions(deps.db, { app: run.app, env: from.environment })).find(({ number }) => number === from.version);
    if (!source) {
      throw operationError("version_gone", `v${from.version} of ${run.app} in ${from.environment} is gone`, {
        hint: "Choose another: ebb versions.",
      });
    }
    await ensurePresent(deps, run);
    const promotedFrom = { environment: from.environment, version: `v${from.version}` };
    version = await addVersion(deps, run, { made: artifactOf(source), origin: { ...originOf(source), promotedFrom } });
  }
  await launch(deps, run, version, noTraffic);
}

function artifactOf(version: VersionRow): Artifact {
  const { plan, image, bundle } = configOf(version);
  return { plan, image, bundle };
}

/** The app in the environment, made if need be. */
async function ensurePresent({ db, clock, cluster, environment }: PlaceDeps, run: Run): Promise<void> {
  await ensureApp(db, { name: run.app, team: run.team, now: clock.now() });
  if (await findPlace(db, run)) return;
  await ensurePlace(db, { app: run.app, environment, now: clock.now(), firstVersion: firstVersion(cluster, run.app) });
}

/** The next version: the artifact with the configuration that the app has in the environment, or is about to have. */
async function addVersion(
  deps: PlaceDeps,
  run: Run,
  { made, origin, changes = [] }: { made: Artifact; origin: Origin; changes?: readonly Change[] },
): Promise<VersionRow> {
  const { db, cluster, clock, environment } = deps;
  const row = await getPlace(db, run);
  if (changes.length === 0) await declareDependencies(deps, run, made.plan);
  await adoptSecrets(deps, run.team, row);
  const scope = { team: run.team, env: run.env, app: run.app };
  const sealed = await readSealedChanges(db, run.id);
  const layers = withChanges(await readLayers(db, scope), { scope, changes, sealed, now: clock.now(), by: run.createdBy });
  const object = secretsName(run.app, run.id);
  const scaling = scalingIn(policiesOf(environment), made.plan.scaling);
  const config = { ...versionConfig(made, layers, object), scaling };
  await checkVersionQuota(deps, environment, run.app, config);
  if (config.secretName !== null) {
    const values = secretValues(made, layers, await revealer(deps.vault, layers));
    // One from before a crash may have other values than the layers have now.
    await cluster.deleteSecret(object);
    await cluster.createSecret(run.app, object, values);
  }
  return createVersion(db, {
    app: run.app,
    env: run.env,
    operation: run.id,
    config,
    origin,
    createdBy: run.createdBy,
    now: clock.now(),
  });
}

async function traffic(deps: PlaceDeps, run: Run): Promise<void> {
  const { shares, rules, mirror } = run.request() as TrafficRequest;
  run.enter("route", say("route.splitting"));
  const versions = new Map((await listVersions(deps.db, run)).map((version) => [version.number, version]));
  const gone = [...shares, ...(rules ?? []), ...(mirror ? [mirror] : [])].find(({ number }) => versions.get(number)?.state !== "active");
  if (gone)
    throw operationError("version_gone", `v${gone.number} of ${run.app} is no longer there`, { hint: "List them with: ebb versions." });
  const before = run.memory().before ?? sharesOf(run.app, await readOwnService(deps, run.app));
  await run.remember({ before });
  const largest = largestShare(shares) ?? 0;
  const version = versions.get(largest);
  const path = version ? (configOf(version).plan.health.path ?? "/") : "/";
  await run.write({ version: `v${largest}` });
  await moveTraffic(deps, run, before, { shares, rules, mirror, number: largest, path, preview: false });
}

async function configure(deps: PlaceDeps, run: Run): Promise<void> {
  const request = run.request() as ConfigRequest;
  run.enter("settings", say("settings.reading"));
  if (request.host !== undefined) {
    await setHost(deps.db, run, request.host, deps.clock.now());
    return setHostAnnotations(deps, run, { host: request.host, suffix: deps.environment.host_suffix });
  }
  await adoptSecrets(deps, run.team, await getPlace(deps.db, run));
  let version = await versionOfOperation(deps.db, run.id);
  const base = version ?? (await servingVersion(deps, run, sharesOf(run.app, await readOwnService(deps, run.app))));
  if (!base) return run.say(say("settings.kept"));
  version ??= await addVersion(deps, run, { made: artifactOf(base), origin: originOf(base), changes: request.changes ?? [] });
  await launch(deps, run, version, false);
}

/** What serves, once more: as a version of its own, so that the old instances serve until the new ones do, and with the configuration that there is now. */
async function restart(deps: PlaceDeps, run: Run): Promise<void> {
  let version = await versionOfOperation(deps.db, run.id);
  if (!version) {
    const shares = sharesOf(run.app, await readOwnService(deps, run.app));
    if (shares.length > 1) {
      throw operationError(
        "traffic_is_split",
        `${shares.length} versions of ${run.app} share the traffic by now, and a restart would end that`,
        {
          hint: `Give all of it to one first: ebb traffic ${run.app} --env ${run.env} VERSION=100.`,
        },
      );
    }
    const base = await servingVersion(deps, run, shares);
    if (!base)
      throw operationError("version_gone", `${run.app} has no version in ${run.env} any more`, { hint: "Deploy it first: ebb deploy." });
    version = await addVersion(deps, run, { made: artifactOf(base), origin: originOf(base) });
  }
  await launch(deps, run, version, false);
}

/** The version with the largest share; without one that serves, the newest. */
async function servingVersion(deps: PlaceDeps, run: Run, shares: readonly Share[]): Promise<VersionRow | undefined> {
  const versions = await listVersions(deps.db, run);
  const largest = largestShare(shares);
  return versions.find((version) => version.number === largest && version.state === "active") ?? versions[0];
}
