import { Type } from "typebox";

/** The names that people give things, and what every schema is made with. */
export const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
export const object = <T extends Parameters<typeof Type.Object>[0]>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

export const AppName = Type.String({
  pattern: "^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$",
  description: "A DNS label that starts with a letter, at most 52 characters",
});
/** A namespace is made of a team's and an environment's name, a host of an app's and an environment's: both fit a DNS label. */
export const TeamName = Type.String({
  pattern: "^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$",
  description: "A DNS label that starts with a letter, at most 30 characters",
});
export const EnvironmentName = Type.String({
  pattern: "^[a-z]([-a-z0-9]{0,18}[a-z0-9])?$",
  description: "A DNS label that starts with a letter, at most 20 characters",
});
/** The first part of a host, which an app may have in place of its own name. */
export const HostLabel = Type.String({
  pattern: "^[a-z0-9]([-a-z0-9]{0,52}[a-z0-9])?$",
  description: "A DNS label of at most 54 characters",
});
export const VersionName = Type.String({ pattern: "^v[1-9][0-9]{0,6}$", description: "A version of the app: `v3`" });
export const EnvName = Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]{0,254}$", description: "Letters, digits and _, no digit first" });
