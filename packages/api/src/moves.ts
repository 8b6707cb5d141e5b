import { Type, type Static } from "typebox";
import { Nullable, object, VersionName } from "./names.ts";

const Names = Type.Record(Type.String(), Nullable(Type.String()), {
  description: "By name; null: it was there, and its value was not kept, as no rule asked for it or its name is that of a secret",
});

/** A request that the gateway remembers, once it is over. */
export const RecentRequest = object({
  /** Its X-Request-Id. */
  id: Type.String(),
  time: Type.String(),
  method: Type.String(),
  host: Type.String(),
  path: Type.String({ description: "Without the query" }),
  headers: Names,
  cookies: Names,
  query: Names,
  status: Type.Integer({ description: "499: the client left before an answer" }),
  outcome: Type.Union([Type.Literal("complete"), Type.Literal("cut"), Type.Literal("client-gone")], {
    description: "cut: the answer broke off; client-gone: the client left",
  }),
  durationMs: Type.Number({ description: "From its arrival to the last byte of its answer" }),
  responseBytes: Type.Integer({ description: "Of the answer's body" }),
  reason: Nullable(Type.String({ description: "Why the gateway answered itself; null: an instance did" })),
  count: Type.Integer({ description: "How many requests it stands for: under load only some are kept" }),
  /** That answered it. */
  version: Nullable(VersionName),
});
export type RecentRequest = Static<typeof RecentRequest>;

export const RecentRequests = object({
  recorded: Type.Boolean({ description: "False where the cluster keeps none: it is not Ebb's own" }),
  /** Newest first. */
  items: Type.Array(RecentRequest),
});
export type RecentRequests = Static<typeof RecentRequests>;

const Share = object({
  from: Nullable(VersionName),
  to: Nullable(VersionName),
  requests: Type.Integer({ description: "Rounded where chance decides" }),
  /** In one sentence. */
  because: Type.String(),
  byChance: Type.Boolean({ description: "So many of them, whichever those are" }),
  samples: Type.Array(RecentRequest, { maxItems: 5 }),
});

/** What a change of traffic would have done to the requests of before. */
export const TrafficMoves = object({
  recorded: Type.Boolean({ description: "False where the cluster keeps no requests: nothing is known" }),
  /** All of it in one sentence. */
  message: Type.String(),
  /** That those which were kept stand for. */
  requests: Type.Integer(),
  kept: Type.Integer(),
  since: Nullable(Type.String()),
  moves: Type.Array(Share),
  /** Of which what they had is not known well enough. */
  unknown: Type.Array(object({ requests: Type.Integer(), because: Type.String() })),
});
export type TrafficMoves = Static<typeof TrafficMoves>;

/** A release moves them step by step. */
export const ReleaseMoves = object({ first: TrafficMoves, last: TrafficMoves });
export type ReleaseMoves = Static<typeof ReleaseMoves>;
