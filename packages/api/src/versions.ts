import { Type, type Static } from "typebox";
import { Nullable, object, VersionName } from "./names.ts";

/** How many versions of each app an environment keeps; what serves, what a rule leads to, what served before, and what is pinned stay anyway. */
export const KeepVersions = object({
  keep: Type.Integer({ minimum: 10, maximum: 1000, description: "The newest; ten have a preview URL" }),
  days: Nullable(Type.Integer({ minimum: 1, maximum: 3650, description: "And those that are not older; null: age keeps none" })),
});
export type KeepVersions = Static<typeof KeepVersions>;

export const PatchVersion = object({ pinned: Type.Boolean() });
export type PatchVersion = Static<typeof PatchVersion>;

/** `routed`: the split, a preview URL or a rule leads to it. `rollback`: what served before. */
export const KeptVersion = object({
  version: VersionName,
  why: Type.Union([
    Type.Literal("routed"),
    Type.Literal("pinned"),
    Type.Literal("rollback"),
    Type.Literal("newest"),
    Type.Literal("young"),
  ]),
});
export type KeptVersion = Static<typeof KeptVersion>;

export const PrunedVersions = object({
  policy: KeepVersions,
  kept: Type.Array(KeptVersion, { description: "Newest first" }),
  pruned: Type.Array(VersionName, { description: "Oldest first; they can be seen still, and serve no more" }),
});
export type PrunedVersions = Static<typeof PrunedVersions>;
