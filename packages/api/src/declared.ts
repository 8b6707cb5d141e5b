import { Type, type Static } from "typebox";
import { CertificateMode } from "./domains.ts";
import { MemberRole, UserName } from "./identity.ts";
import { CreateEnvironment, PatchApp, PatchTeam } from "./model.ts";
import { AppName, EnvironmentName, EnvName, HostLabel, Nullable, object, TeamName } from "./names.ts";
import { PutRepository } from "./repositories.ts";
import { TrafficRules } from "./rules.ts";
import { PatchScaling } from "./scaling.ts";
import { DeclaredGuard } from "./traffic-policy.ts";

/** Of one layer: a name that it takes away is null. References stay as they were written. */
const DeclaredVariables = Type.Optional(Type.Record(EnvName, Nullable(Type.String({ maxLength: 65_536 }))));

/** A team as files: what is left out is as it is. `team.yaml`. */
export const DeclaredTeam = object({
  team: TeamName,
  ...PatchTeam.properties,
  variables: DeclaredVariables,
  members: Type.Optional(Type.Record(UserName, MemberRole)),
});
export type DeclaredTeam = Static<typeof DeclaredTeam>;

/** `environments/NAME.yaml` */
export const DeclaredEnvironment = Type.Object(
  { ...CreateEnvironment.properties, variables: DeclaredVariables },
  { additionalProperties: false },
);
export type DeclaredEnvironment = Static<typeof DeclaredEnvironment>;

export const DeclaredPlace = object({
  host: Type.Optional(Nullable(HostLabel)),
  variables: DeclaredVariables,
  /** Names only: their values are nowhere but in the platform. */
  secrets: Type.Optional(Type.Array(EnvName, { maxItems: 256 })),
  scaling: Type.Optional(PatchScaling),
  rules: Type.Optional(TrafficRules),
  guard: Type.Optional(DeclaredGuard),
  domains: Type.Optional(
    Type.Record(
      Type.String({ pattern: "^[a-z0-9.-]{3,253}$", description: "A domain's name, in ASCII" }),
      object({ certificate: CertificateMode, redirect: Type.Boolean() }),
      { maxProperties: 50 },
    ),
  ),
});
export type DeclaredPlace = Static<typeof DeclaredPlace>;

/** In the one form that the platform keeps of an address and a folder: what is applied again has nothing to change. */
const DeclaredGit = object({
  ...PutRepository.properties,
  url: Type.String({
    pattern: "^(https?://|ssh://[A-Za-z0-9._-]+@)[a-z0-9.:\\[\\]-]+/[^?#\\s]*[^?#\\s/]$",
    maxLength: 1000,
    description: "https://HOST/PATH or ssh://USER@HOST/PATH, as `ebb repo show` shows it",
  }),
  folder: Type.Optional(
    Type.String({
      pattern: "^((?!\\.{0,2}/)[^\\u0000-\\u001f]{0,199}[^\\u0000-\\u001f/])?$",
      description: "a folder of the repository, without ./ before it and / behind it",
    }),
  ),
});

/** `apps/NAME.yaml` */
export const DeclaredApp = Type.Object(
  {
    name: AppName,
    ...PatchApp.properties,
    git: Type.Optional(Nullable(DeclaredGit)),
    environments: Type.Optional(Type.Record(EnvironmentName, DeclaredPlace)),
  },
  { additionalProperties: false },
);
export type DeclaredApp = Static<typeof DeclaredApp>;

export interface Declared {
  team: DeclaredTeam;
  environments: DeclaredEnvironment[];
  apps: DeclaredApp[];
}
