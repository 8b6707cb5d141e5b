import { BugError } from "@ebb/base";
import type { Vault } from "../secrets/vault.ts";
import type { Entry } from "./resolve.ts";
import { identityOf, type StoredLayers, type StoredValue } from "./store.ts";

/** Opens every secret of the layers that counts; what it gives finds their values by name. */
export async function revealer(vault: Vault, layers: StoredLayers): Promise<(name: string, entry: Entry) => string> {
  const opened = new Map<string, string>();
  for (const layer of ["platform", "team", "environment", "app"] as const) {
    for (const [name, value] of layers[layer]) {
      if (value.kind === "secret") opened.set(`${layer} ${name}`, await openValue(vault, name, value));
    }
  }
  return (name, { layer }) => {
    const value = opened.get(`${layer} ${name}`);
    if (value === undefined) throw new BugError("secret_not_opened", `the secret ${name} of the layer ${layer} was not opened`);
    return value;
  };
}

function openValue(vault: Vault, name: string, { scope, sealed }: StoredValue): Promise<string> {
  return vault.open(scope.team, identityOf(scope, name), sealed);
}
