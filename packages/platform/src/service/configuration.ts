import type {
  Configuration,
  ConfigurationChange,
  ConfigurationPatch,
  ConfigurationPlan,
  KeyRotation,
  LayerConfiguration,
  Operation,
  SecretList,
  Variables,
} from "@ebb/api";
import { getApp, type Place } from "../apps/store.ts";
import { changed, record } from "../audit/store.ts";
import { sealPatch, type SealedPatch } from "../configuration/change.ts";
import { affectedBy, viewPlan, type Affected } from "../configuration/plan.ts";
import { applyChanges, layerOf, readLayer, readLayers, type Scope, type StoredLayers, type ValueRow } from "../configuration/store.ts";
import { viewConfiguration, viewLayer, viewSecrets, viewVariables } from "../configuration/views.ts";
import type { Database } from "../database/database.ts";
import type { ConfigRequest, Deps } from "../deploy/context.ts";
import { getEnvironment } from "../environments/store.ts";
import { refuse } from "../errors.ts";
import type { ConfigurationApi, LayerScope } from "../http/port.ts";
import { insertRollout } from "../operations/rollout.ts";
import { toOperation, type OperationRow } from "../operations/store.ts";
import { TIMEOUTS } from "../operations/timeouts.ts";
import { getTeam } from "../teams/store.ts";
import { factsOf } from "./facts.ts";
import type { Places } from "./places.ts";

/** Variables and secrets in layers: what is set where, what a change would do, and the change. */
export class ConfigurationService implements ConfigurationApi {
  readonly #deps: Deps;
  readonly #places: Places;

  constructor(deps: Deps, places: Places) {
    this.#deps = deps;
    this.#places = places;
  }

