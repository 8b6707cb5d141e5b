import { Type, type Static } from "typebox";
import { AppMetadata } from "./model.ts";
import { AppName, EnvironmentName, EnvName, HostLabel, Nullable, object, TeamName, VersionName } from "./names.ts";
import { Said } from "./said.ts";
import { VersionSource } from "./repositories.ts";
import { TrafficRules } from "./rules.ts";

/** Times are RFC 3339 in UTC; names are DNS labels; versions are called `v1`, `v2` … within their app and environment. */
/** problem+json (RFC 9457) with a stable code. */
export const Problem = object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String({ description: "Stable; listed in docs/reference/errors.md" }),
  detail: Type.String(),
  hint: Type.Optional(Type.String({ description: "What to do about it" })),
  /** Of `precondition_failed`: the last change, where it is known. */
  changed: Type.Optional(
    object({ by: Type.String(), at: Type.String(), what: Type.String({ description: "The action, or the operation" }) }),
  ),
});
export type Problem = Static<typeof Problem>;

/**
 * Something that people edit, as a GET of it alone answers: `revision` rises with each change of it. Sent back as `ifMatch` with a change, it
 * is refused (`precondition_failed`) when somebody has changed it in between.
 */
export type Revised<T> = T & { revision: string };

/**
 * `asleep` is a healthy state: no instance runs and the next request wakes one. `empty`: nothing has been deployed. `unknown`: the cluster has
 * not answered since the platform's start; traffic is what was last set.
 */
export const AppState = Type.Union([
  Type.Literal("ready"),
  Type.Literal("asleep"),
  Type.Literal("deploying"),
  Type.Literal("failed"),
  Type.Literal("empty"),
  Type.Literal("unknown"),
]);
export type AppState = Static<typeof AppState>;

export const TrafficTarget = object({ version: VersionName, percent: Type.Integer({ minimum: 0, maximum: 100 }) });
export type TrafficTarget = Static<typeof TrafficTarget>;

/** An app in one of its team's environments. */
export const AppEnvironment = object({
  app: AppName,
  environment: EnvironmentName,
  team: TeamName,
  state: AppState,
  /** Opens in a browser. */
  url: Type.String(),
  /** The first part of its host. */
  host: HostLabel,
  /** Why it is in its state, in words. */
  message: Type.String(),
  latestVersion: Nullable(VersionName),
  /** Before the split. */
  rules: TrafficRules,
  traffic: Type.Array(TrafficTarget),
  instances: Type.Integer({ minimum: 0, description: "Running now, all versions together" }),
  createdAt: Type.String(),
  updatedAt: Type.String(),
});
export type AppEnvironment = Static<typeof AppEnvironment>;

export const App = Type.Object(
  {
    name: AppName,
    team: TeamName,
    kind: Type.Union([Type.Literal("application"), Type.Literal("site")]),
    ...AppMetadata.properties,
    /** Those that it is in, in the order of the team's chain. */
    environments: Type.Array(AppEnvironment),
    createdAt: Type.String(),
    updatedAt: Type.String(),
  },
  { additionalProperties: false },
);
export type App = Static<typeof App>;

export const Version = object({
  name: VersionName,
  app: AppName,
  environment: EnvironmentName,
  state: Type.Union([
    Type.Literal("ready"),
    Type.Literal("asleep"),
    Type.Literal("starting"),
    Type.Literal("failed"),
    Type.Literal("deleted"),
    Type.Literal("unknown"),
  ]),
  message: Type.String(),
  image: Type.String(),
  /** Of the artifact; null for an image that was named without one. */
  digest: Nullable(Type.String()),
  /** Of the source that it was built from, when its sender knew. */
  commit: Nullable(Type.String()),
  /** Where that is, of one that Ebb itself has fetched. */
  source: Nullable(VersionSource),
  promotedFrom: Nullable(object({ environment: EnvironmentName, version: VersionName })),
  detectedFrom: Type.String(),
  percent: Type.Integer(),
  instances: Type.Integer(),
  /** Reaches this version whatever the split; null once it is retired. */
  previewUrl: Nullable(Type.String()),
  pinned: Nullable(Type.String({ description: "Who said that it is kept, whatever the environment's policy" })),
  createdAt: Type.String(),
  createdBy: Type.String(),
});
export type Version = Static<typeof Version>;

export const Instance = object({
  id: Type.String(),
  app: AppName,
  environment: EnvironmentName,
  version: VersionName,
  phase: Type.String(),
  ready: Type.Boolean(),
  restarts: Type.Integer(),
  message: Type.String(),
  startedAt: Nullable(Type.String()),
});
export type Instance = Static<typeof Instance>;

