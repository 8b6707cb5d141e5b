import { Environment, type ASTNode } from "@marcbachmann/cel-js";
import { registerLists } from "./list-functions.ts";
import { registerNetwork } from "./network-functions.ts";
import { registerQuantities } from "./quantity-functions.ts";
import { MATCHES, registerText } from "./text-functions.ts";

/** Longer than any rule that a person wrote; upstream bounds the cost, which grows with it. */
const LONGEST = 16 * 1024;
const LIMITS = { maxAstNodes: 3000, maxDepth: 60 };
/** Methods of the library that are no part of Kubernetes' CEL. */
const FOREIGN: ReadonlySet<string> = new Set(["json", "hex", "base64", "at", "bind", MATCHES]);

/** An expression that is no good; the message says why. */
export class CompileError extends Error {}

export interface Program {
  /** `bool`, `string`, …, or `dyn` when only the values tell. */
  type: string;
  /** Variables that it mentions. */
  mentions: ReadonlySet<string>;
  /** Chains of fields from a variable: `self.spec.x` is `["self", "spec", "x"]`. The longest only. */
  chains: readonly (readonly string[])[];
  /** Throws an Error that says what went wrong. Synchronous, and not bounded in time: see `bounded`. */
  run(variables: Readonly<Record<string, unknown>>): unknown;
}

/** Made when the first expression comes: most clusters have none. */
let shared: Environment | undefined;
const environments = new Map<string, Environment>();

function base(): Environment {
  if (shared) return shared;
  shared = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false, limits: LIMITS });
  for (const register of [registerText, registerLists, registerQuantities, registerNetwork]) register(shared);
  return shared;
}

function environmentOf(variables: readonly string[]): Environment {
  const key = variables.join(",");
  const known = environments.get(key);
  if (known) return known;
  const made = base().clone();
  for (const name of variables) made.registerVariable(name, "dyn");
  environments.set(key, made);
  return made;
}

/** An expression of Kubernetes' CEL over these variables. Throws CompileError: a syntax error, an unknown name or function, wrong types. */
export function compile(expression: string, variables: readonly string[]): Program {
  if (expression.length > LONGEST) throw new CompileError(`an expression may have at most ${LONGEST} characters`);
  const found = { mentions: new Set<string>(), chains: [] as string[][] };
  try {
    const parsed = parse(expression, variables);
    visit(parsed.ast, found);
    const { valid, type = "dyn", error } = parsed.check();
    if (!valid) throw error ?? new Error("it does not fit its types");
    return { type, ...found, run: (values) => parsed(values) as unknown };
  } catch (error) {
    if (error instanceof CompileError) throw error;
    throw new CompileError(firstLine(error), { cause: error });
  }
}

function parse(expression: string, variables: readonly string[]) {
  try {
    return environmentOf(variables).parse(expression);
  } catch (error) {
    throw new CompileError(`Syntax error: ${firstLine(error)}`, { cause: error });
  }
}

/** The library shows the expression below its message; clients have it already. */
export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}

function visit(node: ASTNode, found: { mentions: Set<string>; chains: string[][] }): void {
  if (node.op === "id") found.mentions.add(node.args);
  if (node.op === "rcall") {
    if (FOREIGN.has(node.args[0])) throw new Error(`found no matching overload for '${node.args[0]}'`);
    // The text is RE2's to judge: see MATCHES.
    if (node.args[0] === "matches") (node.args as [string, ...unknown[]])[0] = MATCHES;
  }
  const chain = chainOf(node);
  if (chain) {
    found.chains.push(chain);
    found.mentions.add(chain[0] ?? "");
    return;
  }
  for (const child of childrenOf(node.args)) visit(child, found);
}

function chainOf(node: ASTNode): string[] | undefined {
  if (node.op === "id") return [node.args];
  if (node.op !== ".") return undefined;
  const before = chainOf(node.args[0]);
  return before && [...before, node.args[1]];
}

function* childrenOf(args: unknown): Generator<ASTNode> {
  if (Array.isArray(args)) for (const each of args) yield* childrenOf(each);
  else if (typeof args === "object" && args !== null && "op" in args) yield args as ASTNode;
}
