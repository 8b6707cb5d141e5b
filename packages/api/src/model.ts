import { Type, type Static } from "typebox";
import { ClusterName } from "./clusters.ts";
import { MemberRole } from "./identity.ts";
import { PreviewFacts } from "./previews.ts";
import { Schedule, SleepFacts } from "./schedules.ts";
import { KeepVersions } from "./versions.ts";
import { EnvironmentName, HostLabel, Nullable, object, TeamName, VersionName, AppName } from "./names.ts";

/** What an environment is made from: the stages of a team's chain, with what is usual at each. */
export const EnvironmentTemplate = Type.Union([
  Type.Literal("test"),
  Type.Literal("stable"),
  Type.Literal("staging"),
  Type.Literal("prod"),
]);
export type EnvironmentTemplate = Static<typeof EnvironmentTemplate>;

const Count = (description: string) => Type.Integer({ minimum: 0, maximum: 1000, description });
const Instant = Type.String({
  pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?(Z|[+-]\\d\\d:\\d\\d)$",
  description: "RFC 3339, with its offset",
});
const WhyFrozen = Type.String({ minLength: 1, maxLength: 200 });
/** A time in which nothing in an environment is changed: once, or from each time of a cron expression on. */
export const Freeze = Type.Union([
  object({ why: WhyFrozen, from: Instant, to: Instant }),
  object({
    why: WhyFrozen,
    cron: Type.String({ minLength: 1, maxLength: 100, description: "When it begins: five fields" }),
    minutes: Type.Integer({ minimum: 1, maximum: 44_640, description: "How long it lasts" }),
    timeZone: Type.String({ minLength: 1, maxLength: 64, description: "Of the IANA database: Europe/Berlin" }),
  }),
]);
export type Freeze = Static<typeof Freeze>;

const Policies = {
  order: Type.Integer({ minimum: 0, maximum: 1000, description: "Place in the team's chain; the lowest is where a deploy goes" }),
  warm: Type.Boolean({ description: "Keeps at least one instance of what serves; otherwise apps sleep" }),
  scaling: object({
    min: Count("Instances at least, where the app asks for fewer"),
    max: Count("Instances at most, where the app names no number; 0 is none"),
    idleSeconds: Nullable(
      Type.Integer({ minimum: 6, maximum: 3600, description: "Without requests until asleep, where the app says nothing" }),
    ),
  }),
  limits: object({
    maxInstances: Count("No app gets more, whatever it asks for; 0 is none"),
  }),
  deployRole: MemberRole,
  releaseRole: MemberRole,
  approvals: Type.Integer({ minimum: 0, maximum: 2, description: "How many others must approve a change" }),
  rollbacksWait: Type.Boolean({
    description: "Whether a rollback, too, waits for approvals; otherwise one to a version that has had all the traffic there goes at once",
  }),
  freezes: Type.Array(Freeze, { maxItems: 50, description: "When nothing may be changed" }),
  versions: KeepVersions,
};
export const Environment = object({
  team: TeamName,
  name: EnvironmentName,
  template: EnvironmentTemplate,
  ...Policies,
  cluster: Type.String({ description: "The cluster that it is on" }),
  namespace: Type.String(),
  hostSuffix: Type.String({ description: "Stands behind an app's name in its host" }),
  frozen: Nullable(object({ why: Type.String(), until: Type.String() })),
  ...PreviewFacts,
  ...SleepFacts,
  apps: Type.Integer({ description: "How many are in it" }),
  createdAt: Type.String(),
  updatedAt: Type.String(),
});
export type Environment = Static<typeof Environment>;

/** What is left out stays as it is. */
export const PatchEnvironment = object({
  order: Type.Optional(Policies.order),
  warm: Type.Optional(Policies.warm),
  scaling: Type.Optional(Type.Partial(Policies.scaling, { additionalProperties: false })),
  limits: Type.Optional(Type.Partial(Policies.limits, { additionalProperties: false })),
  deployRole: Type.Optional(MemberRole),
  releaseRole: Type.Optional(MemberRole),
  approvals: Type.Optional(Policies.approvals),
  rollbacksWait: Type.Optional(Policies.rollbacksWait),
  freezes: Type.Optional(Policies.freezes),
  versions: Type.Optional(Type.Partial(KeepVersions, { additionalProperties: false })),
  schedule: Type.Optional(Nullable(Schedule)),
});
export type PatchEnvironment = Static<typeof PatchEnvironment>;