/** Why the autoscaler wanted so many instances of a version; one that only repeats the decision before it moves that one's `until`. */
export const ScalingDecision = object({
  version: VersionName,
  time: Type.String(),
  until: Type.String(),
  trigger: Type.Union([Type.Literal("start"), Type.Literal("tick"), Type.Literal("wake")]),
  metric: Type.String({ description: "concurrency or rps" }),
  observed: object({
    stable: Type.Number({ description: "Mean over the stable window, all instances together, in the metric's unit" }),
    panic: Type.Number({ description: "The same over the panic window" }),
    ready: Type.Integer(),
  }),
  target: Type.Number({ description: "Aimed at per instance" }),
  mode: Type.Union([Type.Literal("stable"), Type.Literal("panic")]),
  reachable: Type.Boolean({ description: "Whether traffic is routed to it" }),
  votes: Type.Optional(
    Type.Array(object({ strategy: Type.String(), desired: Type.Integer(), reason: Type.String(), why: Type.Optional(Type.Array(Said)) }), {
      description: "What each strategy asked for; absent where none was asked",
    }),
  ),
  winner: Type.Optional(Type.String({ description: "The strategy with the largest vote" })),
  recommended: Type.Integer({ description: "The largest vote, before the bounds" }),
  bounds: object({ min: Type.Integer(), max: Type.Integer({ description: "0: none" }) }),
  excessBurstCapacity: Type.Number({ description: "Room above the present load, in the metric's unit; below 0 a burst would not fit" }),
  previous: Type.Integer(),
  desired: Type.Integer(),
  cause: Type.String({ description: "What decided, for machines: traffic, wake, idle, panic, min-scale, strategy …" }),
  reason: Type.String({ description: "The same in one sentence" }),
  why: Type.Optional(
    Type.Array(Said, { description: "That sentence's parts, for words in another language; absent where it is somebody else's" }),
  ),
});
export type ScalingDecision = Static<typeof ScalingDecision>;
export const ScalingDecisions = object({
  /** Newest first. */
  items: Type.Array(ScalingDecision),
  recorded: Type.Boolean({ description: "Whether this cluster tells of its decisions: Ebb's own does, a Knative of others does not" }),
});
export type ScalingDecisions = Static<typeof ScalingDecisions>;

/** How one instance came to serve, milliseconds. */
export const ColdStart = object({
  version: VersionName,
  /** When it was ready. */
  time: Type.String(),
  instance: Type.String(),
  from: Type.Union([Type.Literal("cold"), Type.Literal("prepared"), Type.Literal("frozen")]),
  waited: Type.Boolean({ description: "Whether a request waited for it; decision and firstByte are known only then" }),
  phases: object({
    decision: Type.Number({ description: "From the request's arrival to the order to start, and from readiness back to the gateway" }),
    queued: Type.Number({ description: "For its image, and for its turn among others" }),
    sandbox: Type.Number({ description: "Folders, control groups, network, mounts" }),
    launch: Type.Number({ description: "Until its program was running" }),
    boot: Type.Number({ description: "From then to the last probe that it did not answer" }),
    seen: Type.Number({ description: "From then until it counted as ready" }),
    firstByte: Type.Number({ description: "From then to the first byte of its first answer" }),
  }),
  total: Type.Number(),
});
export type ColdStart = Static<typeof ColdStart>;
export const ColdStarts = object({
  /** Newest first. */
  items: Type.Array(ColdStart),
  recorded: Type.Boolean({ description: "Whether this cluster tells of them: Ebb's own does" }),
});
export type ColdStarts = Static<typeof ColdStarts>;

