import type {
  App,
  ChangeEvent,
  DeployImage,
  EnvVariables,
  Instance,
  LogRecord,
  Metrics,
  Operation,
  OperationEvent,
  PatchEnv,
  PatchSecrets,
  PlatformStatus,
  Rollback,
  ColdStarts,
  ScalingDecisions,
  SecretList,
  SetTraffic,
  Version,
} from "@ebb/api";
import type { Random } from "@ebb/base";
import { ebbSchema } from "@ebb/builder";
import { readFile } from "node:fs/promises";
import { firstVersion } from "../cluster/first-version.ts";
import { secretsName, versionName, versionNumber } from "../compile/names.ts";
import type { Share } from "../compile/traffic.ts";
import { checkVariables } from "../compile/version-config.ts";
import { configOf, ensureApp, getApp, listVersions, settingsOf, trafficHistory, type AppRow, type VersionRow } from "../deploy/apps.ts";
import type { ConfigRequest, DeployRequest, Deps, TrafficRequest } from "../deploy/context.ts";
import { sharesOf } from "../deploy/route.ts";
import { viewApp, viewInstance, viewVersion, type AppFacts } from "../deploy/views.ts";
import { refuse } from "../errors.ts";
import type { DecisionRequest, LogRequest, MetricsRequest, PlatformApi, SourceUpload } from "../http/port.ts";
import type { MetricsCollector } from "../metrics/collector.ts";
import type { OperationEngine } from "../operations/engine.ts";
import {
  getOperation,
  listOperations,
  toOperation,
  unfinishedOperations,
  type OperationKind,
  type OperationRow,
} from "../operations/store.ts";

import { appColdStarts } from "./app-cold-starts.ts";
import { appDecisions } from "./app-decisions.ts";
import { appLogs } from "./app-logs.ts";
import { appMetrics } from "./app-metrics.ts";
import { changeEvents, operationEvents } from "./events.ts";
import type { UploadFolder } from "./uploads.ts";

const MINUTE = 60_000;
/** From an operation's start to its deadline: a deploy has a cold build and a large image in it. */
const TIMEOUTS: Record<OperationKind, number> = { deploy: 20 * MINUTE, config: 10 * MINUTE, traffic: 5 * MINUTE, delete: 5 * MINUTE };
const ID_LENGTH = 10;

export interface ServiceOptions {
  deps: Deps;
  engine: OperationEngine;
  collector: MetricsCollector;
  random: Random;
  version: string;
  clusterName: string;
  kubeconfigPath: string;
  uploads: UploadFolder;
  startedAt: number;
}

const UNUSABLE_HINTS: Partial<Record<Version["state"], string>> = {
  starting: "Wait until its deployment has ended.",
  unknown: "Try again when the cluster answers: ebb status.",
};

