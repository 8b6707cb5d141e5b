import type { Operation } from "@ebb/api";
import type { Random } from "@ebb/base";
import { ensureApp, ensurePlace, findApp, findPlace, getApp, getPlace, otherTeam, type AppRow, type Place } from "../apps/store.ts";
import { firstVersion } from "../cluster/first-version.ts";
import type { Cluster } from "../cluster/port.ts";
import type { Database } from "../database/database.ts";
import type { Deps } from "../deploy/context.ts";
import type { EnvironmentRow } from "../environments/policies.ts";
import { firstEnvironment, getEnvironment } from "../environments/store.ts";
import { refuse } from "../errors.ts";
import type { OperationEngine } from "../operations/engine.ts";
import { concerns, toOperation, unfinishedOperations, type NewOperation, type OperationKind } from "../operations/store.ts";
import { TIMEOUTS, type Submission } from "../operations/timeouts.ts";
import { placeKey } from "../revisions/keys.ts";
import { madeOn } from "../revisions/store.ts";
import { DEFAULT_TEAM, getTeam } from "../teams/store.ts";
import { teamOf } from "./facts.ts";

const ID_LENGTH = 10;

export interface PlacesOptions {
  deps: Deps;
  engine: OperationEngine;
  random: Random;
}

/** Where a change is to go, whether it may, and the operation that makes it: what all areas of the service share. */
export class Places {
  readonly #options: PlacesOptions;
  readonly #deps: Deps;

  constructor(options: PlacesOptions) {
    this.#options = options;
    this.#deps = options.deps;
  }

  /** Throws `app_not_found`, `app_not_in_environment`. */
  async clusterOf(place: Place): Promise<Cluster> {
    await getPlace(this.#deps.db, place);
    const { team } = await getApp(this.#deps.db, place.app);
    return this.#deps.clusters.of(await getEnvironment(this.#deps.db, team, place.env));
  }

  /**
   * Where a deployment goes. Throws `team_not_found`, `environment_not_found`, `app_in_other_team`, what `changeable` does, and
   * `precondition_failed` when the request was made on what the app there is no longer (`If-Match`).
   */
  async target(app: string, asked: { team?: string | undefined; environment?: string | undefined }): Promise<EnvironmentRow> {
    const { db } = this.#deps;
    const team = await teamOf(this.#deps, app, asked.team, DEFAULT_TEAM);
    await getTeam(db, team);
    const present = await findApp(db, app);
    if (present && present.team !== team) throw otherTeam(present, team);
    const environment =
      asked.environment === undefined ? await firstEnvironment(db, team) : await getEnvironment(db, team, asked.environment);
    await this.environmentStays(environment);
    const place = { app, env: environment.name };
    await madeOn(db, { resource: placeKey(place.app, place.env), present: (await findPlace(db, place)) !== undefined });
    return environment;
  }

  /** The app in the environment, made if need be. Throws `host_taken`, `name_too_long` and `app_in_other_team`. */
  async ensure(app: string, environment: EnvironmentRow): Promise<void> {
    const { db, clusters } = this.#deps;
    await ensureApp(db, { name: app, team: environment.team, now: this.now });
    await ensurePlace(db, { app, environment, now: this.now, firstVersion: firstVersion(clusters.of(environment), app) });
  }

  /** Throws `app_not_found`, `environment_not_found`, `app_being_deleted` and `environment_being_deleted`. */
  async changeable(place: Place): Promise<{ app: AppRow; environment: EnvironmentRow }> {
    const { db } = this.#deps;
    const app = await getApp(db, place.app);
    const environment = await getEnvironment(db, app.team, place.env);
    await this.environmentStays(environment);
    const pending = await unfinishedOperations(db, { team: app.team, app: app.name });
    if (pending.some((operation) => operation.kind === "delete" && concerns(operation, { team: app.team, ...place }))) {
      throw refuse("app_being_deleted", `${app.name} is being deleted`, { hint: "Wait until it is gone, then deploy it again." });
    }
    return { app, environment };
  }

  /** Throws `environment_being_deleted`. */
  async environmentStays({ team, name }: Pick<EnvironmentRow, "team" | "name">): Promise<void> {
    const pending = await unfinishedOperations(this.#deps.db, { team, app: "" });
    if (pending.some((operation) => operation.kind === "delete" && (operation.env === name || operation.env === ""))) {
      throw refuse("environment_being_deleted", `The environment ${name} of ${team} is being deleted`, {
        hint: "Choose another environment.",
      });
    }
  }

  /** One that waits or runs already is as good as another. */
  async delete(scope: { team: string; app: string; env: string }, user: string): Promise<Operation> {
    const pending = (await unfinishedOperations(this.#deps.db, scope)).find(({ kind, env }) => kind === "delete" && env === scope.env);
    return pending ? toOperation(pending, this.now) : this.submit("delete", { ...scope, request: {}, user });
  }

  /** Queues it, or lets it wait for approval; `first`: what is true with it or not at all. */
  async submit(kind: OperationKind, submission: Submission, first?: (transaction: Database) => Promise<void>): Promise<Operation> {
    return toOperation(await this.#options.engine.submit(this.#operation(kind, submission), first), this.now);
  }

  /** All of them or none. */
  async submitAll(
    kind: OperationKind,
    submissions: readonly Submission[],
    first: (transaction: Database) => Promise<void>,
  ): Promise<Operation[]> {
    const operations = submissions.map((submission) => this.#operation(kind, submission));
    return (await this.#options.engine.submitAll(operations, first)).map((row) => toOperation(row, this.now));
  }

  #operation(kind: OperationKind, { user, id = this.newId(), timeout = TIMEOUTS[kind], ...about }: Submission): NewOperation {
    return { id, kind, ...about, createdBy: user, now: this.now, timeout };
  }

  newId(): string {
    return this.#options.random.suffix(ID_LENGTH);
  }

  get now(): number {
    return this.#deps.clock.now();
  }
}
