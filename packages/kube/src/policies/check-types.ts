import { compile, CompileError, type Program } from "../cel/compile.ts";
import { escapeName } from "../cel/values.ts";
import { Namespaces } from "../kinds/core.ts";
import { apiVersionOf, type Kind } from "../kinds/kind.ts";
import type { Schema } from "../schema.ts";
import { schemaOf } from "../schemas.ts";
import type { AdmissionPolicy, ExpressionWarning, NamedRule } from "./policy.ts";
import { POLICY_VARIABLES } from "./policy-variables.ts";

/** k8s.io/apiserver checks no more kinds than these. */
const MOST_KINDS = 10;

/**
 * What in a policy's expressions does not fit the kinds that it is about: fields that they do not have, in the words and with the pointer of
 * k8s.io/apiserver pkg/admission/plugin/policy/validating/typechecking.go. Kinds of rules with a wildcard are not looked at, as there.
 */
export function expressionWarnings(policy: AdmissionPolicy, all: readonly Kind[]): ExpressionWarning[] {
  const { matchConstraints, validations = [], paramKind } = policy.spec ?? {};
  const kinds = (matchConstraints?.resourceRules ?? []).flatMap((rule) => kindsOf(rule, all)).slice(0, MOST_KINDS);
  const params = all.find((kind) => apiVersionOf(kind) === paramKind?.apiVersion && kind.kind === paramKind.kind);
  const places = validations.flatMap(({ expression, messageExpression }, index) => [
    { fieldRef: `spec.validations[${index}].expression`, expression },
    { fieldRef: `spec.validations[${index}].messageExpression`, expression: messageExpression },
  ]);
  return places.flatMap(({ fieldRef, expression }) => {
    if (!expression?.trim() || kinds.length === 0) return [];
    const chains = chainsOf(expression);
    const warnings = kinds.flatMap((kind) =>
      faultsOf(expression, chains, { kind, params }).map((fault) => `${apiVersionOf(kind)}, Kind=${kind.kind}: ${fault}`),
    );
    return warnings.length > 0 ? [{ fieldRef, warning: warnings.join("\n") }] : [];
  });
}

function kindsOf({ apiGroups = [], apiVersions = [], resources = [] }: NamedRule, all: readonly Kind[]): Kind[] {
  if ([...apiGroups, ...apiVersions, ...resources].some((each) => each.includes("*"))) return [];
  return all.filter(
    ({ group, version, plural }) => apiGroups.includes(group) && apiVersions.includes(version) && resources.includes(plural),
  );
}

type Chains = Program["chains"];

/** The fields that an expression is about, whatever kind it is asked of. */
function chainsOf(expression: string): Chains {
  try {
    return compile(expression, POLICY_VARIABLES).chains;
  } catch (error) {
    // Admission refuses what cannot be read; there is nothing more to say of it here.
    if (error instanceof CompileError) return [];
    throw error;
  }
}

function faultsOf(expression: string, chains: Chains, { kind, params }: { kind: Kind; params: Kind | undefined }): string[] {
  const schema = schemaOf(kind);
  const roots: Readonly<Record<string, Schema | undefined>> = {
    object: schema,
    oldObject: schema,
    namespaceObject: schemaOf(Namespaces),
    params: params && schemaOf(params),
  };
  const faults = chains.flatMap((chain) => {
    const [root = "", ...fields] = chain;
    const depth = roots[root] && undefinedAt(roots[root], fields);
    return depth === undefined ? [] : [pointed(expression, chain.slice(0, depth + 2))];
  });
  return [...new Set(faults)];
}

/** Which of the fields is not there; undefined when all are, or when it cannot be told. */
function undefinedAt(schema: Schema, fields: readonly string[]): number | undefined {
  let at: Schema = schema;
  for (const [index, name] of fields.entries()) {
    const { properties, additionalProperties } = at;
    if (at["x-kubernetes-preserve-unknown-fields"] || at["x-kubernetes-int-or-string"]) return undefined;
    const known = properties && Object.entries(properties).find(([property]) => escapeName(property) === name)?.[1];
    const next = known ?? (typeof additionalProperties === "object" ? additionalProperties : undefined);
    if (!next) return properties ? index : undefined;
    at = next;
  }
  return undefined;
}

/** cel-go's common.Error: where it is, and a line that points there. The last of the chain is the field that is not there. */
function pointed(expression: string, chain: readonly string[]): string {
  const name = chain.at(-1) ?? "";
  const found = new RegExp(chain.map((part) => `\\b${part}\\b`).join("\\s*\\.\\s*")).exec(expression);
  const start = found?.index ?? 0;
  const dot = expression.lastIndexOf(".", start + (found?.[0].length ?? 1) - 1);
  const before = expression.slice(0, dot).split("\n");
  const column = before.at(-1)?.length ?? 0;
  const line = expression.split("\n")[before.length - 1] ?? "";
  return `ERROR: <input>:${before.length}:${column + 1}: undefined field '${name}'\n | ${line}\n | ${".".repeat(column)}^`;
}
