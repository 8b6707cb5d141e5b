import type { ConfigurationPatch } from "@ebb/api";
import { checkVariables } from "../compile/version-config.ts";
import { refuse } from "../errors.ts";
import type { Sealed, Vault } from "../secrets/vault.ts";
import { identityOf, type Change, type Scope } from "./store.ts";

export interface SealedPatch {
  changes: Change[];
  sealed: Map<string, Sealed>;
}

/**
 * What a patch means on its layer, with its secrets sealed for it. Null takes a value away: it is hidden where a layer above (`above`) states
 * it too. Throws `reserved_variable`, `invalid_variable`, and `invalid_request` for a name that is in two places.
 */
export async function sealPatch(
  vault: Vault,
  scope: Scope,
  { variables = {}, secrets = {}, inherit = [] }: ConfigurationPatch,
  above: (name: string) => boolean,
): Promise<SealedPatch> {
  checkVariables(variables);
  checkVariables(secrets);
  const names = [...Object.keys(variables), ...Object.keys(secrets), ...inherit];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw refuse("invalid_request", `${twice} is in this change twice`, { hint: "A name is a variable or a secret." });
  if (names.length === 0) throw refuse("invalid_request", "There is nothing to change");
  const gone = (name: string): Change => ({ name, kind: above(name) ? "hidden" : "none", text: "" });
  const changes: Change[] = inherit.map((name) => ({ name, kind: "none", text: "" }));
  const sealed = new Map<string, Sealed>();
  for (const [name, value] of Object.entries(variables)) {
    changes.push(value === null ? gone(name) : { name, kind: "variable", text: value });
  }
  for (const [name, value] of Object.entries(secrets)) {
    if (value === null) changes.push(gone(name));
    else {
      changes.push({ name, kind: "secret", text: "" });
      sealed.set(name, await vault.seal(scope.team, identityOf(scope, name), value));
    }
  }
  return { changes, sealed };
}
