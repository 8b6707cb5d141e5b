import { Type, type Static } from "typebox";

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const object = <T extends Parameters<typeof Type.Object>[0]>(properties: T) => Type.Object(properties, { additionalProperties: false });

export const ApprovalVote = object({
  user: Type.String(),
  vote: Type.Union([Type.Literal("approve"), Type.Literal("reject")]),
  why: Type.String(),
  time: Type.String(),
});
/** An operation that waits for people, or has waited. */
export const Approval = object({
  operation: Type.String(),
  kind: Type.String(),
  team: Type.String(),
  environment: Type.String(),
  app: Type.String(),
  author: Type.String(),
  state: Type.Union([
    Type.Literal("waiting"),
    Type.Literal("approved"),
    Type.Literal("rejected"),
    Type.Literal("expired"),
    Type.Literal("cancelled"),
  ]),
  needed: Type.Integer({ description: "How many others than the author must approve" }),
  votes: Type.Array(ApprovalVote),
  /** What it would change of what was there when it was asked for; secrets by name, null where there is nothing. */
  changes: Type.Array(object({ path: Type.String(), from: Nullable(Type.String()), to: Nullable(Type.String()) })),
  createdAt: Type.String(),
  expiresAt: Type.String(),
});
export type Approval = Static<typeof Approval>;
export const Approve = object({ why: Type.Optional(Type.String({ maxLength: 1000 })) });
export type Approve = Static<typeof Approve>;
export const Reject = object({ why: Type.String({ minLength: 1, maxLength: 1000 }) });
export type Reject = Static<typeof Reject>;
