import { bounded } from "../cel/bounded.ts";
import { compile, firstLine, type Program } from "../cel/compile.ts";
import { celValue } from "../cel/values.ts";
import type { StatusReason } from "../meta.ts";
import type { Json } from "../patch.ts";
import { conditionsHold } from "../webhooks/match-conditions.ts";
import type { AdmissionPolicy, PolicyValidation } from "./policy.ts";
import { POLICY_VARIABLES } from "./policy-variables.ts";

/** For all expressions of one policy about one request, milliseconds. */
const BUDGET = 200;
const LONGEST_MESSAGE = 5 * 1024;
const LONGEST_ANNOTATION = 10 * 1024;

export interface PolicyInput {
  object: Json;
  oldObject: Json;
  /** The `request` of an AdmissionReview, without the objects. */
  request: Json;
  params: Json;
  /** Null for what is in no namespace. */
  namespaceObject: Json;
}

export interface PolicyDenial {
  message: string;
  reason: StatusReason;
}

interface Compiled {
  annotations: readonly { key: string; value: Program }[];
  variables: ReadonlyMap<string, Program>;
  validations: readonly { validation: PolicyValidation; holds: Program; says: Program | undefined }[];
}
const known = new WeakMap<AdmissionPolicy, Compiled>();

export interface PolicyVerdict {
  denials: PolicyDenial[];
  /** For an audit, by the policy's own keys. */
  annotations: Record<string, string>;
}

/** What a policy has to say about a request, as k8s.io/apiserver pkg/admission/plugin/policy/validating finds it. The policy must have been admitted. */
export function judgeByPolicy(policy: AdmissionPolicy, input: PolicyInput): PolicyVerdict {
  const { failurePolicy, matchConditions = [], paramKind } = policy.spec ?? {};
  const failed = (error: unknown): PolicyDenial[] => (failurePolicy === "Ignore" ? [] : [{ message: firstLine(error), reason: "Invalid" }]);
  const annotations: Record<string, string> = {};
  const { object, oldObject, request, params } = input;
  try {
    if (matchConditions.length > 0 && !conditionsHold(matchConditions, { object, oldObject, request, ...(paramKind ? { params } : {}) }))
      return { denials: [], annotations };
    const { variables, validations, annotations: noted } = compiledOf(policy);
    return bounded(BUDGET, () => {
      const evaluation = new Evaluation(variables, input);
      const broken = noted.flatMap(({ key, value }) => {
        try {
          const said = evaluation.run(value);
          // Null says that there is nothing to say.
          if (typeof said === "string" && said.trim() !== "") annotations[key] = said.trim().slice(0, LONGEST_ANNOTATION);
          return [];
        } catch (error) {
          return failed(error);
        }
      });
      const denials = validations.flatMap(({ validation, holds, says }) => {
        const { expression = "" } = validation;
        try {
          if (evaluation.run(holds) === true) return [];
        } catch (error) {
          return failed(new Error(`expression '${expression}' resulted in error: ${firstLine(error)}`, { cause: error }));
        }
        const message = (says && evaluation.text(says)) || validation.message?.trim() || `failed expression: ${expression.trim()}`;
        return [{ message, reason: (validation.reason ?? "Invalid") as StatusReason }];
      });
      return { denials: [...denials, ...broken], annotations };
    });
  } catch (error) {
    return { denials: failed(error), annotations };
  }
}

function compiledOf(policy: AdmissionPolicy): Compiled {
  const found = known.get(policy);
  if (found) return found;
  const { variables = [], validations = [], auditAnnotations = [], paramKind } = policy.spec ?? {};
  const names = paramKind ? POLICY_VARIABLES : POLICY_VARIABLES.filter((name) => name !== "params");
  const made: Compiled = {
    annotations: auditAnnotations.map(({ key = "", valueExpression = "" }) => ({ key, value: compile(valueExpression, names) })),
    variables: new Map(variables.map(({ name = "", expression = "" }) => [name, compile(expression, names)])),
    validations: validations.map((validation) => ({
      validation,
      holds: compile(validation.expression ?? "", names),
      says: validation.messageExpression?.trim() ? compile(validation.messageExpression, names) : undefined,
    })),
  };
  known.set(policy, made);
  return made;
}

/** One policy on one request. Its own variables are evaluated when an expression first uses them. */
class Evaluation {
  readonly #programs: ReadonlyMap<string, Program>;
  readonly #variables = new Map<string, unknown>();
  readonly #failures = new Map<string, Error>();
  readonly #scope: Readonly<Record<string, unknown>>;

  constructor(programs: ReadonlyMap<string, Program>, input: PolicyInput) {
    this.#programs = programs;
    const values = Object.entries(input).map(([name, value]: [string, Json]) => [name, celValue(value)]);
    this.#scope = { ...(Object.fromEntries(values) as Record<string, unknown>), variables: this.#variables };
  }

  run(program: Program): unknown {
    const used = program.chains.flatMap(([root, name]) => (root === "variables" && name !== undefined ? [name] : []));
    for (const name of used) this.#evaluate(name);
    try {
      return program.run(this.#scope);
    } catch (error) {
      // One that is used on a branch that is not taken may fail.
      throw used.map((name) => this.#failures.get(name)).find((failure) => failure !== undefined) ?? error;
    }
  }

  /** What a messageExpression says; undefined if that is no message. */
  text(program: Program): string | undefined {
    let said: unknown;
    try {
      said = this.run(program);
    } catch {
      return undefined;
    }
    if (typeof said !== "string" || said.length > LONGEST_MESSAGE) return undefined;
    const message = said.trim();
    return /[\n\r]/.test(message) ? undefined : message;
  }

  #evaluate(name: string): void {
    const program = this.#programs.get(name);
    if (!program || this.#variables.has(name) || this.#failures.has(name)) return;
    try {
      this.#variables.set(name, this.run(program));
    } catch (error) {
      const why = `composited variable ${JSON.stringify(name)} fails to evaluate: ${firstLine(error)}`;
      this.#failures.set(name, new Error(why, { cause: error }));
    }
  }
}