  async getVariables(place: Place): Promise<Variables> {
    return viewVariables(await factsOf(this.#deps, place), await this.#layersOf(place));
  }

  async listSecrets(place: Place): Promise<SecretList> {
    return viewSecrets((await factsOf(this.#deps, place)).place, await this.#layersOf(place));
  }

  async get(place: Place): Promise<Configuration> {
    return viewConfiguration(await factsOf(this.#deps, place), await this.#layersOf(place));
  }

  async plan(place: Place, patch: ConfigurationPatch): Promise<ConfigurationPlan> {
    const { scope, sealed } = await this.#sealAt(place, patch);
    return viewPlan(await this.#affected(scope, sealed, ""));
  }

  /** An app's settings in an environment may come before its first version there. Throws `configuration_invalid`. */
  async patch(place: Place, patch: ConfigurationPatch, user: string): Promise<Operation> {
    const { environment } = await this.#places.changeable(place);
    const { scope, sealed } = await this.#sealAt(place, patch);
    await this.#places.ensure(place.app, environment);
    refuseFaults(await this.#affected(scope, sealed, user));
    const id = this.#places.newId();
    const request = { changes: sealed.changes } satisfies ConfigRequest;
    return this.#places.submit("config", { ...scope, request, user, id }, (transaction) => keepSealed(transaction, id, sealed));
  }

  /** Throws `nothing_deployed` and, as the new version takes all of the traffic, `traffic_is_split`. */
  async restart(place: Place, user: string): Promise<Operation> {
    const { app } = await this.#places.changeable(place);
    const { versions, shares } = await factsOf(this.#deps, place);
    if (shares.length > 1) {
      throw refuse(
        "traffic_is_split",
        `${shares.length} versions of ${place.app} share the traffic in ${place.env}, and a restart would end that`,
        {
          hint: `Give all of it to one first: ebb traffic ${place.app} --env ${place.env} VERSION=100.`,
        },
      );
    }
    if (!versions.some(({ state }) => state === "active")) {
      throw refuse("nothing_deployed", `${place.app} has no version in ${place.env} that could be started anew`, {
        hint: "Deploy it first: ebb deploy.",
      });
    }
    return this.#places.submit("restart", { team: app.team, ...place, request: {}, user });
  }

  async getLayer(layer: LayerScope): Promise<LayerConfiguration> {
    const scope = await this.#scopeOf(layer);
    return viewLayer(layerOf(scope), await readLayer(this.#deps.db, scope));
  }

  async planLayer(layer: LayerScope, patch: ConfigurationPatch): Promise<ConfigurationPlan> {
    const scope = await this.#scopeOf(layer);
    return viewPlan(await this.#affected(scope, await this.#sealOn(scope, patch), ""));
  }

  /**
   * The layer is changed and every app that it reaches gets its operation, in one transaction: all or nothing. Throws `configuration_invalid`
   * when an app could not be given its configuration any more, and what a change in each of the environments is refused with.
   */
  async patchLayer(layer: LayerScope, patch: ConfigurationPatch, user: string): Promise<ConfigurationChange> {
    const scope = await this.#scopeOf(layer);
    const sealed = await this.#sealOn(scope, patch);
    const affected = await this.#affected(scope, sealed, user);
    refuseFaults(affected);
    const name = layerName(scope);
    const id = this.#places.newId();
    const submissions = affected
      .filter(({ base }) => base !== undefined)
      .map(({ team, app, env, changes }) => {
        const request = { rollout: { layer: name, changes } } satisfies ConfigRequest;
        return { team, app, env, request, user, parent: id };
      });
    const { team, env } = scope;
    const now = this.#places.now;
    const rollout = {
      id,
      team,
      env,
      app: "",
      request: { layer: name, parts: submissions.length },
      createdBy: user,
      now,
      timeout: TIMEOUTS.rollout,
    };
    const rows: OperationRow[] = [];
    const operations = await this.#places.submitAll("config", submissions, async (transaction) => {
      await this.#write(transaction, scope, sealed, user);
      if (submissions.length > 0) rows.push(await insertRollout(transaction, rollout));
    });
    const [row] = rows;
    return { id, plan: viewPlan(affected), operation: row ? toOperation(row, now) : null, operations };
  }

  rotateKeys(): Promise<KeyRotation> {
    return this.#deps.vault.rotate();
  }

  async #write(transaction: Database, scope: Scope, { changes, sealed }: SealedPatch, by: string): Promise<void> {
    const now = this.#places.now;
    const before = shownValues(await readLayer(transaction, scope));
    await applyChanges(transaction, { scope, changes, sealed, now, by });
    const after = shownValues(await readLayer(transaction, scope));
    for (const { name, kind } of changes)
      if (kind === "secret") after[name] = before[name] === "secret: set" ? "secret: set anew" : "secret: set";
    await record(transaction, now, {
      action: "configuration.changed",
      object: layerName(scope),
      team: scope.team,
      ...changed(before, after),
    });
  }

  #affected(scope: Scope, { changes, sealed }: SealedPatch, by: string): Promise<Affected[]> {
    return affectedBy(this.#deps.db, { scope, changes, sealed, now: this.#places.now, by });
  }

  async #sealAt(place: Place, patch: ConfigurationPatch): Promise<{ scope: Scope; sealed: SealedPatch }> {
    const { team } = await getApp(this.#deps.db, place.app);
    await getEnvironment(this.#deps.db, team, place.env);
    const scope = { team, env: place.env, app: place.app };
    return { scope, sealed: await this.#sealOn(scope, patch) };
  }

  async #sealOn(scope: Scope, patch: ConfigurationPatch): Promise<SealedPatch> {
    const above = await namesAbove(this.#deps.db, scope);
    return sealPatch(this.#deps.vault, scope, patch, (name) => above.has(name));
  }

  async #scopeOf({ team, env }: LayerScope): Promise<Scope> {
    if (team !== "") await getTeam(this.#deps.db, team);
    if (env !== "") await getEnvironment(this.#deps.db, team, env);
    return { team, env, app: "" };
  }

  async #layersOf(place: Place): Promise<StoredLayers> {
    const { team } = await getApp(this.#deps.db, place.app);
    return readLayers(this.#deps.db, { team, env: place.env, app: place.app });
  }
}

/** What is stated above a layer: for an app, also by the source of what serves. */
async function namesAbove(db: Database, scope: Scope): Promise<Set<string>> {
  const layers = await readLayers(db, scope);
  const own = layerOf(scope);
  const names = new Set<string>();
  for (const layer of ["platform", "team", "environment"] as const) {
    if (layer === own) break;
    for (const [name, { kind }] of layers[layer]) if (kind !== "hidden") names.add(name);
  }
  if (own !== "app") return names;
  for (const { base } of await affectedBy(db, { scope, changes: [], sealed: new Map(), now: 0, by: "" })) {
    for (const name of Object.keys(base?.plan.env ?? {})) names.add(name);
  }
  return names;
}

async function keepSealed(transaction: Database, operation: string, { sealed }: SealedPatch): Promise<void> {
  const rows = [...sealed].map(([name, value]) => ({ operation, name, ...value }));
  if (rows.length > 0) await transaction.insertInto("sealed_changes").values(rows).execute();
}

function refuseFaults(affected: readonly Affected[]): void {
  const faulty = affected.find(({ fault }) => fault !== null);
  if (!faulty) return;
  throw refuse("configuration_invalid", `${faulty.app} in ${faulty.env}: ${faulty.fault ?? ""}`, {
    hint: "See what the change would do with --dry-run. To mean ${NAME} itself, write $${NAME}.",
  });
}

function layerName({ team, env }: Scope): string {
  if (env !== "") return `environment/${team}/${env}`;
  return team === "" ? "platform" : `team/${team}`;
}

function shownValues(rows: readonly ValueRow[]): Record<string, string> {
  return Object.fromEntries(
    rows.map(({ name, kind, text }) => [name, kind === "variable" ? text : kind === "secret" ? "secret: set" : "hidden"]),
  );
}
