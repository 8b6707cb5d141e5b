import { TypeBoxValidatorCompiler } from "@fastify/type-provider-typebox";
import type { FastifySchemaCompiler, FastifySchemaValidationError } from "fastify";
import type { TSchema } from "typebox";
import { inWords } from "./complaints.ts";

/** Checks what a request brings. Of what does not fit an expression people are told by its description. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = (route) => {
  const validate = TypeBoxValidatorCompiler(route);
  return (value) => {
    const result: ReturnType<ReturnType<FastifySchemaCompiler<TSchema>>> = validate(value);
    return isRefusal(result) ? { error: inWords(result.error, route.schema) } : result;
  };
};

function isRefusal(result: unknown): result is { error: FastifySchemaValidationError[] } {
  return typeof result === "object" && result !== null && "error" in result;
}