/** What the REST API does, without HTTP: every method checks its input against what there is and throws the catalogue's errors. */
export class PlatformService implements PlatformApi {
  readonly #options: ServiceOptions;
  readonly #deps: Deps;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#deps = options.deps;
  }

  async status(user: string): Promise<PlatformStatus> {
    const { version, clusterName, startedAt } = this.#options;
    const { cluster, ingress } = this.#deps;
    const apps = await this.listApps();
    const count = (state: App["state"]) => apps.filter((app) => app.state === state).length;
    const gateway = new URL(`http://${ingress.host}:${ingress.port}`);
    const ready = await this.#deps.probe(gateway, "/", AbortSignal.timeout(2000)).then(
      () => true,
      () => false,
    );
    return {
      version,
      startedAt: new Date(startedAt).toISOString(),
      user,
      cluster: { name: clusterName, ...cluster.health() },
      gateway: { address: `${ingress.host}:${ingress.port}`, ready },
      apps: { total: apps.length, ready: count("ready"), asleep: count("asleep"), failed: count("failed") },
    };
  }

  async listApps(): Promise<App[]> {
    const apps = await this.#deps.db.selectFrom("apps").selectAll().orderBy("name").execute();
    const [versions, operations] = await Promise.all([
      this.#deps.db.selectFrom("versions").selectAll().orderBy("number", "desc").execute(),
      unfinishedOperations(this.#deps.db),
    ]);
    const versionsOf = Map.groupBy(versions, (version) => version.app);
    const operationsOf = Map.groupBy(operations, (operation) => operation.app);
    return Promise.all(
      apps.map(async (app) => viewApp(await this.#facts(app, versionsOf.get(app.name) ?? [], operationsOf.get(app.name)?.[0]))),
    );
  }

  async getApp(name: string): Promise<App> {
    return viewApp(await this.#factsOf(name));
  }

  async listVersions(name: string): Promise<Version[]> {
    const facts = await this.#factsOf(name);
    return facts.versions.map((version) => viewVersion(facts, version));
  }

  async listInstances(name: string): Promise<Instance[]> {
    await getApp(this.#deps.db, name);
    return this.#deps.cluster.pods(name).flatMap((pod) => viewInstance(name, pod) ?? []);
  }

  async decisions(name: string, request: DecisionRequest): Promise<ScalingDecisions> {
    await getApp(this.#deps.db, name);
    return appDecisions(this.#deps.cluster, name, request);
  }

  async coldStarts(name: string, request: { version?: string; limit: number }): Promise<ColdStarts> {
    await getApp(this.#deps.db, name);
    return appColdStarts(this.#deps.cluster, name, request);
  }

  async metrics(name: string, request: MetricsRequest): Promise<Metrics> {
    await getApp(this.#deps.db, name);
    return appMetrics({ ...this.#deps, collector: this.#options.collector }, name, request);
  }

  async getEnv(name: string): Promise<EnvVariables> {
    const { app, versions, shares } = await this.#factsOf(name);
    const settings = settingsOf(app);
    const number = largest(shares);
    const base = versions.find((version) => version.number === number && version.state === "active") ?? versions[0];
    const variables = { ...(base ? configOf(base).plan.env : {}), ...settings.env };
    const shown = Object.entries(variables).filter(
      (entry): entry is [string, string] => entry[1] !== null && !(entry[0] in settings.secrets.keys),
    );
    return { variables: Object.fromEntries(shown.sort(([a], [b]) => (a < b ? -1 : 1))) };
  }

  async listSecrets(name: string): Promise<SecretList> {
    const { keys } = settingsOf(await getApp(this.#deps.db, name)).secrets;
    return {
      items: Object.entries(keys)
        .map(([key, updatedAt]) => ({ name: key, updatedAt }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    };
  }

  async deployImage(body: DeployImage, user: string): Promise<Operation> {
    checkVariables(body.env ?? {});
    await ensureApp(this.#deps.db, { name: body.name, now: this.#now, firstVersion: firstVersion(this.#deps.cluster, body.name) });
    const request: DeployRequest = { image: body, noTraffic: body.noTraffic ?? false };
    return this.#submit("deploy", body.name, { request, user });
  }

  async deploySource({ name, defaultName, noTraffic, archive }: SourceUpload, user: string): Promise<Operation> {
    const { db, cluster, uploads } = this.#deps;
    const upload = this.#options.uploads.idOf(archive);
    try {
      const app = name ?? defaultName;
      if (app === undefined) throw refuse("invalid_request", "A deployment of source needs ?name= or ?defaultName=");
      if (name !== undefined) await ensureApp(db, { name, now: this.#now, firstVersion: firstVersion(cluster, name) });
      const request: DeployRequest = {
        source: { upload, defaultName: defaultName ?? app, ...(name === undefined ? {} : { name }) },
        noTraffic,
      };
      return await this.#submit("deploy", appName(app), { request, user });
    } catch (error) {
      await uploads.remove(upload);
      throw error;
    }
  }

  async setTraffic(name: string, body: SetTraffic, user: string): Promise<Operation> {
    await this.#changeable(name);
    const total = body.targets.reduce((sum, target) => sum + target.percent, 0);
    if (total !== 100) throw refuse("invalid_traffic", `The percentages add up to ${total}, not to 100`);
    if (new Set(body.targets.map((target) => target.version)).size < body.targets.length) {
      throw refuse("invalid_traffic", "A version is named twice");
    }
    const facts = await this.#factsOf(name);
    const shares = body.targets
      .filter((target) => target.percent > 0)
      .map(({ version, percent }) => ({ number: this.#usable(facts, version), percent }));
    return this.#submit("traffic", name, { request: { shares } satisfies TrafficRequest, user });
  }

  async rollback(name: string, { to }: Rollback, user: string): Promise<Operation> {
    await this.#changeable(name);
    const facts = await this.#factsOf(name);
    const number = to === undefined ? await this.#previous(facts) : this.#usable(facts, to);
    return this.#submit("traffic", name, { request: { shares: [{ number, percent: 100 }] } satisfies TrafficRequest, user });
  }

  async patchEnv(name: string, body: PatchEnv, user: string): Promise<Operation> {
    await this.#changeable(name);
    checkVariables(body.variables);
    return this.#submit("config", name, { request: { env: body.variables } satisfies ConfigRequest, user });
  }

  /** The values go to the cluster before the operation is stored, which names the object that holds them. */
  async patchSecrets(name: string, body: PatchSecrets, user: string): Promise<Operation> {
    await this.#changeable(name);
    checkVariables(body.secrets);
    const { cluster } = this.#deps;
    const id = this.#newId();
    const set = Object.fromEntries(Object.entries(body.secrets).filter((entry): entry is [string, string] => entry[1] !== null));
    const object = Object.keys(set).length > 0 ? secretsName(name, `patch-${id}`) : null;
    if (object !== null) await cluster.createSecret(name, object, set);
    const removed = Object.keys(body.secrets).filter((key) => !(key in set));
    const request: ConfigRequest = { secrets: { object, set: Object.keys(set), removed } };
    try {
      return await this.#submit("config", name, { request, user, id });
    } catch (error) {
      if (object !== null) await cluster.deleteSecret(object);
      throw error;
    }
  }

  async deleteApp(name: string, user: string): Promise<Operation> {
    await getApp(this.#deps.db, name);
    const pending = (await unfinishedOperations(this.#deps.db, name)).find((operation) => operation.kind === "delete");
    return pending ? toOperation(pending, this.#now) : this.#submit("delete", name, { request: {}, user });
  }

  async logs(name: string, request: LogRequest): Promise<AsyncIterable<LogRecord>> {
    await getApp(this.#deps.db, name);
    return appLogs(this.#deps, name, request);
  }

  async listOperations(query: { app?: string; limit: number }): Promise<Operation[]> {
    return (await listOperations(this.#deps.db, query)).map((row) => toOperation(row, this.#now));
  }

  async getOperation(id: string): Promise<Operation> {
    return toOperation(await getOperation(this.#deps.db, id), this.#now);
  }

  async cancelOperation(id: string): Promise<Operation> {
    return toOperation(await this.#options.engine.cancel(id), this.#now);
  }

  async operationEvents(id: string, signal: AbortSignal): Promise<AsyncIterable<OperationEvent>> {
    const row = await getOperation(this.#deps.db, id);
    return operationEvents({ ...this.#deps, engine: this.#options.engine }, row, signal);
  }

  changes(signal: AbortSignal): AsyncIterable<ChangeEvent> {
    return changeEvents({ ...this.#deps, engine: this.#options.engine }, signal);
  }

  kubeconfig(): Promise<string> {
    return readFile(this.#options.kubeconfigPath, "utf8");
  }

  ebbYamlSchema(): unknown {
    return ebbSchema;
  }

  #newId(): string {
    return this.#options.random.suffix(ID_LENGTH);
  }

  get #now(): number {
    return this.#deps.clock.now();
  }

  async #submit(kind: OperationKind, app: string, what: { request: unknown; user: string; id?: string }): Promise<Operation> {
    const row = await this.#options.engine.submit({
      id: what.id ?? this.#newId(),
      kind,
      app,
      request: what.request,
      createdBy: what.user,
      now: this.#now,
      timeout: TIMEOUTS[kind],
    });
    return toOperation(row, this.#now);
  }

  /** Throws `app_not_found` and `app_being_deleted`. */
  async #changeable(name: string): Promise<AppRow> {
    const app = await getApp(this.#deps.db, name);
    const pending = await unfinishedOperations(this.#deps.db, name);
    if (pending.some((operation) => operation.kind === "delete")) {
      throw refuse("app_being_deleted", `${name} is being deleted`, { hint: "Wait until it is gone, then deploy it again." });
    }
    return app;
  }

  /** The number of a version that can take traffic. Throws `version_not_found` and `version_not_ready`. */
  #usable(facts: AppFacts, name: string): number {
    const row = facts.versions.find((version) => version.number === versionNumber(name));
    if (!row)
      throw refuse("version_not_found", `${facts.app.name} has no version ${name}`, {
        hint: `List them with: ebb versions ${facts.app.name}.`,
      });
    const { state, message } = viewVersion(facts, row);
    if (state === "ready" || state === "asleep") return row.number;
    throw refuse("version_not_ready", `${name} of ${facts.app.name} cannot take traffic: it is ${state}${message ? ` (${message})` : ""}`, {
      hint: UNUSABLE_HINTS[state] ?? "Choose another version, or deploy it again.",
    });
  }

  /** The version that served before the present one and can still serve. Throws `nothing_to_roll_back`. */
  async #previous(facts: AppFacts): Promise<number> {
    const present = largest(facts.shares);
    for (const shares of await trafficHistory(this.#deps.db, facts.app.name)) {
      const number = largest(shares);
      const row = facts.versions.find((version) => version.number === number);
      if (row && number !== present && ["ready", "asleep"].includes(viewVersion(facts, row).state)) return row.number;
    }
    throw refuse("nothing_to_roll_back", `No version of ${facts.app.name} served before the present one`, {
      hint: `Name the one you want: ebb rollback ${facts.app.name} --to ${versionName(1)}.`,
    });
  }

  async #factsOf(name: string): Promise<AppFacts> {
    const { db } = this.#deps;
    const [app, versions, operations] = await Promise.all([getApp(db, name), listVersions(db, name), unfinishedOperations(db, name)]);
    return this.#facts(app, versions, operations[0]);
  }

  async #facts(app: AppRow, versions: readonly VersionRow[], operation: OperationRow | undefined): Promise<AppFacts> {
    const { cluster, db, ingress } = this.#deps;
    const { name } = app;
    const seen = cluster.health().ready;
    const service = cluster.service(name);
    return {
      app,
      versions,
      operation,
      ingress,
      seen,
      shares: seen ? sharesOf(name, service) : ((await trafficHistory(db, name))[0] ?? []),
      service,
      revisions: cluster.revisions(name),
      pods: cluster.pods(name),
    };
  }
}

function largest(shares: readonly Share[]): number | undefined {
  return [...shares].sort((a, b) => b.percent - a.percent)[0]?.number;
}

/** Folders have names that apps cannot: `My Shop (2)` becomes `my-shop-2`. */
function appName(name: string): string {
  const label = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 52)
    .replace(/-+$/, "");
  return label === "" ? "app" : label;
}
