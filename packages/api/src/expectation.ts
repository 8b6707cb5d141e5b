import type { TSchema } from "typebox";
import { Value } from "typebox/value";

/** Of what does not fit an expression: what the schema's description says to people, as the expression does to machines. Undefined of all else. */
export function expectationOf(schema: TSchema, { keyword, schemaPath }: { keyword: string; schemaPath: string }): string | undefined {
  const part = keyword === "pattern" ? Value.Pointer.Get(schema, schemaPath.slice(1)) : undefined;
  return typeof part === "object" && part !== null && "description" in part ? String(part.description) : undefined;
}
