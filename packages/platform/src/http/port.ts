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

export interface SourceUpload {
  /** Wins over the name in ebb.yaml. */
  name: string | undefined;
  defaultName: string | undefined;
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

/**
 * What the REST API asks of the platform, a method a route (docs/reference/rest-api.md). Input has been checked against its schema.
 * Refusals are thrown as UserError with a code of `REQUEST_ERRORS`.
 */
export interface PlatformApi {
  status(user: string): Promise<PlatformStatus>;
  listApps(): Promise<App[]>;
  getApp(app: string): Promise<App>;
  listVersions(app: string): Promise<Version[]>;
  listInstances(app: string): Promise<Instance[]>;
  decisions(app: string, request: DecisionRequest): Promise<ScalingDecisions>;
  coldStarts(app: string, request: { version?: string; limit: number }): Promise<ColdStarts>;
  metrics(app: string, request: MetricsRequest): Promise<Metrics>;
  getEnv(app: string): Promise<EnvVariables>;
  listSecrets(app: string): Promise<SecretList>;
  logs(app: string, request: LogRequest): Promise<AsyncIterable<LogRecord>>;

  deploySource(upload: SourceUpload, user: string): Promise<Operation>;
  deployImage(request: DeployImage, user: string): Promise<Operation>;
  setTraffic(app: string, request: SetTraffic, user: string): Promise<Operation>;
  rollback(app: string, request: Rollback, user: string): Promise<Operation>;
  patchEnv(app: string, request: PatchEnv, user: string): Promise<Operation>;
  patchSecrets(app: string, request: PatchSecrets, user: string): Promise<Operation>;
  deleteApp(app: string, user: string): Promise<Operation>;

  listOperations(query: { app?: string; limit: number }): Promise<Operation[]>;
  getOperation(id: string): Promise<Operation>;
  cancelOperation(id: string, user: string): Promise<Operation>;
  /** From the beginning; ends after the terminal `operation`, or when the signal is aborted. Throws `operation_not_found` before the first. */
  operationEvents(id: string, signal: AbortSignal): Promise<AsyncIterable<OperationEvent>>;
  /** Until the signal is aborted. */
  changes(signal: AbortSignal): AsyncIterable<ChangeEvent>;

  kubeconfig(): Promise<string>;
  /** JSON Schema of ebb.yaml. */
  ebbYamlSchema(): unknown;
}
