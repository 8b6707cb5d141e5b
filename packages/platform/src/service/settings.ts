import type { SecretList, Variables } from "@ebb/api";
import { configOf, settingsOf, type AppEnvironmentRow } from "../apps/store.ts";
import type { AppFacts } from "../deploy/views.ts";
import { serving } from "./facts.ts";

/** The variables that the next version would have: the source's with the app's over them; secrets are not among them. */
export function viewVariables(facts: AppFacts): Variables {
  const settings = settingsOf(facts.place);
  const base = serving(facts) ?? facts.versions[0];
  const variables = { ...(base ? configOf(base).plan.env : {}), ...settings.env };
  const shown = Object.entries(variables).filter(
    (entry): entry is [string, string] => entry[1] !== null && !(entry[0] in settings.secrets.keys),
  );
  return { variables: Object.fromEntries(shown.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/** Names only. */
export function viewSecrets(place: AppEnvironmentRow): SecretList {
  const { keys } = settingsOf(place).secrets;
  return {
    items: Object.entries(keys)
      .map(([key, updatedAt]) => ({ name: key, updatedAt }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** Folders have names that apps cannot: `My Shop (2)` becomes `my-shop-2`. */
export function appName(name: string): string {
  const label = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 52)
    .replace(/-+$/, "");
  return label === "" ? "app" : label;
}
