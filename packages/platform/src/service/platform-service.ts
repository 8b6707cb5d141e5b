import type { Duplex } from "node:stream";
import type {
  App,
  AppEnvironment,
  ChangeEvent,
  ColdStarts,
  CreateApp,
  CreateEnvironment,
  CreatePreview,
  CreateTeam,
  DeployImage,
  Environment,
  ExtendPreview,
  Explanation,
  Happening,
  Instance,
  LogRecord,
  Metrics,
  MovePlan,
  Operation,
  OperationEvent,
  Page,
  PatchApp,
  PatchAppEnvironment,
  PatchEnvironment,
  PatchPrices,
  Prices,
  PatchQuota,
  PatchScaling,
  PatchTrafficPolicy,
  PatchTeam,
  PatchVersion,
  PlatformStatus,
  Promote,
  PrunedVersions,
  Rates,
  Release,
  Rollback,
  ScalingDecisions,
  ScalingPolicy,
  GuardInForce,
  SetTraffic,
  StartRelease,
  Team,
  TeamQuota,
  UsageQuery,
  UsageReport,
  TriedRequest,
  TryRequest,
  Version,
  VersionConfiguration,
  VersionDiff,
  WhatIf,
  WhatIfQuery,
} from "@ebb/api";
import type { Random } from "@ebb/base";
import { ebbSchema } from "@ebb/builder";
import { readFile } from "node:fs/promises";
import { configurationOf, diffVersions } from "../apps/diff.ts";
import { checkHostFree, configOf, getApp, getPlace, type AppRow, type Place } from "../apps/store.ts";
import { placeDeps, type ConfigRequest, type Deps } from "../deploy/context.ts";
import { viewScaling } from "../deploy/live-policy.ts";
import { viewApp, viewInstance, viewPlace, viewVersion } from "../deploy/views.ts";
import type { ReservedHosts } from "../domains/hostname.ts";
import type { DomainKeeper } from "../domains/keeper.ts";
import { hostLabel } from "../environments/host.ts";
import { MAIN_CLUSTER } from "../environments/store.ts";
import { refuse } from "../errors.ts";
import type {
  ClustersApi,
  DecisionRequest,
  DiffRequest,
  EnvironmentMove,
  LogRequest,
  MetricsRequest,
  OperationsRequest,
  PageRequest,
  PlatformApi,
  SleepChange,
  SourceUpload,
  Visible,
} from "../http/port.ts";
import type { Caller } from "../identity/access.ts";
import type { MetricsCollector } from "../metrics/collector.ts";
import type { OperationEngine } from "../operations/engine.ts";
import { getOperation, toOperation } from "../operations/store.ts";
import { appColdStarts } from "./app-cold-starts.ts";
import { appDecisions } from "./app-decisions.ts";
import { appLogs } from "./app-logs.ts";
import { appMetrics } from "./app-metrics.ts";
import { appRates } from "./app-rates.ts";
import { ConfigurationService } from "./configuration.ts";
import { DomainsService } from "./domains.ts";
import { createEnvironment, patchEnvironment, viewEnvironment, viewEnvironments } from "./environments.ts";
import { changeEvents, operationEvents, type ChangesRequest } from "./events.ts";
import { explainRequest, type RequestQuestion } from "./explain.ts";
import { factsOf, factsOfAll, versionIn } from "./facts.ts";
import { createApp, patchMetadata } from "./metadata.ts";
import { moveEnvironment, planMove } from "./move.ts";
import { changeSleep } from "./sleep.ts";
import { pageOfOperations, pageOfVersions } from "./pages.ts";
import { Places } from "./places.ts";
import { createPreview, deletePreview, extendPreview } from "./previews.ts";
import { promoteRequest } from "./promote.ts";
import { abortRelease, continueRelease, listReleases, releaseRequest } from "./releases.ts";
import { checkDeletable, createTeam, listTeams, patchTeam, viewTeam } from "./teams.ts";
import { patchTrafficPolicy, viewTrafficPolicy } from "./traffic-policy.ts";
import { patchScaling, whatIf } from "./scaling.ts";
import { patchPrices, viewUsage } from "./usage.ts";
import { deployImage, deploySource } from "./deployments.ts";
import { patchQuota, viewQuota } from "./quotas.ts";
import { viewStatus } from "./status.ts";
import { happenings, type HappeningsRequest } from "./happenings.ts";
import { GitService } from "./git.ts";
import { MirrorService } from "./mirrors.ts";
import { RecentChanges } from "./recent-changes.ts";
import { RecentTraffic } from "./recent-requests.ts";
import { rollbackRequest, trafficRequest } from "./traffic.ts";
import { tryRequest } from "./try-request.ts";
import { execInApp, type InstanceCommand } from "./exec.ts";
import type { Presence } from "../platforms/presence.ts";
import type { UsageCounter } from "../usage/counter.ts";
import type { UploadFolder } from "./uploads.ts";
import { pinVersion, planPrune, pruneVersions } from "../versions/prune.ts";

