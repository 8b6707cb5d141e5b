import { Compile } from "typebox/compile";
import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument, type Document } from "yaml";
import { fault } from "../errors.ts";
import { EbbConfig } from "./schema.ts";
import { suggest } from "./suggest.ts";

/** Far more than a hand-written file needs; a larger one is not configuration. */
const MOST_BYTES = 64 * 1024;
/** Past this many the rest is noise. */
const MOST_PROBLEMS = 10;

export interface ConfigProblem {
  /** Both from 1. */
  line: number;
  column: number;
  message: string;
}

const validator = Compile(EbbConfig);
type SchemaError = ReturnType<typeof validator.Errors>[number];

/**
 * Reads `ebb.yaml` (YAML 1.2). Throws UserError `config_invalid` whose message names each problem with its line and column
 * (`file:line:column: …`); `details.problems` has them as ConfigProblem.
 */
export function parseConfig(text: string, file = "ebb.yaml"): EbbConfig {
  if (Buffer.byteLength(text) > MOST_BYTES) throw fault("config_invalid", `${file} is larger than ${MOST_BYTES / 1024} KiB`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const syntax = document.errors.map((error) => ({ ...at(lines, error.pos[0]), message: tidy(error.message) }));
  if (syntax.length > 0) throw invalid(file, syntax);
  const value = toValue(document, file);
  if (validator.Check(value)) return value;
  const problems = rootErrors(validator.Errors(value)).flatMap((error) =>
    describe(error, value, document).map(({ offset, message }) => ({ ...at(lines, offset), message })),
  );
  throw invalid(file, dedupe(problems));
}

function toValue(document: Document.Parsed, file: string): unknown {
  try {
    // An empty file is a valid one: everything is found in the source.
    return document.toJS({ maxAliasCount: 32 }) ?? {};
  } catch (error) {
    throw fault("config_invalid", `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function invalid(file: string, problems: ConfigProblem[]): Error {
  const shown = problems.slice(0, MOST_PROBLEMS).map((problem) => `${file}:${problem.line}:${problem.column}: ${problem.message}`);
  if (problems.length > MOST_PROBLEMS) shown.push(`… and ${problems.length - MOST_PROBLEMS} more`);
  return fault("config_invalid", shown.join("\n"), { details: { problems } });
}

/**
 * Without the errors that only repeat another: `false` schemas of unknown keys; and of a union either the branch that got further into the
 * value, or, when none did, the union's own error.
 */
function rootErrors(errors: SchemaError[]): SchemaError[] {
  const told = errors.filter((error) => error.keyword !== "boolean");
  const deeper = (error: SchemaError) =>
    told.some((other) => isBranchOf(other, error) && other.instancePath.length > error.instancePath.length);
  return told.filter((error) => {
    if (error.keyword === "anyOf") return !deeper(error);
    const union = told.find((other) => other.keyword === "anyOf" && isBranchOf(error, other));
    return union === undefined || error.instancePath.length > union.instancePath.length;
  });
}

function isBranchOf(error: SchemaError, union: SchemaError): boolean {
  return error.schemaPath.startsWith(`${union.schemaPath}/anyOf/`);
}

function describe(error: SchemaError, value: unknown, document: Document.Parsed): { offset: number; message: string }[] {
  const path = error.instancePath.split("/").slice(1).map(unescapePointer);
  if (error.keyword === "additionalProperties") {
    const known = Object.keys(schemaAt(path)?.properties ?? {});
    return error.params.additionalProperties.map((key) => ({
      offset: keyOffset(document, [...path, key]),
      message: unknownKey(path, key, known),
    }));
  }
  const where = path.length === 0 ? "the file" : `\`${path.join(".")}\``;
  const found = valueAt(value, path);
  const offset = valueOffset(document, path);
  if (path.length === 0) return [{ offset, message: `the file must be a list of \`field: value\` lines, not ${nameOf(found)}` }];
  return [{ offset, message: `${where} must be ${expected(error, path)}, not ${nameOf(found)}` }];
}

function unknownKey(path: string[], key: string, known: string[]): string {
  const within = path.length === 0 ? "" : ` in \`${path.join(".")}\``;
  if (known.length === 0) return `\`${key}\`${within} is not a valid name: letters, digits and _, not starting with a digit`;
  const meant = suggest(key, known);
  return `unknown field \`${key}\`${within}${meant === undefined ? ` (there are: ${known.join(", ")})` : `; did you mean \`${meant}\`?`}`;
}

interface AnySchema {
  type?: string;
  title?: string;
  const?: unknown;
  anyOf?: AnySchema[];
  properties?: Record<string, AnySchema>;
  patternProperties?: Record<string, AnySchema>;
  items?: AnySchema;
  minimum?: number;
  maximum?: number;
  examples?: unknown[];
}

function schemaAt(path: string[]): AnySchema | undefined {
  let schema: AnySchema | undefined = EbbConfig;
  for (const key of path) {
    const branches: AnySchema[] = schema?.anyOf ?? (schema === undefined ? [] : [schema]);
    schema = branches.map((branch) => childSchema(branch, key)).find((child) => child !== undefined);
  }
  return schema;
}

function childSchema(schema: AnySchema, key: string): AnySchema | undefined {
  return schema.properties?.[key] ?? (/^\d+$/.test(key) ? schema.items : undefined) ?? Object.values(schema.patternProperties ?? {})[0];
}

function expected(error: SchemaError, path: string[]): string {
  const schema = schemaAt(path);
  const example = schema?.examples?.[0] === undefined ? "" : `, such as ${JSON.stringify(schema.examples[0])}`;
  const range = schema?.minimum === undefined || schema.maximum === undefined ? "" : ` from ${schema.minimum} to ${schema.maximum}`;
  if (schema?.title === "duration") return `a duration${example}`;
  const choices = schema?.anyOf?.flatMap((one) => (typeof one.const === "string" ? [one.const] : [])) ?? [];
  if (choices.length > 0) return `one of ${choices.join(", ")}`;
  if (schema?.type === "integer" || schema?.type === "number")
    return `${schema.type === "integer" ? "a whole number" : "a number"}${range}`;
  const kinds = schema?.anyOf?.map((one) => kindName(one)) ?? [];
  if (kinds.length > 0) return `${[...new Set(kinds)].join(" or ")}${example}`;
  if (error.keyword === "type" && schema?.type !== undefined) return `${kindName(schema)}${example}`;
  if (error.keyword === "pattern") return `of the right form${example === "" ? `: ${error.params.pattern.toString()}` : example}`;
  return `valid (${error.message})${example}`;
}

function kindName(schema: AnySchema): string {
  if (schema.type === "array") return "a list";
  if (schema.type === "object") return "a map";
  if (schema.type === "boolean") return "true or false";
  return schema.type === "string" ? "a text" : "a number";
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function valueAt(value: unknown, path: string[]): unknown {
  let at = value;
  for (const key of path) at = typeof at === "object" && at !== null ? (at as Record<string, unknown>)[key] : undefined;
  return at;
}

/** Where the key stands; keys are compared as text, as numbers and booleans can be keys too. */
function keyOffset(document: Document.Parsed, path: string[]): number {
  const parent = document.getIn(path.slice(0, -1), true) ?? document.contents;
  const holder = path.length === 1 ? document.contents : parent;
  const pair = isMap(holder)
    ? holder.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === path.at(-1))
    : undefined;
  return pair !== undefined && isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
}

function valueOffset(document: Document.Parsed, path: string[]): number {
  const node = path.length === 0 ? document.contents : document.getIn(path, true);
  if (isNode(node) && node.range) return node.range[0];
  return path.length === 0 ? 0 : keyOffset(document, path);
}

function at(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function dedupe(problems: ConfigProblem[]): ConfigProblem[] {
  const seen = new Set<string>();
  const kept = problems.filter(({ line, column }) => !seen.has(`${line}:${column}`) && seen.add(`${line}:${column}`));
  return kept.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

function unescapePointer(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

function tidy(message: string): string {
  return message
    .replace(/\s+/g, " ")
    .replace(/ at line \d+, column \d+:?$/, "")
    .trim();
}
