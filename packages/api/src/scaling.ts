import { Type, type Static } from "typebox";
import { Nullable, object, VersionName } from "./names.ts";
import { Said } from "./said.ts";

const Target = Type.Number({ minimum: 0.01, maximum: 1e9 });
const CronText = Type.String({ minLength: 9, maxLength: 120 });
const Bound = Type.Integer({ minimum: 0, maximum: 100_000 });

/** One reason to run instances (docs/guide/scaling.md). */
export const ScalingStrategy = Type.Union([
  object({
    type: Type.Union([Type.Literal("concurrency"), Type.Literal("rps")]),
    target: Type.Optional(Type.Number({ ...Target, description: "Per instance; without it what the version says" })),
  }),
  object({
    type: Type.Union([Type.Literal("cpu"), Type.Literal("memory")]),
    target: Type.Number({ ...Target, description: "Per cent of the CPU, or MiB" }),
  }),
  object({
    type: Type.Literal("cron"),
    start: CronText,
    end: CronText,
    timezone: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    replicas: Type.Integer({ minimum: 1, maximum: 100_000 }),
  }),
  object({
    type: Type.Literal("lag"),
    target: Target,
    url: Type.String({
      pattern: "^https?://[^@]+$",
      maxLength: 2048,
      description: "An http or https URL without a user, asked every 5 s for a number",
    }),
  }),
  object({ type: Type.Literal("lag"), target: Target, lag: Type.Number({ minimum: 0, maximum: 1e15 }) }),
]);
export type ScalingStrategy = Static<typeof ScalingStrategy>;

const Idle = Type.Union([Type.Literal("cold"), Type.Literal("prepared"), Type.Literal("frozen")], {
  description: "What is kept of it while nobody asks",
});

const settings = {
  strategies: Nullable(Type.Array(ScalingStrategy, { minItems: 1, maxItems: 16 })),
  min: Nullable(Bound),
  max: Nullable(Bound),
  idle: Nullable(Idle),
};
/** In force at once and for all versions of an app in an environment, over what a version says itself; null leaves it to the version. */
export const ScalingPolicy = object({
  ...settings,
  problem: Type.Optional(
    Type.String({
      description: "Why what somebody wrote into the cluster is no policy: nothing of it counts until it is set anew or removed",
    }),
  ),
  saidProblem: Type.Optional(Said),
});
export type ScalingPolicy = Static<typeof ScalingPolicy>;
/** What is left out stays as it is; null removes. */
export const PatchScaling = Type.Partial(object(settings), { additionalProperties: false });
export type PatchScaling = Static<typeof PatchScaling>;

const Starts = object({ cold: Type.Number(), prepared: Type.Number(), frozen: Type.Number() });
const WhatIfSide = object({
  policy: object({
    metric: Type.String(),
    target: Type.Number({ description: "Aimed at per instance" }),
    min: Type.Integer(),
    max: Type.Integer({ description: "0: none" }),
    windowSeconds: Type.Number(),
    idle: Idle,
    strategies: Type.Array(ScalingStrategy),
  }),
  outcome: object({
    instanceSeconds: Type.Number(),
    keptSeconds: Type.Number({ description: "Instances kept aside, times seconds: memory without CPU" }),
    peak: Type.Integer({ description: "Most instances at once" }),
    starts: Starts,
    waited: Type.Integer({ description: "Requests that waited for an instance" }),
    waitingSeconds: Type.Number({ description: "All their waiting added up" }),
    longestWakeSeconds: Type.Number(),
  }),
});

/** The recorded load of a version, replayed against the policy in force and another one. */
export const WhatIf = object({
  version: VersionName,
  from: Type.String(),
  until: Type.String(),
  requests: Type.Integer(),
  busySeconds: Type.Integer({ description: "Seconds in which there were any" }),
  startSeconds: Starts,
  inForce: WhatIfSide,
  asked: WhatIfSide,
  notes: Type.Array(Type.String(), { description: "What limits the answer" }),
  saidNotes: Type.Optional(Type.Array(Said, { description: "Each of them by its code, for words in another language" })),
});
export type WhatIf = Static<typeof WhatIf>;

/** The policy that is asked about; what is left out is as it is in force. */
export const WhatIfQuery = Type.Object({
  version: Type.Optional(VersionName),
  since: Type.Optional(
    Type.String({
      pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$",
      description: "RFC 3339, in UTC; an hour ago when absent",
    }),
  ),
  metric: Type.Optional(Type.Union([Type.Literal("concurrency"), Type.Literal("rps")])),
  target: Type.Optional(Target),
  min: Type.Optional(Bound),
  max: Type.Optional(Bound),
  window: Type.Optional(Type.Integer({ minimum: 6, maximum: 3600, description: "Seconds" })),
  idle: Type.Optional(Idle),
  strategies: Type.Optional(Type.String({ maxLength: 16_384, description: "A JSON array of ScalingStrategy" })),
});
export type WhatIfQuery = Static<typeof WhatIfQuery>;
