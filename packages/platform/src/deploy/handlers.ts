import { sleep } from "@ebb/base";
import { firstVersion } from "../cluster/first-version.ts";
import { secretsName } from "../compile/names.ts";
import { patchEnv, versionConfig, type AppSettings } from "../compile/version-config.ts";
import { operationError } from "../errors.ts";
import type { Handler } from "../operations/engine.ts";
import type { Run } from "../operations/run.ts";
import type { OperationKind } from "../operations/store.ts";
import {
  configOf,
  createVersion,
  deleteAppRows,
  ensureApp,
  findApp,
  getApp,
  listVersions,
  settingsOf,
  versionOfOperation,
  type VersionRow,
} from "./apps.ts";
import { make } from "./build.ts";
import type { ConfigRequest, DeployRequest, Deps, TrafficRequest } from "./context.ts";
import { launch, moveTraffic } from "./launch.ts";
import { readOwnService, sharesOf } from "./route.ts";

const DELETE_POLL = 500;

/** What each kind of operation does; every step may be repeated (see Run). */
export function createHandlers(deps: Deps): Record<OperationKind, Handler> {
  return {
    deploy: (run) => deploy(deps, run),
    traffic: (run) => traffic(deps, run),
    config: (run) => configure(deps, run),
    delete: (run) => remove(deps, run),
  };
}

async function deploy(deps: Deps, run: Run): Promise<void> {
  const request = run.request() as DeployRequest;
  let version = await versionOfOperation(deps.db, run.id);
  if (!version) {
    const made = await make(deps, run, request);
    const app = await presentApp(deps, run.app);
    const config = versionConfig(made, settingsOf(app));
    version = await createVersion(deps.db, { app: run.app, operation: run.id, config, createdBy: run.createdBy, now: deps.clock.now() });
  }
  await launch(deps, run, version, request.noTraffic);
  if ("source" in request) await deps.uploads.remove(request.source.upload);
}

/** The app, made if need be. */
async function presentApp(deps: Deps, name: string) {
  const app = await findApp(deps.db, name);
  if (app) return app;
  await ensureApp(deps.db, { name, now: deps.clock.now(), firstVersion: firstVersion(deps.cluster, name) });
  return getApp(deps.db, name);
}

async function traffic(deps: Deps, run: Run): Promise<void> {
  const { shares } = run.request() as TrafficRequest;
  run.enter("route", "Moving the traffic");
  const versions = new Map((await listVersions(deps.db, run.app)).map((version) => [version.number, version]));
  const gone = shares.find(({ number }) => versions.get(number)?.state !== "active");
  if (gone)
    throw operationError("version_gone", `v${gone.number} of ${run.app} is no longer there`, { hint: "List them with: ebb versions." });
  const before = run.memory().before ?? sharesOf(run.app, await readOwnService(deps, run.app));
  await run.remember({ before });
  const largest = [...shares].sort((a, b) => b.percent - a.percent)[0]?.number ?? 0;
  const version = versions.get(largest);
  const path = version ? (configOf(version).plan.health.path ?? "/") : "/";
  await run.write({ version: `v${largest}` });
  await moveTraffic(deps, run, before, { shares, number: largest, path, preview: false });
}

async function configure(deps: Deps, run: Run): Promise<void> {
  const request = run.request() as ConfigRequest;
  run.enter("settings", "Reading the settings");
  const app = await getApp(deps.db, run.app);
  let version = await versionOfOperation(deps.db, run.id);
  const base = version ?? (await servingVersion(deps, run.app));
  const present = settingsOf(app);
  const settings: AppSettings = run.memory().settings ?? {
    env: request.env ? patchEnv(present.env, request.env, base ? configOf(base).plan.env : {}) : present.env,
    secrets: request.secrets ? await nextSecrets(deps, run, present.secrets, request.secrets) : present.secrets,
  };
  await run.remember({ settings });
  if (request.secrets?.object) await deps.cluster.deleteSecret(request.secrets.object);
  if (!base) return run.say("Kept for the first version");
  const { plan, image, bundle } = configOf(base);
  version ??= await createVersion(deps.db, {
    app: run.app,
    operation: run.id,
    config: versionConfig({ plan, image, bundle }, settings),
    createdBy: run.createdBy,
    now: deps.clock.now(),
  });
  await launch(deps, run, version, false);
}

/** The version with the largest share; without one that serves, the newest. */
async function servingVersion(deps: Deps, app: string): Promise<VersionRow | undefined> {
  const versions = await listVersions(deps.db, app);
  const largest = sharesOf(app, await readOwnService(deps, app)).sort((a, b) => b.percent - a.percent)[0];
  return versions.find((version) => version.number === largest?.number && version.state === "active") ?? versions[0];
}

/** Writes the next generation of the app's secrets to an object of its own; the one in use is never changed. */
async function nextSecrets(
  deps: Deps,
  run: Run,
  present: AppSettings["secrets"],
  patch: NonNullable<ConfigRequest["secrets"]>,
): Promise<AppSettings["secrets"]> {
  const { cluster, clock } = deps;
  const name = secretsName(run.app, run.id);
  const kept = present.object === null ? {} : await readValues(deps, present.object);
  const set = patch.object === null ? {} : await readValues(deps, patch.object);
  const values = { ...kept, ...set };
  for (const key of patch.removed) delete values[key];
  await cluster.createSecret(run.app, name, values);
  const at = new Date(clock.now()).toISOString();
  const keys = Object.fromEntries(Object.keys(values).map((key) => [key, key in set ? at : (present.keys[key] ?? at)]));
  return { object: name, keys };
}

async function readValues(deps: Deps, object: string): Promise<Record<string, string>> {
  const values = await deps.cluster.readSecret(object);
  if (!values) {
    throw operationError("secret_values_lost", `The Secret ${object} is gone from the cluster`, {
      hint: "Set all of the app's secrets again: ebb secrets.",
    });
  }
  return values;
}

async function remove(deps: Deps, run: Run): Promise<void> {
  const { cluster, clock, db } = deps;
  run.enter("delete", "Deleting it from the cluster");
  const service = await readOwnService(deps, run.app);
  await run.commit();
  if (service) await cluster.deleteService(run.app);
  for (;;) {
    const left = await cluster.readLeftovers(run.app);
    if (left.length === 0) break;
    run.say(`Waiting for ${left.slice(0, 3).join(", ")}${left.length > 3 ? " …" : ""}`);
    await sleep(clock, DELETE_POLL, run.signal);
  }
  for (const secret of await cluster.listSecrets()) if (secret.app === run.app) await cluster.deleteSecret(secret.name);
  await deleteAppRows(db, run.app);
}
