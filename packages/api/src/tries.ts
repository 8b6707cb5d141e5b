import { Type, type Static } from "typebox";
import { Nullable, object, VersionName } from "./names.ts";
import { ColdStart } from "./schemas.ts";

const Header = object({
  name: Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$", description: "A header's name" }),
  value: Type.String({ maxLength: 8192, pattern: "^[\\t\\x20-\\x7e]*$", description: "ASCII, in one line" }),
});

/** A request that the platform sends to an app for somebody who wants to see what happens. */
export const TryRequest = object({
  method: Type.Enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
  path: Type.String({ pattern: "^/[\\x21-\\x7e]*$", maxLength: 8192, description: "With the query" }),
  headers: Type.Optional(Type.Array(Header, { maxItems: 50 })),
  body: Type.Optional(Type.String({ maxLength: 65_536 })),
  /** Past rules and split, by its preview address. */
  version: Type.Optional(VersionName),
});
export type TryRequest = Static<typeof TryRequest>;

export const TriedRequest = object({
  url: Type.String(),
  /** The one asked for, else the one that rules or a split without a choice give; null where chance has decided. */
  version: Nullable(VersionName),
  answer: Nullable(
    object({
      status: Type.Integer(),
      headers: Type.Array(object({ name: Type.String(), value: Type.String() })),
      body: Type.String(),
      encoding: Type.Union([Type.Literal("utf8"), Type.Literal("base64")]),
      truncated: Type.Boolean({ description: "There was more: 256 KiB are shown" }),
    }),
  ),
  /** Why there is no answer, or not all of it. */
  failure: Nullable(Type.String()),
  startedAt: Type.String(),
  /** Milliseconds from the beginning, as the platform saw them. */
  timings: object({ connected: Nullable(Type.Number()), firstByte: Nullable(Type.Number()), end: Type.Number() }),
  /** That of the instance which was started for it. */
  coldStart: Nullable(ColdStart),
});
export type TriedRequest = Static<typeof TriedRequest>;

/** Of the last whole minute. */
export const Rate = object({
  app: Type.String(),
  environment: Type.String(),
  requestsPerSecond: Type.Number(),
  errorsPerSecond: Type.Number(),
});
export const Rates = object({
  /** Those with requests only. */
  items: Type.Array(Rate),
  recorded: Type.Boolean({ description: "Whether the clusters count for Ebb" }),
});
export type Rates = Static<typeof Rates>;

/** All that shapes a version but its artifact; of secrets, where their values are. */
export const VersionConfiguration = object({ items: Type.Array(object({ path: Type.String(), value: Type.String() })) });
export type VersionConfiguration = Static<typeof VersionConfiguration>;
