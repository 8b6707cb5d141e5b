import type { Schema, ValidationRule } from "../schema.ts";
import { forbiddenField, invalidValue, requiredField, unsupportedValue, type FieldCause } from "../status-errors.ts";
import { compile, CompileError, type Program } from "./compile.ts";
import { RULE_VARIABLES } from "./schema-rules.ts";
import { escapeName } from "./values.ts";

const REASONS = ["FieldValueRequired", "FieldValueForbidden", "FieldValueInvalid", "FieldValueDuplicate"];
/** What every object has; rules see nothing else of it. */
const METADATA: Schema = { type: "object", properties: { name: { type: "string" }, generateName: { type: "string" } } };

/**
 * What is wrong with the rules of one place of a definition's schema; after k8s.io/apiextensions-apiserver
 * pkg/apis/apiextensions/validation. `place.root` is the whole object; `place.correlated` tells whether the same place can be found in an old one.
 */
export function ruleDefinitionCauses(schema: Schema, at: string, place: { root: boolean; correlated: boolean }): FieldCause[] {
  const rules = schema["x-kubernetes-validations"] ?? [];
  const seen = place.root ? withCommon(schema) : schema;
  return rules.flatMap((rule, index) => oneRule(rule, seen, { at: `${at}.x-kubernetes-validations[${index}]`, schemaAt: at, ...place }));
}

function withCommon(schema: Schema): Schema {
  const text: Schema = { type: "string" };
  return { ...schema, properties: { ...schema.properties, apiVersion: text, kind: text, metadata: METADATA } };
}

function oneRule(
  rule: ValidationRule,
  schema: Schema,
  { at, schemaAt, correlated }: { at: string; schemaAt: string; correlated: boolean },
): FieldCause[] {
  const { message, messageExpression, reason, fieldPath, optionalOldSelf } = rule;
  if (typeof rule.rule !== "string" || rule.rule.trim() === "") return [requiredField(`${at}.rule`, "rule is not specified")];
  const causes: FieldCause[] = [];
  const program = compiledIn(rule.rule, `${at}.rule`, schema, causes);
  if (program && program.type !== "bool" && program.type !== "dyn")
    causes.push(invalidValue(`${at}.rule`, rule.rule, "cel expression must evaluate to a bool"));
  if (program?.mentions.has("oldSelf") && !correlated)
    causes.push(
      invalidValue(`${at}.rule`, rule.rule, `oldSelf cannot be used on the uncorrelatable portion of the schema within ${schemaAt}`),
    );
  if (optionalOldSelf && program && !program.mentions.has("oldSelf"))
    causes.push(invalidValue(`${at}.optionalOldSelf`, true, "may not be set if oldSelf is not used in rule"));
  if (message !== undefined && message.trim() === "")
    causes.push(invalidValue(`${at}.message`, message, "message must be non-empty if specified"));
  if (message?.includes("\n")) causes.push(invalidValue(`${at}.message`, message, "message must not contain line breaks"));
  if (messageExpression !== undefined) {
    if (messageExpression.trim() === "")
      causes.push(requiredField(`${at}.messageExpression`, "messageExpression must be non-empty if specified"));
    else {
      const said = compiledIn(messageExpression, `${at}.messageExpression`, schema, causes);
      if (said && said.type !== "string" && said.type !== "dyn")
        causes.push(invalidValue(`${at}.messageExpression`, messageExpression, "messageExpression must evaluate to a string"));
    }
  }
  if (reason !== undefined && !REASONS.includes(reason)) causes.push(unsupportedValue(`${at}.reason`, reason, REASONS));
  if (fieldPath !== undefined && !leads(schema, fieldPath))
    causes.push(invalidValue(`${at}.fieldPath`, fieldPath, "fieldPath must be a valid path: does not refer to a valid field"));
  return causes;
}

function compiledIn(expression: string, at: string, schema: Schema, causes: FieldCause[]): Program | undefined {
  const refuse = (why: string) => void causes.push(invalidValue(at, expression, `compilation failed: ${why}`));
  try {
    const program = compile(expression, RULE_VARIABLES);
    for (const [root, ...fields] of program.chains) {
      const missing = root === "self" || root === "oldSelf" ? undefinedField(schema, fields) : undefined;
      if (missing !== undefined) refuse(`undefined field '${missing}'`);
    }
    return program;
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    refuse(error.message);
    return undefined;
  }
}

/** The first field of a chain that the schema does not have. */
function undefinedField(schema: Schema | undefined, [field, ...rest]: readonly string[]): string | undefined {
  if (field === undefined || !schema || schema["x-kubernetes-preserve-unknown-fields"] || schema["x-kubernetes-int-or-string"])
    return undefined;
  if (schema.properties) {
    const found = Object.entries(schema.properties).find(([name]) => escapeName(name) === field);
    return found ? undefinedField(found[1], rest) : field;
  }
  return schema.additionalProperties ? undefinedField(schema.additionalProperties, rest) : field;
}

/** Whether `.a.b` or `['a']` leads to a field. */
function leads(schema: Schema, path: string): boolean {
  if (!/^(\.[^.[\]]+|\['[^']+'\])+$/.test(path)) return false;
  let at: Schema | undefined = schema;
  for (const [, dotted, quoted] of path.matchAll(/\.([^.[\]]+)|\['([^']+)'\]/g)) {
    const key: string = dotted ?? quoted ?? "";
    at = at?.properties && Object.hasOwn(at.properties, key) ? at.properties[key] : at?.additionalProperties;
  }
  return at !== undefined;
}

/** Rules within `not`, `anyOf` and such would hold for values that they are not about. */
export function misplacedRules(schema: Schema, at: string): FieldCause[] {
  const { allOf = [], anyOf = [], oneOf = [], not } = schema;
  const within: [Schema, string][] = [
    ...allOf.map((each, index): [Schema, string] => [each, `${at}.allOf[${index}]`]),
    ...anyOf.map((each, index): [Schema, string] => [each, `${at}.anyOf[${index}]`]),
    ...oneOf.map((each, index): [Schema, string] => [each, `${at}.oneOf[${index}]`]),
    ...(not ? [[not, `${at}.not`] as [Schema, string]] : []),
  ];
  return within.flatMap(([each, place]) =>
    each["x-kubernetes-validations"]?.length ? [forbiddenField(`${place}.x-kubernetes-validations`, "must be empty to be structural")] : [],
  );
}
