import { Type, type Static } from "typebox";
import { EnvironmentName, Nullable, object } from "./names.ts";

const TtlHours = Type.Number({ minimum: 0.1, maximum: 720, description: "Hours from now until it is deleted with everything in it" });
/** Where a preview shows what: a branch, or what another system calls its own. */
const Branch = Type.String({ minLength: 1, maxLength: 200 });

/** Of an environment; null: it stays until somebody deletes it. */
export const PreviewFacts = { preview: Nullable(object({ branch: Nullable(Branch), expiresAt: Type.String() })) };

/** An environment from the template test that deletes itself. One of that name that is a preview already lives on, as long as it says. */
export const CreatePreview = object({ name: EnvironmentName, branch: Type.Optional(Branch), ttlHours: TtlHours });
export type CreatePreview = Static<typeof CreatePreview>;
export const ExtendPreview = object({ ttlHours: TtlHours });
export type ExtendPreview = Static<typeof ExtendPreview>;
