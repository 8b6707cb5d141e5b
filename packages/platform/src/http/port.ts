import type { Duplex } from "node:stream";
import type { HappeningsRequest } from "../service/happenings.ts";
import type { InstanceCommand } from "../service/exec.ts";
import type {
  AcceptDomain,
  AddDomain,
  CreateGitCredential,
  DeployGit,
  GitCredential,
  GitSettings,
  HookAnswer,
  Happening,
  PatchGitSettings,
  PutRepository,
  Repository,
  RepositoryHook,
  Domain,
  DomainSettings,
  PatchDomain,
  PatchDomainSettings,
  UploadCertificate,
  App,
  AppEnvironment,
  ChangeEvent,
  Cluster,
  ColdStarts,
  Configuration,
  ConfigurationChange,
  ConfigurationPatch,
  ConfigurationPlan,
  CreateApp,
  ClusterHosts,
  CreateCluster,
  PutClusterHosts,
  CreateEnvironment,
  CreatePreview,
  CreateTeam,
  DeployImage,
  Environment,
  ExtendPreview,
  Explanation,
  Instance,
  KeyRotation,
  LayerConfiguration,
  LogRecord,
  Metrics,
  MoveEnvironment,
  MovePlan,
  Operation,
  OperationEvent,
  OperationState,
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
  SecretList,
  SetTraffic,
  SleepEnvironment,
  StartRelease,
  Team,
  TeamQuota,
  UsageQuery,
  UsageReport,
  TriedRequest,
  TryRequest,
  Variables,
  Version,
  VersionConfiguration,
  VersionDiff,
  WhatIf,
  WhatIfQuery,
} from "@ebb/api";
import type { RequestQuestion } from "../service/explain.ts";
import type { MirrorService } from "../service/mirrors.ts";
import type { RecentTraffic } from "../service/recent-requests.ts";
import type { Place } from "../apps/store.ts";

import type { Caller } from "../identity/access.ts";

export interface SourceUpload {
  /** Wins over the name in ebb.yaml. */
  name: string | undefined;
  defaultName: string | undefined;
  /** The app's own, or `default`, when absent. */
  team: string | undefined;
  /** The team's first when absent. */
  environment: string | undefined;
  commit: string | undefined;
  noTraffic: boolean;
  /** The whole archive on disk, synced; it belongs to the callee from here on. */
  archive: string;
}

export interface LogRequest {
  version?: string;
  instance?: string;
  follow: boolean;
  tail?: number;
  /** RFC 3339. */
  since?: string;
  /** RFC 3339; not with `follow`. */
  until?: string;
  signal: AbortSignal;
}

export interface DecisionRequest {
  version?: string;
  /** RFC 3339: only what was decided until then. */
  at?: string;
  limit: number;
}

export interface MetricsRequest {
  /** RFC 3339; an hour before `to` when absent. */
  from?: string;
  /** RFC 3339; now when absent. */
  to?: string;
  /** Seconds of a point. */
  step?: number;
}

/** The teams whose things are told; all when absent. */
export type Visible = readonly string[] | undefined;
export interface PageRequest {
  limit: number;
  /** The `next` of the page before. */
  cursor?: string;
}
export interface OperationsRequest extends PageRequest {
  team?: string;
  app?: string;
  environment?: string;
  partOf?: string;
  state?: OperationState;
  /** Who asked for it. */
  by?: string;
  visible: Visible;
}

export interface SleepChange {
  team: string;
  env: string;
  to: "sleep" | "wake";
  body?: SleepEnvironment;
}

export interface EnvironmentMove {
  team: string;
  env: string;
  body: MoveEnvironment;
}

/** Two versions of an app; `from` may be in another environment than the place's own. */
export interface DiffRequest {
  from: string;
  to: string;
  fromEnvironment?: string;
}

/** Variables and secrets in layers. */
export interface ConfigurationApi {
  getVariables(place: Place): Promise<Variables>;
  listSecrets(place: Place): Promise<SecretList>;
  get(place: Place): Promise<Configuration>;
  plan(place: Place, patch: ConfigurationPatch): Promise<ConfigurationPlan>;
  patch(place: Place, patch: ConfigurationPatch, user: string): Promise<Operation>;
  getLayer(layer: LayerScope): Promise<LayerConfiguration>;
  planLayer(layer: LayerScope, patch: ConfigurationPatch): Promise<ConfigurationPlan>;
  patchLayer(layer: LayerScope, patch: ConfigurationPatch, user: string): Promise<ConfigurationChange>;
  rotateKeys(): Promise<KeyRotation>;
  restart(place: Place, user: string): Promise<Operation>;
}

