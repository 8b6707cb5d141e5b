import { Type, type Static } from "typebox";
import { Nullable, object, VersionName } from "./names.ts";

const Methods = Type.Union([Type.Literal("safe"), Type.Literal("all")], {
  description: "safe: GET, HEAD and OPTIONS alone; a copy of another request does what that does once more",
});

export const SetMirror = object({
  version: VersionName,
  percent: Type.Integer({ minimum: 1, maximum: 100, description: "Of the requests, by chance" }),
  methods: Type.Optional(Methods),
});
export type SetMirror = Static<typeof SetMirror>;

export const Mirror = object({
  version: VersionName,
  percent: Type.Integer(),
  methods: Methods,
  since: Type.String(),
  by: Type.String(),
});
export type Mirror = Static<typeof Mirror>;

const Answer = object({
  status: Type.Integer(),
  bytes: Type.Integer({ description: "Of its body" }),
  ms: Type.Number({ description: "To the first byte" }),
  whole: Type.Boolean({ description: "False: it broke off" }),
});
const Percentiles = object({ p50: Type.Number(), p95: Type.Number() });

export const MirrorComparison = object({
  /** Whose answers the clients got. */
  from: Nullable(VersionName),
  /** Which got the copies. */
  to: Nullable(VersionName),
  since: Type.String(),
  until: Type.String(),
  compared: Type.Integer(),
  statusDiffers: Type.Integer({ description: "Of another class (2xx, 5xx …), or one of the two broke off" }),
  sizeDiffers: Type.Integer(),
  leftOut: Type.Integer({ description: "Copies that were not made as too many were under way, or had nothing to be compared with" }),
  fromBytes: Type.Integer(),
  toBytes: Type.Integer(),
  /** Milliseconds to the first byte. */
  fromMs: Percentiles,
  toMs: Percentiles,
  samples: Type.Array(
    object({ id: Type.String(), time: Type.String(), method: Type.String(), path: Type.String(), from: Answer, to: Answer }),
    { maxItems: 50, description: "Of those that differ: those with another status first" },
  ),
});
export type MirrorComparison = Static<typeof MirrorComparison>;

export const MirrorReport = object({
  /** Null: none now. What the last one has found stays until the next begins, or the cluster's control plane starts again. */
  mirror: Nullable(Mirror),
  recorded: Type.Boolean({ description: "False where the cluster compares no answers: it is not Ebb's own" }),
  /** In one sentence. */
  message: Type.String(),
  comparisons: Type.Array(MirrorComparison),
});
export type MirrorReport = Static<typeof MirrorReport>;
