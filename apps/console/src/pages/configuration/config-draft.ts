import type { Configuration, ConfigurationLayer, ConfigurationPatch, LayerConfiguration } from "@ebb/api";

/** A variable or secret as it is: of an app what counts there, wherever it comes from; of a layer what that layer states. */
export interface ConfigItem {
  name: string;
  kind: "variable" | "secret" | "hidden";
  /** As it was written; null for secrets and what is hidden. */
  text: string | null;
  /** With its references replaced; null where that is secret, and on layers, where it is different for each app. */
  value: string | null;
  layer: ConfigurationLayer;
  /** Layers that state it too and do not count. */
  over: readonly ConfigurationLayer[];
  updated: { at: string; by: string } | null;
}

/** `inherit` takes away what this very layer states; `remove` also hides what layers above state. */
export type Edit = { act: "set"; value: string } | { act: "remove" } | { act: "inherit" };

export interface AddedItem {
  id: number;
  kind: "variable" | "secret";
  name: string;
  value: string;
}

/** What is edited, apart from what is there: that may change meanwhile, and what was typed stays. */
export interface ConfigDraft {
  edits: Readonly<Record<string, Edit>>;
  added: readonly AddedItem[];
}
export const NO_EDITS: ConfigDraft = { edits: {}, added: [] };

export type Mistake = "bad-name" | "twice" | "no-value";

/** As `EnvName` in the API's schemas. */
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;

export function itemsOfApp({ items }: Configuration): ConfigItem[] {
  return items.map((item) => ({ ...item, updated: null }));
}

export function itemsOfLayer({ layer, items }: LayerConfiguration): ConfigItem[] {
  return items
    .map(({ name, kind, value, updatedAt, updatedBy }) => {
      return { name, kind, text: value, value, layer, over: [], updated: { at: updatedAt, by: updatedBy } };
    })
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** What is set, to be compared: of secrets only when they were written, where that is known. */
export function statedBy(items: readonly ConfigItem[]): Record<string, string> {
  return Object.fromEntries(
    items.map(({ name, kind, text, updated }) => [name, kind === "variable" ? (text ?? "") : `(${kind}) ${updated?.at ?? ""}`]),
  );
}

/** Only what differs from what is there; a new row without a name and a value is nothing yet, and neither is a secret whose new value is empty. */
export function patchOf(items: readonly ConfigItem[], { edits, added }: ConfigDraft): ConfigurationPatch {
  const variables: Record<string, string | null> = {};
  const secrets: Record<string, string | null> = {};
  const inherit: string[] = [];
  for (const { name, kind, text } of items) {
    const edit = edits[name];
    if (edit === undefined) continue;
    const of = kind === "secret" ? secrets : variables;
    if (edit.act === "remove") of[name] = null;
    else if (edit.act === "inherit") inherit.push(name);
    else if (kind === "secret" ? edit.value !== "" : edit.value !== text) of[name] = edit.value;
  }
  for (const { kind, name, value } of added.filter((row) => !isUnused(row))) (kind === "secret" ? secrets : variables)[name] = value;
  return {
    ...(Object.keys(variables).length > 0 ? { variables } : {}),
    ...(Object.keys(secrets).length > 0 ? { secrets } : {}),
    ...(inherit.length > 0 ? { inherit } : {}),
  };
}

export function countOf({ variables = {}, secrets = {}, inherit = [] }: ConfigurationPatch): number {
  return Object.keys(variables).length + Object.keys(secrets).length + inherit.length;
}

export function mistakeOf(row: AddedItem, items: readonly ConfigItem[], { added }: ConfigDraft): Mistake | null {
  if (isUnused(row)) return null;
  if (!ENV_NAME.test(row.name)) return "bad-name";
  const taken = items.some(({ name }) => name === row.name) || added.some(({ id, name }) => id !== row.id && name === row.name);
  if (taken) return "twice";
  return row.kind === "secret" && row.value === "" ? "no-value" : null;
}

export function withEdit({ edits, added }: ConfigDraft, name: string, edit: Edit | null): ConfigDraft {
  const { [name]: _, ...others } = edits;
  return { edits: edit === null ? others : { ...others, [name]: edit }, added };
}

export function withAdded(draft: ConfigDraft, row: Omit<AddedItem, "id">): ConfigDraft {
  const id = 1 + Math.max(0, ...draft.added.map((other) => other.id));
  return { ...draft, added: [...draft.added, { ...row, id }] };
}

/**
 * The variables in pasted `NAME=value` lines, as in a .env file: `export`, blank lines, comments and quotes around a whole value are understood.
 * Null when any line is something else, so that an ordinary paste stays one.
 */
export function parseAssignments(pasted: string): { name: string; value: string }[] | null {
  const found: { name: string; value: string }[] = [];
  for (const line of pasted.split(/\r?\n/).map((part) => part.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const match = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (match === null) return null;
    const [, name = "", raw = ""] = match;
    const quoted = /^(["'])(.*)\1$/.exec(raw);
    found.push({ name, value: quoted?.[2] ?? raw });
  }
  return found.length > 0 ? found : null;
}

/** Puts assignments into the draft: a known name gets the new value, an unknown one a row of its own, of the kind that is being added. */
export function withAssignments(
  items: readonly ConfigItem[],
  draft: ConfigDraft,
  { kind, assignments }: { kind: AddedItem["kind"]; assignments: readonly { name: string; value: string }[] },
): ConfigDraft {
  let next: ConfigDraft = { ...draft, added: draft.added.filter((row) => !isUnused(row)) };
  for (const { name, value } of assignments) {
    const present = next.added.find((row) => row.name === name);
    if (items.some((item) => item.name === name && item.kind !== "hidden")) next = withEdit(next, name, { act: "set", value });
    else if (present === undefined) next = withAdded(next, { kind, name, value });
    else next = { ...next, added: next.added.map((row) => (row === present ? { ...row, value } : row)) };
  }
  return next;
}

function isUnused(row: AddedItem): boolean {
  return row.name === "" && row.value === "";
}
