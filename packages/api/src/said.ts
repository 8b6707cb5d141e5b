import { Type, type Static } from "typebox";
import { object } from "./names.ts";

/** A part of a sentence that is also sent in English: its code, and what fills it, for words in another language. */
export const Said = object({
  code: Type.String(),
  with: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]))),
});
export type Said = Static<typeof Said>;
