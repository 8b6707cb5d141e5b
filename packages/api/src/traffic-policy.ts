import { Type, type Static } from "typebox";
import { Nullable, object } from "./names.ts";

const HeaderName = Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$", description: "In lower case" });
const Text = Type.String({ maxLength: 1024 });
const Seconds = (maximum: number) => Type.Integer({ minimum: 1, maximum });

/** Whom an entry is about: an address or a header, one of them. */
export const AccessEntry = object({
  address: Type.Optional(Type.String({ maxLength: 64, description: "An IP address or a CIDR block, of the connection's other end" })),
  header: Type.Optional(HeaderName),
  match: Type.Optional(
    Type.Union([object({ exact: Text }), object({ prefix: Text }), object({ regex: Text }), object({ present: Type.Literal(true) })], {
      description: "Of the header; that it is there when absent",
    }),
  ),
  until: Type.Optional(Type.String({ maxLength: 40, description: "RFC 3339; from then on it is as if it were not there" })),
  note: Type.Optional(Type.String({ maxLength: 200, description: "For people" })),
});
export type AccessEntry = Static<typeof AccessEntry>;

export const RateLimit = object({
  requests: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
  perSeconds: Seconds(86_400),
  burst: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: "At once; `requests` when absent" })),
  by: Type.Union([Type.Literal("app"), Type.Literal("client"), object({ header: HeaderName })], {
    description: "Together, each client address, or each value of a header",
  }),
});
export type RateLimit = Static<typeof RateLimit>;

/** What guards the hosts of an app in an environment, at once and without a new version (docs/guide/traffic-policy.md). */
export const TrafficPolicy = object({
  deny: Type.Array(AccessEntry, { maxItems: 256, description: "403 for these" }),
  allow: Type.Array(AccessEntry, { maxItems: 256, description: "403 for all others, while one of them is in force" }),
  rateLimits: Type.Array(RateLimit, { maxItems: 16, description: "429 for what is above any of them" }),
  affinity: Nullable(
    object({
      cookie: Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$", description: "A cookie's name" }),
      seconds: Seconds(31_536_000),
    }),
  ),
  ejection: Nullable(
    object({
      errors: Type.Integer({ minimum: 1, maximum: 1000, description: "Failures on end" }),
      seconds: Seconds(3600),
      maxPercent: Type.Integer({ minimum: 1, maximum: 100, description: "Of the version's instances at once" }),
    }),
  ),
  retries: Nullable(
    object({
      attempts: Type.Integer({ minimum: 1, maximum: 10, description: "Beside the first" }),
      perTrySeconds: Type.Number({ minimum: 0, maximum: 3600, description: "0: no limit of its own" }),
      on: Type.Array(Type.String({ maxLength: 40 }), { minItems: 1, maxItems: 16, description: "Envoy's names, and status codes" }),
      budgetPercent: Type.Integer({ minimum: 0, maximum: 100, description: "Of the requests at hand; three may always be tried again" }),
    }),
  ),
});
export type TrafficPolicy = Static<typeof TrafficPolicy>;

export const Unenforced = object({ part: Type.String({ description: "Of the policy" }), why: Type.String() });
export type Unenforced = Static<typeof Unenforced>;
/** With who enforces it. */
export const GuardInForce = object({
  ...TrafficPolicy.properties,
  /** Null where the cluster has neither, or does not answer. */
  enforcement: Nullable(
    object({
      by: Type.Union([Type.Literal("ebb"), Type.Literal("istio")], { description: "Ebb's own gateway, or Istio's" }),
      missing: Type.Array(Unenforced, { description: "What it cannot do as asked" }),
    }),
  ),
});
export type GuardInForce = Static<typeof GuardInForce>;
const { until: _, ...lasting } = AccessEntry.properties;
const LastingEntries = Type.Array(object(lasting), { maxItems: 256 });
/** What of it is declared in files: entries that end by themselves come and go without them. */
export const DeclaredGuard = Type.Partial(object({ ...TrafficPolicy.properties, deny: LastingEntries, allow: LastingEntries }), {
  additionalProperties: false,
});
export type DeclaredGuard = Static<typeof DeclaredGuard>;
/** A part that is left out stays as it is. */
export const PatchTrafficPolicy = Type.Partial(TrafficPolicy, { additionalProperties: false });
export type PatchTrafficPolicy = Static<typeof PatchTrafficPolicy>;
