import { Type, type Static } from "typebox";
import { RecentRequest } from "./moves.ts";
import { Nullable, object, VersionName } from "./names.ts";

const Text = Type.String({ minLength: 1, maxLength: 256, pattern: "^[\\x20-\\x7e]+$", description: "ASCII, in one line" });
/** A token of HTTP, which is what a header's or a cookie's name is. */
const Token = Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$", description: "A header's or a cookie's name" });
const Operator = Type.Union([Type.Literal("exact"), Type.Literal("prefix"), Type.Literal("regex"), Type.Literal("present")], {
  description: "A regex is RE2 and matches the whole value; present asks for no value",
});

/** One thing that a request must have. */
export const RuleCondition = Type.Union([
  object({
    on: Type.Union([Type.Literal("header"), Type.Literal("cookie"), Type.Literal("query")]),
    name: Token,
    is: Operator,
    value: Type.Optional(Text),
  }),
  object({
    on: Type.Literal("path"),
    is: Type.Union([Type.Literal("exact"), Type.Literal("prefix"), Type.Literal("regex")], { description: "Without the query" }),
    value: Text,
  }),
  object({
    on: Type.Literal("users"),
    header: Token,
    users: Type.Array(Text, { minItems: 1, maxItems: 200, description: "The header has one of these" }),
  }),
]);
export type RuleCondition = Static<typeof RuleCondition>;

/** Requests that fulfil all conditions go to the version. */
export const TrafficRule = object({ version: VersionName, when: Type.Array(RuleCondition, { minItems: 1, maxItems: 8 }) });
export type TrafficRule = Static<typeof TrafficRule>;
export const TrafficRules = Type.Array(TrafficRule, { maxItems: 32, description: "The first that fits a request takes it" });

/** What becomes of a request, and why. */
export const Explanation = object({
  /** Null when no version takes it. */
  version: Type.Union([VersionName, Type.Null()]),
  /** From 1 on, of the rules; null when none fits and the split decides. */
  rule: Type.Union([Type.Integer(), Type.Null()]),
  /** In one sentence. */
  reason: Type.String(),
  /** The rules before it, and what did not hold. */
  skipped: Type.Array(object({ rule: Type.Integer(), because: Type.String() })),
  /** Among which versions chance decides, when it does. */
  split: Type.Array(object({ version: VersionName, percent: Type.Number() })),
  /** The remembered request that was asked about. */
  request: Nullable(RecentRequest),
  /** What rules ask for and was not kept of it: they are answered as if it had not been there. */
  unsure: Type.Array(Type.String()),
});
export type Explanation = Static<typeof Explanation>;