/**
 * What is left out is as the template has it; the suffix is empty for prod and `-NAME` otherwise. The cluster is the platform's own when none is
 * named, and stays what it is.
 */
export const CreateEnvironment = Type.Object(
  {
    name: EnvironmentName,
    template: Type.Optional(EnvironmentTemplate),
    cluster: Type.Optional(ClusterName),
    hostSuffix: Type.Optional(
      Type.String({
        pattern: "^(-[a-z0-9]([-a-z0-9]{0,18}[a-z0-9])?)?$",
        description: "Empty, or - and a DNS label of at most 20 characters",
      }),
    ),
    ...PatchEnvironment.properties,
  },
  { additionalProperties: false },
);
export type CreateEnvironment = Static<typeof CreateEnvironment>;

export const MoveEnvironment = object({
  cluster: ClusterName,
  holdSeconds: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 3600, description: "How long what it leaves serves on after it has moved; 0 when it is left out" }),
  ),
});
export type MoveEnvironment = Static<typeof MoveEnvironment>;

const Words = Type.String({ maxLength: 1000 });
export const Team = object({
  name: TeamName,
  description: Words,
  /** In the order of the chain. */
  environments: Type.Array(EnvironmentName),
  apps: Type.Integer(),
  previewLimit: Type.Integer({ description: "How many previews it may have at once" }),
  createdAt: Type.String(),
  updatedAt: Type.String(),
});
export type Team = Static<typeof Team>;
/** `environments`: templates that it begins with; test, staging and prod when left out. */
export const CreateTeam = object({
  name: TeamName,
  description: Type.Optional(Words),
  environments: Type.Optional(Type.Array(EnvironmentTemplate, { maxItems: 4, uniqueItems: true })),
});
export type CreateTeam = Static<typeof CreateTeam>;
export const PatchTeam = object({
  description: Type.Optional(Words),
  previewLimit: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
});
export type PatchTeam = Static<typeof PatchTeam>;

/** What a company wants to know of an app; Ebb keeps it and shows it. */
const Metadata = {
  description: Words,
  owner: Words,
  repository: Words,
  serviceTag: Words,
  level: Words,
  contacts: Type.Array(Words, { maxItems: 20 }),
  labels: Type.Record(Type.String({ pattern: "^[A-Za-z0-9]([-A-Za-z0-9_./]{0,61}[A-Za-z0-9])?$" }), Words, {
    maxProperties: 50,
  }),
  dependsOn: Type.Array(AppName, { maxItems: 50, uniqueItems: true, description: "Apps of its team that an environment wakes before it" }),
};
export const AppMetadata = object(Metadata);
export type AppMetadata = Static<typeof AppMetadata>;
/** What is left out stays as it is. */
export const PatchApp = Type.Partial(AppMetadata, { additionalProperties: false });
export type PatchApp = Static<typeof PatchApp>;
export const CreateApp = Type.Object(
  { name: AppName, team: Type.Optional(TeamName), ...PatchApp.properties },
  { additionalProperties: false },
);
export type CreateApp = Static<typeof CreateApp>;

/** The same artifact with the configuration of the environment in the address. */
export const Promote = object({
  from: EnvironmentName,
  version: Type.Optional(VersionName),
  noTraffic: Type.Optional(Type.Boolean()),
});
export type Promote = Static<typeof Promote>;
/** `host`: the first part of its host in place of the app's name and the environment's suffix; null goes back to that. */
export const PatchAppEnvironment = object({ host: Nullable(HostLabel) });
export type PatchAppEnvironment = Static<typeof PatchAppEnvironment>;

const VersionAt = object({ environment: EnvironmentName, version: VersionName, image: Type.String(), digest: Nullable(Type.String()) });
/** What differs between two versions of an app; secrets by the names of their keys. */
export const VersionDiff = object({
  app: AppName,
  from: VersionAt,
  to: VersionAt,
  sameArtifact: Type.Boolean({ description: "The very same code; the rest is configuration" }),
  changes: Type.Array(
    object({
      path: Type.String({ description: "variables.NAME, secrets.NAME, scaling.min, port …" }),
      from: Nullable(Type.String()),
      to: Nullable(Type.String()),
    }),
  ),
});
export type VersionDiff = Static<typeof VersionDiff>;
