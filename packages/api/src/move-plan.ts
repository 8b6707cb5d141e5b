import { Type, type Static } from "typebox";
import { ClusterName } from "./clusters.ts";
import { AppName, object, VersionName } from "./names.ts";

/** Why a version goes along: it serves, a rule or a mirror leads to it, somebody has pinned it, or one rollback leads to it. */
export const MoveReason = Type.Union([Type.Literal("serves"), Type.Literal("routed"), Type.Literal("pinned"), Type.Literal("before")]);
export type MoveReason = Static<typeof MoveReason>;

/** What moving an environment to another cluster would do, and what keeps it from being done. */
export const MovePlan = object({
  from: ClusterName,
  to: ClusterName,
  /** Where it will be there. */
  namespace: Type.String(),
  approvals: Type.Integer({ description: "How many people must approve it first" }),
  refusals: Type.Array(object({ code: Type.String(), message: Type.String(), hint: Type.String() }), {
    description: "Why it would be refused now; empty: it would not",
  }),
  apps: Type.Array(
    object({
      app: AppName,
      host: Type.String({ description: "The first part of its host, kept below the other cluster's domain" }),
      versions: Type.Array(
        object({
          version: VersionName,
          because: MoveReason,
          bundle: Type.Boolean({ description: "Not an image: only a cluster on the platform's own machine runs it" }),
        }),
        { description: "That are started there; none: nothing of it has ever served" },
      ),
      lost: Type.Array(VersionName, { description: "That stay in the list, and cannot serve any more" }),
      domains: Type.Array(Type.String()),
    }),
  ),
});
export type MovePlan = Static<typeof MovePlan>;