const UsageNumbers = {
  requests: Type.Number({ description: "Requests that are over, however" }),
  errors: Type.Number({ description: "Of these, answers of class 5xx and answers that broke off" }),
  responses: Type.Record(Type.String(), Type.Number(), {
    description: "By class: 2xx …; cut: the answer broke off; gone: the client left before it",
  }),
  p50Ms: Nullable(Type.Number({ description: "Milliseconds from arrival to the last byte, interpolated in buckets" })),
  p95Ms: Nullable(Type.Number()),
  p99Ms: Nullable(Type.Number()),
  meanMs: Nullable(Type.Number()),
  held: Type.Number({ description: "Requests that waited for an instance: a cold start, or all were busy" }),
  heldMs: Type.Number({ description: "Milliseconds that these waited, added up" }),
  requestBytes: Type.Number(),
  responseBytes: Type.Number(),
  interventions: Type.Record(Type.String(), Type.Number(), {
    description:
      "What the gateway did beside passing on: requests denied (403) and limited (429) by the traffic policy, overflowed (503, too many waited), retried; instances ejected",
  }),
  instances: Type.Number({ description: "Mean number of instances that ran" }),
};
export const MetricsSummary = object(UsageNumbers);
export type MetricsSummary = Static<typeof MetricsSummary>;
/** Of the `stepSeconds` from `time` on; a span in which nothing happened has no point. */
export const MetricsPoint = object({ time: Type.String(), ...UsageNumbers });
export type MetricsPoint = Static<typeof MetricsPoint>;
const MetricsSeries = { summary: MetricsSummary, points: Type.Array(MetricsPoint) };
export const Metrics = object({
  from: Type.String(),
  to: Type.String(),
  stepSeconds: Type.Integer(),
  recorded: Type.Boolean({
    description: "Whether this cluster counts for Ebb: Ebb's own does, a Knative of others has its own Prometheus",
  }),
  total: object(MetricsSeries),
  versions: Type.Array(object({ version: VersionName, ...MetricsSeries })),
});
export type Metrics = Static<typeof Metrics>;

export const PhaseState = Type.Union([Type.Literal("running"), Type.Literal("succeeded"), Type.Literal("failed")]);
export const Phase = object({
  /** unpack, detect, build, package, create, start, route, verify … in the order they happen. */
  name: Type.String(),
  state: PhaseState,
  message: Type.String(),
  said: Type.Optional(Said),
  startedAt: Type.String(),
  finishedAt: Nullable(Type.String()),
  /** Milliseconds so far or in all. */
  duration: Type.Number(),
});
export type Phase = Static<typeof Phase>;

export const OperationFailure = object({
  code: Type.String(),
  message: Type.String(),
  /** The message by its code, where it has one. */
  said: Type.Optional(Said),
  hint: Nullable(Type.String()),
  /** From what was seen down to the root, outermost first. */
  chain: Type.Array(Type.String()),
  saidChain: Type.Optional(Type.Array(Nullable(Said), { description: "Each of the chain by its code; null where it has none" })),
  /** The last log lines that matter. */
  log: Type.Array(Type.String()),
});
export type OperationFailure = Static<typeof OperationFailure>;

export const OperationState = Type.Union([
  Type.Literal("waiting"),
  Type.Literal("queued"),
  Type.Literal("running"),
  Type.Literal("succeeded"),
  Type.Literal("failed"),
  Type.Literal("cancelled"),
]);
export type OperationState = Static<typeof OperationState>;
export const OperationKind = Type.Union([
  Type.Literal("deploy"),
  Type.Literal("promote"),
  Type.Literal("traffic"),
  Type.Literal("release"),
  Type.Literal("config"),
  Type.Literal("restart"),
  Type.Literal("sleep"),
  Type.Literal("wake"),
  Type.Literal("delete"),
  Type.Literal("move"),
  Type.Literal("rollout"),
]);
export const Operation = object({
  id: Type.String(),
  kind: OperationKind,
  team: Type.String({ description: "Empty when it is about the whole platform" }),
  /** Empty when it is about a whole environment, or about the team. */
  app: Type.String(),
  /** Empty when it is about all of them. */
  environment: Type.String(),
  state: OperationState,
  phases: Type.Array(Phase),
  version: Nullable(VersionName),
  url: Nullable(Type.String()),
  previewUrl: Nullable(Type.String()),
  failure: Nullable(OperationFailure),
  createdAt: Type.String(),
  createdBy: Type.String(),
  /** The rollout of a layer's change that it is a part of. */
  partOf: Nullable(Type.String()),
  deadline: Type.String(),
  finishedAt: Nullable(Type.String()),
});
export type Operation = Static<typeof Operation>;

/** A line of `GET /operations/:id/events` (server-sent events, `data:` is one of these). The stream ends after a terminal `operation`. */
export const OperationEvent = Type.Union([
  object({ type: Type.Literal("operation"), operation: Operation }),
  object({ type: Type.Literal("log"), time: Type.String(), line: Type.String() }),
]);
export type OperationEvent = Static<typeof OperationEvent>;

/** A line of `GET /apps/:app/environments/:env/logs` (application/x-ndjson). */
export const LogRecord = object({
  time: Type.String(),
  version: VersionName,
  instance: Type.String(),
  stream: Type.String(),
  text: Type.String(),
});
export type LogRecord = Static<typeof LogRecord>;

