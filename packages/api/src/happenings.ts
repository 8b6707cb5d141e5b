import { Type, type Static } from "typebox";
import { HAPPENING_KINDS } from "./happening-kinds.ts";
import { Nullable, object } from "./names.ts";
import { Said } from "./said.ts";

const HappeningKind = Type.Enum([...HAPPENING_KINDS]);

/** One of what happened to an app in an environment. */
export const Happening = object({
  id: Type.String(),
  time: Type.String(),
  kind: HappeningKind,
  level: Type.Union([Type.Literal("info"), Type.Literal("warning"), Type.Literal("error")]),
  what: Type.String({ description: "The operation's kind, the decision's cause, the cluster's reason, or the action of the trail" }),
  state: Nullable(Type.String({ description: "Of an operation" })),
  version: Nullable(Type.String()),
  message: Type.String(),
  said: Type.Optional(Type.Array(Said, { description: "Of a decision, the parts of its message after the count" })),
  by: Nullable(Type.String()),
  operation: Nullable(Type.String({ description: "Its id" })),
  count: Type.Integer({ description: "So often, of a cluster's event" }),
});
export type Happening = Static<typeof Happening>;
