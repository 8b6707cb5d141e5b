import { expectationOf } from "@ebb/api";
import { TypeBoxValidatorCompiler } from "@fastify/type-provider-typebox";
import type { FastifySchemaCompiler, FastifySchemaValidationError } from "fastify";
import type { TSchema } from "typebox";

/** Checks what a request brings. Of what does not fit an expression people are told by its description. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = (route) => {
  const validate = TypeBoxValidatorCompiler(route);
  return (value) => {
    const result: ReturnType<ReturnType<FastifySchemaCompiler<TSchema>>> = validate(value);
    return isRefusal(result) ? { error: telling(result.error).map((each) => inWords(each, route.schema)) } : result;
  };
};

function isRefusal(result: unknown): result is { error: FastifySchemaValidationError[] } {
  return typeof result === "object" && result !== null && "error" in result;
}

/** Of what may also be null, that it is not null says nothing beside what is wrong with it. */
function telling(complaints: readonly FastifySchemaValidationError[]): readonly FastifySchemaValidationError[] {
  const rest = complaints.filter(({ keyword, params }) => keyword !== "anyOf" && !(keyword === "type" && params["type"] === "null"));
  return rest.length > 0 ? rest : complaints;
}

function inWords(complaint: FastifySchemaValidationError, schema: TSchema): FastifySchemaValidationError {
  const expected = expectationOf(schema, complaint);
  return expected === undefined ? complaint : { ...complaint, message: `is not as it has to be: ${expected}` };
}