const Scaling = object({
  min: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
  max: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000, description: "0 is no limit" })),
  concurrency: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000, description: "Requests at once per instance; 0 is no limit" })),
});
/** A git commit, or what another system calls its own. */
export const Commit = Type.String({
  pattern: "^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$",
  description: "A commit or what else names the source: letters, digits, . _ / -",
});
/** Goes to the app's team (`default` for a new one), and there to its first environment, unless these are named. */
export const DeployImage = object({
  name: AppName,
  team: Type.Optional(TeamName),
  environment: Type.Optional(EnvironmentName),
  commit: Type.Optional(Commit),
  image: Type.String({ minLength: 1, maxLength: 1024 }),
  port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
  command: Type.Optional(Type.Array(Type.String({ maxLength: 4096 }), { maxItems: 256 })),
  env: Type.Optional(Type.Record(EnvName, Type.String({ maxLength: 65536 }))),
  scaling: Type.Optional(Scaling),
  noTraffic: Type.Optional(Type.Boolean()),
});
export type DeployImage = Static<typeof DeployImage>;

/** Without `rules` those that there are stay; `[]` removes them. */
export const SetTraffic = object({
  targets: Type.Array(TrafficTarget, { minItems: 1, maxItems: 32, description: "Percents add up to 100" }),
  rules: Type.Optional(TrafficRules),
});
export type SetTraffic = Static<typeof SetTraffic>;
export const Rollback = object({ to: Type.Optional(VersionName) });
export type Rollback = Static<typeof Rollback>;

export const Variables = object({ variables: Type.Record(Type.String(), Type.String()) });
export type Variables = Static<typeof Variables>;
/** A value of null removes the variable. */
export const PatchVariables = object({
  variables: Type.Record(EnvName, Nullable(Type.String({ maxLength: 65536 })), { maxProperties: 256 }),
});
export type PatchVariables = Static<typeof PatchVariables>;
/** Values are never shown again. */
export const SecretList = object({ items: Type.Array(object({ name: Type.String(), updatedAt: Type.String() })) });
export type SecretList = Static<typeof SecretList>;
export const PatchSecrets = object({ secrets: Type.Record(EnvName, Nullable(Type.String({ maxLength: 262144 })), { maxProperties: 256 }) });
export type PatchSecrets = Static<typeof PatchSecrets>;

/** Opens one session of the console, as `PLATFORM/?code=CODE`, within ten minutes. */
export const SessionCode = object({ code: Type.String() });
export type SessionCode = Static<typeof SessionCode>;

/** A platform process that works on the same database. */
export const PlatformProcess = object({
  host: Type.String({ description: "Of its machine" }),
  address: Type.String({ description: "Where it listens" }),
  version: Type.String(),
  startedAt: Type.String(),
  seenAt: Type.String({ description: "When it last said that it lives: every five seconds" }),
  operations: Type.Integer({ description: "That it is doing" }),
  answering: Type.Boolean({ description: "It is the one that has answered this" }),
});
export type PlatformProcess = Static<typeof PlatformProcess>;

export const PlatformStatus = object({
  version: Type.String(),
  startedAt: Type.String(),
  user: Type.String(),
  cluster: object({ name: Type.String(), ready: Type.Boolean(), message: Type.String() }),
  gateway: object({ address: Type.String(), ready: Type.Boolean() }),
  /** That of the data folder. */
  disk: object({
    free: Type.Integer({ description: "Bytes that Ebb may still take" }),
    total: Type.Integer({ description: "Bytes" }),
    state: Type.Union([Type.Literal("ok"), Type.Literal("low"), Type.Literal("full")], {
      description: "low: less than 1 GiB is free, and below 512 MiB no source is taken. full: nothing can be started or changed",
    }),
  }),
  platforms: Type.Array(PlatformProcess, { description: "Those that live, the oldest first" }),
  apps: object({ total: Type.Integer(), ready: Type.Integer(), asleep: Type.Integer(), failed: Type.Integer() }),
  /** Custom domains that wait for somebody: one has failed, or its certificate ends and nothing renews it. */
  attention: Type.Array(
    object({ domain: Type.String(), app: AppName, environment: EnvironmentName, code: Type.String(), message: Type.String() }),
  ),
});
export type PlatformStatus = Static<typeof PlatformStatus>;

/**
 * One of `GET /events` (server-sent events): something of this app changed; read it again. The first one after each connection has an empty
 * `app`: anything may have changed meanwhile.
 */
export const ChangeEvent = object({
  type: Type.Union([Type.Literal("app"), Type.Literal("operation"), Type.Literal("instances")]),
  app: Type.String(),
});
export type ChangeEvent = Static<typeof ChangeEvent>;
