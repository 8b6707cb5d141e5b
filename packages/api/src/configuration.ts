import { Type, type Static } from "typebox";
import { AppName, EnvironmentName, EnvName, Nullable, object, TeamName } from "./names.ts";
import { Operation, PatchSecrets, PatchVariables } from "./schemas.ts";

/** From the most general to the most particular; a later one wins. `source` is what ebb.yaml or the image's request states. */
export const ConfigurationLayer = Type.Union([
  Type.Literal("source"),
  Type.Literal("platform"),
  Type.Literal("team"),
  Type.Literal("environment"),
  Type.Literal("app"),
]);
export type ConfigurationLayer = Static<typeof ConfigurationLayer>;

const Kind = Type.Union([Type.Literal("variable"), Type.Literal("secret"), Type.Literal("hidden")], {
  description: "`hidden`: what layers above state is taken away here",
});

/** What is set on one layer. */
export const LayerConfiguration = object({
  layer: ConfigurationLayer,
  items: Type.Array(
    object({
      name: EnvName,
      kind: Kind,
      value: Nullable(Type.String({ description: "As it was written; null for secrets and what is hidden" })),
      updatedAt: Type.String(),
      updatedBy: Type.String(),
    }),
  ),
});
export type LayerConfiguration = Static<typeof LayerConfiguration>;

/** What the next version of an app in an environment would be given. */
export const Configuration = object({
  items: Type.Array(
    object({
      name: EnvName,
      kind: Kind,
      text: Nullable(Type.String({ description: "As it was written; null for secrets and what is hidden" })),
      value: Nullable(Type.String({ description: "With its references replaced; null for what is secret or refers to a secret" })),
      layer: ConfigurationLayer,
      over: Type.Array(ConfigurationLayer, { description: "The layers that state it too and do not count" }),
    }),
  ),
  fault: Nullable(Type.String({ description: "Why no version can be made of it: a reference to what is not there, or a circle" })),
});
export type Configuration = Static<typeof Configuration>;

/** Null takes a value away, also one of a layer above; `inherit` only takes away what this very layer states. */
export const ConfigurationPatch = object({
  variables: Type.Optional(PatchVariables.properties.variables),
  secrets: Type.Optional(PatchSecrets.properties.secrets),
  inherit: Type.Optional(Type.Array(EnvName, { maxItems: 256 })),
});
export type ConfigurationPatch = Static<typeof ConfigurationPatch>;

/** What a change of a layer does to each app in an environment that it reaches. */
export const ConfigurationPlan = object({
  apps: Type.Array(
    object({
      team: TeamName,
      app: AppName,
      environment: EnvironmentName,
      newVersion: Type.Boolean({ description: "False where nothing was deployed yet: its first version will have it" }),
      approvals: Type.Integer({ description: "How many others must approve it there" }),
      changes: Type.Array(
        object({
          path: Type.String({ description: "variables.NAME, secrets.NAME" }),
          from: Nullable(Type.String()),
          to: Nullable(Type.String({ description: "Of a secret only `set` or `set anew`" })),
        }),
      ),
      fault: Nullable(Type.String({ description: "Why this change is refused" })),
    }),
  ),
});
export type ConfigurationPlan = Static<typeof ConfigurationPlan>;

export const ConfigurationChange = object({
  id: Type.String({ description: "What its operations are part of: the id of the rollout" }),
  plan: ConfigurationPlan,
  /** The rollout, which is as far as its parts are; null when no app gets a new version. */
  operation: Nullable(Operation),
  operations: Type.Array(Operation),
});
export type ConfigurationChange = Static<typeof ConfigurationChange>;

/** Where the master key is that all secrets are encrypted under, after it was changed. */
export const KeyRotation = object({
  masterKey: Type.String({ description: "Names it; tells nothing of it" }),
  source: Type.String(),
  rewrapped: Type.Integer({ description: "Data keys that were encrypted anew" }),
});
export type KeyRotation = Static<typeof KeyRotation>;
