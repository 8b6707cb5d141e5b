import { Type, type Static } from "typebox";
import { Nullable, object, VersionName } from "./names.ts";
import { RuleCondition } from "./rules.ts";
import { Operation } from "./schemas.ts";

/** When a release is rolled back: by what the new version does against what the old one does in the same time. */
export const ReleaseGuard = object({
  maxErrorRate: Type.Number({ minimum: 0, maximum: 1, description: "So much more of its requests may fail than of the old version's" }),
  maxP95Ratio: Type.Number({ minimum: 1, maximum: 100, description: "Its 95th percentile may be so many times the old version's" }),
  minRequests: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    description: "Of the new version in each step: with fewer nothing is decided",
  }),
  maxRestarts: Type.Integer({ minimum: 0, maximum: 1000, description: "Of its instances since the release began" }),
});
export type ReleaseGuard = Static<typeof ReleaseGuard>;

export const StartRelease = object({
  version: VersionName,
  steps: Type.Optional(
    Type.Array(Type.Integer({ minimum: 1, maximum: 100 }), {
      minItems: 1,
      maxItems: 20,
      description: "Percents that grow to 100; 5, 25, 50, 100 when absent. [100] changes over at once",
    }),
  ),
  pauseSeconds: Type.Optional(
    Nullable(
      Type.Integer({
        minimum: 1,
        maximum: 86_400,
        description: "Of each step but the last, 300 when absent; null: until somebody continues",
      }),
    ),
  ),
  guard: Type.Optional(Type.Partial(ReleaseGuard, { additionalProperties: false })),
  when: Type.Optional(
    Type.Array(RuleCondition, { minItems: 1, maxItems: 8, description: "Such requests get the version from the first step on" }),
  ),
});
export type StartRelease = Static<typeof StartRelease>;

export const Release = object({
  operation: Operation,
  version: VersionName,
  steps: Type.Array(Type.Integer()),
  /** Of `steps`, from 0; null before the first. */
  step: Nullable(Type.Integer()),
  pauseSeconds: Nullable(Type.Integer()),
  guard: ReleaseGuard,
  /** When the step has been in force since. */
  since: Nullable(Type.String()),
});
export type Release = Static<typeof Release>;
