import { NO_EDITS, withAdded, withEdit, type ConfigDraft, type ConfigItem } from "./config-draft.ts";

export interface EarlierDraft {
  draft: ConfigDraft;
  /** Those that were set then or are now, but not both: an earlier value of a secret cannot be had. */
  secrets: string[];
}

/** The edits that give an app the variables which one of its versions was made with. `settings`: that version's configuration. */
export function earlierDraft(items: readonly ConfigItem[], settings: readonly { path: string; value: string }[]): EarlierDraft {
  const variables = below("variables.", settings);
  const secrets = below("secrets.", settings);
  const present = new Map(items.map((item) => [item.name, item]));
  let draft = NO_EDITS;
  for (const [name, value] of variables) {
    const item = present.get(name);
    // References were replaced in what a version has: what is left of them is meant as it is written.
    const text = value.replaceAll("${", () => "$${");
    if (item === undefined) draft = withAdded(draft, { kind: "variable", name, value: text });
    else if (item.kind === "hidden" || (item.kind === "variable" && item.value !== value))
      draft = withEdit(draft, name, { act: "set", value: text });
  }
  for (const { name, kind } of items)
    if (kind === "variable" && !variables.has(name) && !secrets.has(name)) draft = withEdit(draft, name, { act: "remove" });
  // A variable that refers to a secret is one of the version's secrets.
  const gone = [...secrets.keys()].filter((name) => present.get(name)?.kind !== "secret" && present.get(name)?.value !== null);
  const came = items.filter(({ name, kind }) => kind === "secret" && !secrets.has(name)).map(({ name }) => name);
  return { draft, secrets: [...gone, ...came].toSorted() };
}

function below(prefix: string, settings: readonly { path: string; value: string }[]): Map<string, string> {
  return new Map(settings.flatMap(({ path, value }) => (path.startsWith(prefix) ? [[path.slice(prefix.length), value] as const] : [])));
}
