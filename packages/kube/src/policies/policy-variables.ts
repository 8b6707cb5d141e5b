/** What expressions of a policy see; `params` only if it has some. `authorizer` is not known here. */
export const POLICY_VARIABLES = ["object", "oldObject", "request", "params", "namespaceObject", "variables"];

/** What its match conditions see: they decide whether there is anything to evaluate at all. */
export function conditionVariables(params: boolean): string[] {
  return ["object", "oldObject", "request", ...(params ? ["params"] : [])];
}
