import { bounded } from "../cel/bounded.ts";
import { compile, CompileError, firstLine, type Program } from "../cel/compile.ts";
import { celValue } from "../cel/values.ts";
import { isLabelKey } from "../label-selector.ts";
import type { Json } from "../patch.ts";
import { invalidValue, requiredField, tooMany, type FieldCause } from "../status-errors.ts";
import { duplicates } from "./duplicates.ts";
import type { Webhook } from "./webhook-configuration.ts";

const VARIABLES = ["object", "oldObject", "request"];
const MOST = 64;
/** For all conditions of one webhook, milliseconds. */
const BUDGET = 100;
type Condition = NonNullable<Webhook["matchConditions"]>[number];
const programs = new WeakMap<Condition, Program>();

/** What is wrong with a webhook's conditions; k8s.io/kubernetes validateMatchConditions. `authorizer` is not known here. */
export function conditionCauses(conditions: readonly Condition[], at: string, variables: readonly string[] = VARIABLES): FieldCause[] {
  const names = conditions.map(({ name }) => name ?? "");
  return [
    ...(conditions.length > MOST ? [tooMany(at, conditions.length, MOST)] : []),
    ...conditions.slice(0, MOST).flatMap((condition, index) => oneCondition(condition, `${at}[${index}]`, variables)),
    ...duplicates(names, (index) => `${at}[${index}].name`),
  ];
}

function oneCondition({ name = "", expression = "" }: Partial<Condition>, at: string, variables: readonly string[]): FieldCause[] {
  const causes: FieldCause[] = [];
  if (name === "") causes.push(requiredField(`${at}.name`));
  else if (!isLabelKey(name))
    causes.push(invalidValue(`${at}.name`, name.slice(0, 300), "must be a qualified name, such as exclude-leases"));
  if (expression.trim() === "") return [...causes, requiredField(`${at}.expression`)];
  try {
    const { type } = compile(expression, variables);
    if (type !== "bool" && type !== "dyn") causes.push(invalidValue(`${at}.expression`, expression, "must evaluate to bool"));
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    causes.push(invalidValue(`${at}.expression`, expression, `compilation failed: ${error.message}`));
  }
  return causes;
}

export interface ConditionInput {
  object: Json;
  oldObject: Json;
  /** The `request` of the AdmissionReview, without the objects. */
  request: Json;
  /** Of a policy that has some. */
  params?: Json;
}

/** Whether all conditions hold. Throws an Error if one cannot be told and none is false. */
export function conditionsHold(conditions: readonly Condition[], input: ConditionInput): boolean {
  return bounded(BUDGET, () => {
    const variables = Object.fromEntries(Object.entries(input).map(([name, value]: [string, Json]) => [name, celValue(value)]));
    let failure: Error | undefined;
    for (const condition of conditions) {
      try {
        if (programOf(condition, Object.keys(input)).run(variables) !== true) return false;
      } catch (error) {
        failure ??= new Error(`expression ${JSON.stringify(condition.expression)} resulted in error: ${firstLine(error)}`, {
          cause: error,
        });
      }
    }
    if (failure) throw failure;
    return true;
  });
}

function programOf(condition: Condition, variables: readonly string[]): Program {
  const known = programs.get(condition);
  if (known) return known;
  const made = compile(condition.expression, variables);
  programs.set(condition, made);
  return made;
}