/** Custom domains. */
export interface DomainsApi {
  list(place: Place): Promise<Domain[]>;
  listAll(query: { team?: string; visible: Visible }): Promise<Domain[]>;
  get(place: Place, domain: string): Promise<Domain>;
  add(place: Place, body: AddDomain, user: string): Promise<Domain>;
  patch(place: Place, domain: string, body: PatchDomain): Promise<Domain>;
  verify(place: Place, domain: string): Promise<Domain>;
  accept(place: Place, domain: string, body: AcceptDomain): Promise<Domain>;
  renew(place: Place, domain: string): Promise<Domain>;
  upload(place: Place, domain: string, body: UploadCertificate): Promise<Domain>;
  remove(place: Place, domain: string): Promise<void>;
  settings(): Promise<DomainSettings>;
  patchSettings(body: PatchDomainSettings): Promise<DomainSettings>;
}

/** What a Git server has sent, as it came. */
export interface HookDelivery {
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Buffer;
}

/** Source from Git. `origin`: where people reach the platform. */
export interface GitApi {
  deploy(body: DeployGit, user: string): Promise<Operation>;
  get(app: string, origin: string): Promise<Repository>;
  put(app: string, body: PutRepository, by: { user: string; origin: string }): Promise<Repository>;
  remove(app: string): Promise<void>;
  renewHook(app: string, origin: string): Promise<RepositoryHook>;
  receive(app: string, delivery: HookDelivery): Promise<HookAnswer>;
  credentials(team: string): Promise<GitCredential[]>;
  addCredential(team: string, body: CreateGitCredential, user: string): Promise<GitCredential>;
  removeCredential(team: string, id: string): Promise<void>;
  settings(): Promise<GitSettings>;
  patchSettings(body: PatchGitSettings): Promise<GitSettings>;
}

/** The clusters that environments are on. */
export interface ClustersApi {
  list(visible: Visible): Promise<Cluster[]>;
  get(name: string, visible: Visible): Promise<Cluster>;
  create(body: CreateCluster, user: string): Promise<Cluster>;
  check(name: string, visible: Visible): Promise<Cluster>;
  hosts(name: string): Promise<ClusterHosts>;
  putHosts(name: string, body: PutClusterHosts): Promise<ClusterHosts>;
  delete(name: string): Promise<void>;
}

/** A layer above the apps; empty: the platform, or a whole team. */
export interface LayerScope {
  team: string;
  env: string;
}

/**
 * What the REST API asks of the platform, a method a route (docs/reference/rest-api.md). Input has been checked against its schema.
 * Refusals are thrown as UserError with a code of `REQUEST_ERRORS`.
 */
export interface PlatformApi {
  readonly configuration: ConfigurationApi;
  readonly domains: DomainsApi;
  readonly clusters: ClustersApi;
  readonly git: GitApi;

  status(user: string, visible: Visible): Promise<PlatformStatus>;

  listTeams(visible: Visible): Promise<Team[]>;
  getTeam(team: string): Promise<Team>;
  createTeam(body: CreateTeam): Promise<Team>;
  patchTeam(team: string, body: PatchTeam): Promise<Team>;
  getQuota(team: string): Promise<TeamQuota>;
  patchQuota(team: string, body: PatchQuota): Promise<TeamQuota>;
  deleteTeam(team: string, user: string): Promise<Operation>;
  listEnvironments(team: string): Promise<Environment[]>;
  getEnvironment(team: string, name: string): Promise<Environment>;
  createEnvironment(team: string, body: CreateEnvironment): Promise<Environment>;
  patchEnvironment(team: string, name: string, body: PatchEnvironment): Promise<Environment>;
  createPreview(team: string, body: CreatePreview): Promise<Environment>;
  extendPreview(team: string, name: string, body: ExtendPreview): Promise<Environment>;
  deletePreview(team: string, name: string, user: string): Promise<Operation>;
  changeSleep(change: SleepChange, user: string): Promise<Operation>;
  moveEnvironment(move: EnvironmentMove, user: string): Promise<Operation>;
  planMove(move: EnvironmentMove): Promise<MovePlan>;
  deleteEnvironment(team: string, name: string, user: string): Promise<Operation>;