export interface ServiceOptions {
  deps: Deps;
  presence: Pick<Presence, "list">;
  engine: OperationEngine;
  collector: MetricsCollector;
  usage: UsageCounter;
  clusters: ClustersApi;
  random: Random;
  version: string;
  clusterName: string;
  kubeconfigPath: string;
  uploads: UploadFolder;
  keeper: DomainKeeper;
  /** What no custom domain may be. */
  reserved: ReservedHosts;
  startedAt: number;
}

/** What the REST API does, without HTTP: every method checks its input against what there is and throws the catalogue's errors. */
export class PlatformService implements PlatformApi {
  readonly #options: ServiceOptions;
  readonly #deps: Deps;
  readonly #places: Places;
  readonly #recentChanges: RecentChanges;

  readonly configuration: ConfigurationService;
  readonly domains: DomainsService;
  readonly clusters: ClustersApi;
  readonly git: GitService;
  readonly recent: RecentTraffic;
  readonly mirrors: MirrorService;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#deps = options.deps;
    this.#places = new Places(options);
    this.#recentChanges = new RecentChanges({ ...options.deps, engine: options.engine });
    this.clusters = options.clusters;
    this.configuration = new ConfigurationService(options.deps, this.#places);
    this.domains = new DomainsService({ ...options, places: this.#places });
    this.git = new GitService({ ...options, environments: this.#environments, places: this.#places });
    this.mirrors = new MirrorService(options.deps, this.#places);
    this.recent = new RecentTraffic(options.deps, this.#places);
  }

  async status(user: string, visible: Visible): Promise<PlatformStatus> {
    return viewStatus({ ...this.#options, user, apps: await this.listApps({ visible }), domains: await this.domains.listAll({ visible }) });
  }

  listTeams(visible: Visible): Promise<Team[]> {
    return listTeams(this.#deps.db, visible);
  }

  getTeam(team: string): Promise<Team> {
    return viewTeam(this.#deps.db, team);
  }

  createTeam(body: CreateTeam): Promise<Team> {
    return createTeam(this.#deps, body);
  }

  patchTeam(team: string, body: PatchTeam): Promise<Team> {
    return patchTeam(this.#deps, team, body);
  }

  getQuota(team: string): Promise<TeamQuota> {
    return viewQuota(this.#deps, team);
  }

  patchQuota(team: string, body: PatchQuota): Promise<TeamQuota> {
    return patchQuota(this.#deps, team, body);
  }

  async deleteTeam(team: string, user: string): Promise<Operation> {
    await checkDeletable(this.#deps.db, team);
    return this.#places.delete({ team, app: "", env: "" }, user);
  }

  listEnvironments(team: string): Promise<Environment[]> {
    return viewEnvironments(this.#environments, team);
  }

  getEnvironment(team: string, name: string): Promise<Environment> {
    return viewEnvironment(this.#environments, team, name);
  }

  createEnvironment(team: string, body: CreateEnvironment): Promise<Environment> {
    return createEnvironment(this.#environments, team, body);
  }

  patchEnvironment(team: string, name: string, body: PatchEnvironment): Promise<Environment> {
    return patchEnvironment(this.#environments, team, name, body);
  }

  createPreview(team: string, body: CreatePreview): Promise<Environment> {
    return createPreview(this.#environments, this.#places, team, body);
  }

  extendPreview(team: string, name: string, { ttlHours }: ExtendPreview): Promise<Environment> {
    return extendPreview(this.#environments, this.#places, { team, name, ttlHours });
  }

  deletePreview(team: string, name: string, user: string): Promise<Operation> {
    return deletePreview(this.#environments, this.#places, { team, env: name }, user);
  }

  /** Lets a whole environment sleep, or wakes it. */
  changeSleep(change: SleepChange, user: string): Promise<Operation> {
    return changeSleep(this.#deps, this.#places, change, user);
  }

  moveEnvironment(move: EnvironmentMove, user: string): Promise<Operation> {
    return moveEnvironment(this.#environments, this.#places, move, user);
  }

  planMove(move: EnvironmentMove): Promise<MovePlan> {
    return planMove(this.#environments, this.#places, move);
  }

  async deleteEnvironment(team: string, name: string, user: string): Promise<Operation> {
    await viewEnvironment(this.#environments, team, name);
    return this.#places.delete({ team, app: "", env: name }, user);
  }

  usage(query: UsageQuery, visible: Visible): Promise<UsageReport> {
    return viewUsage(this.#deps, this.#options.usage, query, visible);
  }

  patchPrices(body: PatchPrices): Promise<Prices> {
    return patchPrices(this.#deps, body);
  }

  async listApps({ team, visible }: { team?: string; visible: Visible }): Promise<App[]> {
    const rows = await this.#deps.db
      .selectFrom("apps")
      .selectAll()
      .$if(team !== undefined, (query) => query.where("team", "=", team ?? ""))
      .$if(visible !== undefined, (query) => query.where("team", "in", [...(visible ?? [])]))
      .orderBy("name")
      .execute();
    return this.#viewApps(rows);
  }

  async getApp(name: string): Promise<App> {
    const row = await getApp(this.#deps.db, name);
    const [app] = await this.#viewApps([row]);
    return app ?? viewApp(row, []);
  }

  async createApp(body: CreateApp): Promise<App> {
    await createApp(this.#deps, body);
    return this.getApp(body.name);
  }

  async patchApp(name: string, body: PatchApp): Promise<App> {
    await patchMetadata(this.#deps, name, body);
    return this.getApp(name);
  }

  async deleteApp(name: string, user: string): Promise<Operation> {
    const { team } = await getApp(this.#deps.db, name);
    return this.#places.delete({ team, app: name, env: "" }, user);
  }

  async getPlace(place: Place): Promise<AppEnvironment> {
    return viewPlace(await factsOf(this.#deps, place));
  }

  /** The host is the app's once the operation has begun. Throws `host_taken`. */
  async patchPlace(place: Place, { host }: PatchAppEnvironment, user: string): Promise<Operation> {
    const { app, environment } = await this.#places.changeable(place);
    await this.#places.ensure(place.app, environment);
    const request = { host: host ?? hostLabel(place.app, environment) } satisfies ConfigRequest;
    await checkHostFree(this.#deps.db, { ...place, cluster: environment.cluster }, request.host);
    return this.#places.submit("config", { team: app.team, ...place, request, user });
  }

  async deletePlace(place: Place, user: string): Promise<Operation> {
    await getPlace(this.#deps.db, place);
    const { team } = await getApp(this.#deps.db, place.app);
    return this.#places.delete({ team, ...place }, user);
  }

  async listVersions(place: Place, page: PageRequest): Promise<Page<Version>> {
    return pageOfVersions(await factsOf(this.#deps, place), page);
  }

  async getVersion(place: Place, version: string): Promise<Version> {
    const facts = await factsOf(this.#deps, place);
    return viewVersion(facts, versionIn(facts, version));
  }

  patchVersion(place: Place, version: string, { pinned }: PatchVersion, user: string): Promise<Version> {
    return pinVersion(this.#deps, place, { version, pinned, user });
  }

  async planPrune(place: Place): Promise<PrunedVersions> {
    return planPrune(this.#deps, (await factsOf(this.#deps, place)).environment, place);
  }

  async pruneVersions(place: Place): Promise<PrunedVersions> {
    return pruneVersions(this.#deps, (await factsOf(this.#deps, place)).environment, place);
  }

  async versionConfiguration(place: Place, version: string): Promise<VersionConfiguration> {
    return { items: configurationOf(configOf(versionIn(await factsOf(this.#deps, place), version))) };
  }

  async diffVersions(place: Place, { from, to, fromEnvironment = place.env }: DiffRequest): Promise<VersionDiff> {
    const compared = async (env: string, version: string) => ({
      environment: env,
      version,
      config: configOf(versionIn(await factsOf(this.#deps, { app: place.app, env }), version)),
    });
    return diffVersions(place.app, await compared(fromEnvironment, from), await compared(place.env, to));
  }

  async listInstances(place: Place): Promise<Instance[]> {
    const cluster = await this.#places.clusterOf(place);
    return cluster.pods(place.app).flatMap((pod) => viewInstance(place, pod) ?? []);
  }

  async decisions(place: Place, request: DecisionRequest): Promise<ScalingDecisions> {
    return appDecisions(await this.#places.clusterOf(place), place.app, request);
  }

  async happenings(place: Place, request: HappeningsRequest): Promise<Happening[]> {
    return happenings(this.#deps, await this.#places.clusterOf(place), place, request);
  }

  async coldStarts(place: Place, request: { version?: string; limit: number }): Promise<ColdStarts> {
    return appColdStarts(await this.#places.clusterOf(place), place.app, request);
  }

  async scaling(place: Place): Promise<ScalingPolicy> {
    return viewScaling((await this.#places.clusterOf(place)).service(place.app));
  }

  async patchScaling(place: Place, body: PatchScaling): Promise<ScalingPolicy> {
    const { app, environment } = await this.#places.changeable(place);
    return patchScaling(this.#deps, { cluster: this.#deps.clusters.of(environment), place, team: app.team }, body);
  }

  async trafficPolicy(place: Place): Promise<GuardInForce> {
    return viewTrafficPolicy(placeDeps(this.#deps, (await factsOf(this.#deps, place)).environment), place);
  }

  async patchTrafficPolicy(place: Place, body: PatchTrafficPolicy): Promise<GuardInForce> {
    const { app, environment } = await this.#places.changeable(place);
    return patchTrafficPolicy(placeDeps(this.#deps, environment), place, app.team, body);
  }

  async whatIf(place: Place, asked: WhatIfQuery): Promise<WhatIf> {
    return whatIf(await this.#places.clusterOf(place), await factsOf(this.#deps, place), asked);
  }

  async metrics(place: Place, request: MetricsRequest): Promise<Metrics> {
    await getPlace(this.#deps.db, place);
    return appMetrics({ ...this.#deps, collector: this.#options.collector }, place, request);
  }

  rates(visible: Visible): Promise<Rates> {
    return appRates({ ...this.#deps, collector: this.#options.collector }, visible);
  }

  deployImage(body: DeployImage, user: string): Promise<Operation> {
    return deployImage(this.#places, body, user);
  }

  deploySource(source: SourceUpload, user: string): Promise<Operation> {
    return deploySource(this.#places, this.#options.uploads, source, user);
  }

  async explain(place: Place, question: RequestQuestion): Promise<Explanation> {
    return explainRequest(await this.#places.clusterOf(place), await factsOf(this.#deps, place), question);
  }

  async tryRequest(place: Place, asked: TryRequest, signal: AbortSignal): Promise<TriedRequest> {
    return tryRequest(this.#deps, { facts: await factsOf(this.#deps, place), cluster: await this.#places.clusterOf(place), signal }, asked);
  }

  async exec(place: Place, asked: InstanceCommand): Promise<Duplex> {
    return execInApp(this.#deps, { facts: await factsOf(this.#deps, place), cluster: await this.#places.clusterOf(place) }, asked);
  }

  async setTraffic(place: Place, body: SetTraffic, user: string): Promise<Operation> {
    const { app } = await this.#places.changeable(place);
    const request = await trafficRequest(this.#deps, await factsOf(this.#deps, place), body);
    return this.#places.submit("traffic", { team: app.team, ...place, request, user });
  }

  async rollback(place: Place, body: Rollback, user: string): Promise<Operation> {
    const { app } = await this.#places.changeable(place);
    const rollback = await rollbackRequest(this.#options, await factsOf(this.#deps, place), body);
    return this.#places.submit("traffic", { team: app.team, ...place, ...rollback, user });
  }

  listReleases(place: Place): Promise<Release[]> {
    return listReleases(this.#deps, place);
  }

  async startRelease(place: Place, body: StartRelease, user: string): Promise<Operation> {
    const { app } = await this.#places.changeable(place);
    return this.#places.submit("release", {
      team: app.team,
      ...place,
      ...(await releaseRequest(this.#deps, await factsOf(this.#deps, place), body)),
      user,
    });
  }

  continueRelease(place: Place): Promise<Release> {
    return continueRelease(this.#deps, place);
  }

  abortRelease(place: Place): Promise<Release> {
    return abortRelease(this.#options, place);
  }

  async promote(place: Place, body: Promote, user: string): Promise<Operation> {
    if (body.from === place.env)
      throw refuse("invalid_request", `${place.app} is in ${place.env} already`, { hint: "Promote goes from one environment to another." });
    const { app } = await this.#places.changeable(place);
    const request = promoteRequest(await factsOf(this.#deps, { app: place.app, env: body.from }), body);
    return this.#places.submit("promote", { team: app.team, ...place, request, user });
  }

  async logs(place: Place, request: LogRequest): Promise<AsyncIterable<LogRecord>> {
    return appLogs({ ...this.#deps, cluster: await this.#places.clusterOf(place) }, place.app, request);
  }

  listOperations(request: OperationsRequest): Promise<Page<Operation>> {
    return pageOfOperations(this.#deps, request);
  }

  async getOperation(id: string): Promise<Operation> {
    return toOperation(await getOperation(this.#deps.db, id), this.#places.now);
  }

  async cancelOperation(id: string): Promise<Operation> {
    return toOperation(await this.#options.engine.cancel(id), this.#places.now);
  }

  async voteOperation(id: string, cast: { voter: Caller; vote: "approve" | "reject"; why: string }): Promise<Operation> {
    return toOperation(await this.#options.engine.vote(id, cast), this.#places.now);
  }

  async operationEvents(id: string, signal: AbortSignal): Promise<AsyncIterable<OperationEvent>> {
    const row = await getOperation(this.#deps.db, id);
    return operationEvents({ ...this.#deps, engine: this.#options.engine }, row, signal);
  }

  changes(request: ChangesRequest): AsyncIterable<ChangeEvent> {
    return changeEvents({ ...this.#deps, recent: this.#recentChanges }, request);
  }

  kubeconfig(): Promise<string> {
    return readFile(this.#options.kubeconfigPath, "utf8");
  }

  ebbYamlSchema(): unknown {
    return ebbSchema;
  }

  get #environments() {
    const clusterName = (cluster: string) => (cluster === MAIN_CLUSTER ? this.#options.clusterName : cluster);
    return { ...this.#deps, clusterName };
  }

  async #viewApps(rows: readonly AppRow[]): Promise<App[]> {
    const facts = await factsOfAll(this.#deps, rows);
    return rows.map((row) => viewApp(row, (facts.get(row.name) ?? []).map(viewPlace)));
  }
}
