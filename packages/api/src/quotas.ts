import { Type, type Static } from "typebox";
import { Nullable, object } from "./names.ts";

const Count = (description: string) => Nullable(Type.Integer({ minimum: 0, maximum: 100_000, description }));

/** What a team may have, in all its environments; null: as much as there is. */
export const Quota = object({
  apps: Count("Applications"),
  instances: Count("Instances at once"),
  cpu: Nullable(Type.String({ pattern: "^[0-9]{1,6}(m|\\.[0-9]{1,3})?$", description: "Cores of its instances together: `8`, `1500m`" })),
  memory: Nullable(Type.String({ pattern: "^[0-9]{1,9}(Ki|Mi|Gi|Ti)$", description: "Of its instances together: `16Gi`" })),
});
export type Quota = Static<typeof Quota>;
/** What is left out stays. */
export const PatchQuota = Type.Partial(Quota, { additionalProperties: false });
export type PatchQuota = Static<typeof PatchQuota>;

export const TeamQuota = object({
  quota: Quota,
  used: object({
    apps: Type.Integer(),
    instances: Type.Integer({ description: "That run now, as far as the clusters have told" }),
    cpu: Type.String({ description: "What those instances may use at most" }),
    memory: Type.String(),
  }),
});
export type TeamQuota = Static<typeof TeamQuota>;