  usage(query: UsageQuery, visible: Visible): Promise<UsageReport>;
  patchPrices(body: PatchPrices): Promise<Prices>;

  listApps(query: { team?: string; visible: Visible }): Promise<App[]>;
  getApp(app: string): Promise<App>;
  createApp(body: CreateApp): Promise<App>;
  patchApp(app: string, body: PatchApp): Promise<App>;
  deleteApp(app: string, user: string): Promise<Operation>;

  getPlace(place: Place): Promise<AppEnvironment>;
  patchPlace(place: Place, body: PatchAppEnvironment, user: string): Promise<Operation>;
  deletePlace(place: Place, user: string): Promise<Operation>;
  listVersions(place: Place, page: PageRequest): Promise<Page<Version>>;
  getVersion(place: Place, version: string): Promise<Version>;
  patchVersion(place: Place, version: string, body: PatchVersion, user: string): Promise<Version>;
  planPrune(place: Place): Promise<PrunedVersions>;
  pruneVersions(place: Place): Promise<PrunedVersions>;
  versionConfiguration(place: Place, version: string): Promise<VersionConfiguration>;
  diffVersions(place: Place, request: DiffRequest): Promise<VersionDiff>;
  listInstances(place: Place): Promise<Instance[]>;
  decisions(place: Place, request: DecisionRequest): Promise<ScalingDecisions>;
  happenings(place: Place, request: HappeningsRequest): Promise<Happening[]>;
  coldStarts(place: Place, request: { version?: string; limit: number }): Promise<ColdStarts>;
  trafficPolicy(place: Place): Promise<GuardInForce>;
  patchTrafficPolicy(place: Place, body: PatchTrafficPolicy): Promise<GuardInForce>;
  scaling(place: Place): Promise<ScalingPolicy>;
  patchScaling(place: Place, body: PatchScaling): Promise<ScalingPolicy>;
  whatIf(place: Place, asked: WhatIfQuery): Promise<WhatIf>;
  metrics(place: Place, request: MetricsRequest): Promise<Metrics>;
  rates(visible: Visible): Promise<Rates>;
  logs(place: Place, request: LogRequest): Promise<AsyncIterable<LogRecord>>;
  explain(place: Place, question: RequestQuestion): Promise<Explanation>;
  readonly mirrors: Pick<MirrorService, "report" | "set" | "stop">;
  /** What the gateway remembers, and what a change would have done to it. */
  readonly recent: Pick<RecentTraffic, "list" | "planTraffic" | "planRelease">;
  /** One request to it, which the signal ends. */
  tryRequest(place: Place, asked: TryRequest, signal: AbortSignal): Promise<TriedRequest>;
  /** A command in one of its instances, by messages of `v5.channel.k8s.io`; ending the stream ends it. */
  exec(place: Place, asked: InstanceCommand): Promise<Duplex>;
  listReleases(place: Place): Promise<Release[]>;
  startRelease(place: Place, body: StartRelease, user: string): Promise<Operation>;
  continueRelease(place: Place): Promise<Release>;
  abortRelease(place: Place): Promise<Release>;
  setTraffic(place: Place, request: SetTraffic, user: string): Promise<Operation>;
  rollback(place: Place, request: Rollback, user: string): Promise<Operation>;
  promote(place: Place, request: Promote, user: string): Promise<Operation>;

  deploySource(upload: SourceUpload, user: string): Promise<Operation>;
  deployImage(request: DeployImage, user: string): Promise<Operation>;

  listOperations(query: OperationsRequest): Promise<Page<Operation>>;
  getOperation(id: string): Promise<Operation>;
  cancelOperation(id: string, user: string): Promise<Operation>;
  /** Approves or rejects an operation that waits for people. */
  voteOperation(id: string, cast: { voter: Caller; vote: "approve" | "reject"; why: string }): Promise<Operation>;
  /** From the beginning; ends after the terminal `operation`, or when the signal is aborted. Throws `operation_not_found` before the first. */
  operationEvents(id: string, signal: AbortSignal): Promise<AsyncIterable<OperationEvent>>;
  /** Until the signal is aborted; begins with what has changed since `ago` (milliseconds), or with the call to read everything. */
  changes(request: { signal: AbortSignal; visible: Visible; ago?: number | undefined }): AsyncIterable<ChangeEvent>;
  kubeconfig(): Promise<string>;
  /** JSON Schema of ebb.yaml. */
  ebbYamlSchema(): unknown;
}
