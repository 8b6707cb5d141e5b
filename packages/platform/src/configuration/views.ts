import type { Configuration, LayerConfiguration, SecretList, Variables } from "@ebb/api";
import { configOf, type AppEnvironmentRow } from "../apps/store.ts";
import { mergedConfig } from "../compile/version-config.ts";
import { largestShare } from "../compile/traffic.ts";
import type { AppFacts } from "../deploy/views.ts";
import { ReferenceFault, resolve, type Layer, type Merged, type Resolved } from "./resolve.ts";
import { oldSecrets, type StoredLayers, type ValueRow } from "./store.ts";

/** The variables that the next version would have, as they were written; secrets are not among them. */
export function viewVariables(facts: AppFacts, layers: StoredLayers): Variables {
  const old = oldSecrets(facts.place).keys;
  const shown = [...mergedOf(facts, layers)].filter(([name, { kind }]) => kind === "variable" && !(name in old));
  return { variables: Object.fromEntries(shown.map(([name, { text }]) => [name, text] as const).sort(byName)) };
}

/** Names only. */
export function viewSecrets(place: AppEnvironmentRow, layers: StoredLayers): SecretList {
  const times = new Map<string, string>();
  for (const layer of ["platform", "team", "environment", "app"] as const) {
    if (layer === "app") for (const [name, time] of Object.entries(oldSecrets(place).keys)) times.set(name, time);
    for (const [name, { kind, updatedAt }] of layers[layer]) {
      if (kind === "secret") times.set(name, new Date(updatedAt).toISOString());
      else times.delete(name);
    }
  }
  return { items: [...times].sort(byName).map(([name, updatedAt]) => ({ name, updatedAt })) };
}

export function viewConfiguration(facts: AppFacts, layers: StoredLayers): Configuration {
  const merged = mergedOf(facts, layers);
  const { resolved, fault } = resolvedOf(merged);
  const items = [...merged].sort(byName).map(([name, { kind, text, layer, over }]) => {
    const value = resolved?.get(name);
    const open = kind === "variable" && value !== undefined && !value.secret;
    return { name, kind, text: kind === "variable" ? text : null, value: open ? value.value : null, layer, over: [...over] };
  });
  const present = new Set(items.map(({ name }) => name));
  const old = Object.keys(oldSecrets(facts.place).keys).filter((name) => !present.has(name));
  return { items: [...items, ...old.map(oldItem)], fault };
}

function oldItem(name: string): Configuration["items"][number] {
  return { name, kind: "secret", text: null, value: null, layer: "app", over: [] };
}

function resolvedOf(merged: Merged): { resolved: Map<string, Resolved> | undefined; fault: string | null } {
  try {
    return { resolved: resolve(merged, (_, { text }) => text), fault: null };
  } catch (error) {
    if (error instanceof ReferenceFault) return { resolved: undefined, fault: error.message };
    throw error;
  }
}

export function viewLayer(layer: Layer, rows: readonly ValueRow[]): LayerConfiguration {
  return {
    layer,
    items: rows.map(({ name, kind, text, updated_at, updated_by }) => ({
      name,
      kind,
      value: kind === "variable" ? text : null,
      updatedAt: new Date(updated_at).toISOString(),
      updatedBy: updated_by,
    })),
  };
}

/** With what the source of the version that serves states, else of the newest. */
function mergedOf({ versions, shares }: AppFacts, layers: StoredLayers): Merged {
  const largest = largestShare(shares);
  const base = versions.find(({ number, state }) => number === largest && state === "active") ?? versions[0];
  return mergedConfig({ plan: { env: base ? configOf(base).plan.env : {} } }, layers);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
