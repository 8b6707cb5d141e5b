import type { PatchVariables } from "@ebb/api";

/** One row of the editor. `was` is the name it is stored under, null for a new one. */
export interface EnvRow {
  id: number;
  was: string | null;
  name: string;
  value: string;
  removed: boolean;
}

export type EnvMistake = "bad-name" | "twice";

/** As `EnvName` in the API's schemas. */
export const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;

export function rowsOf(variables: Record<string, string>): EnvRow[] {
  return Object.entries(variables)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, value], id) => ({ id, was: name, name, value, removed: false }));
}

/** Only what differs from what is stored; null removes. A renamed row removes its old name. A new row without a name and value is nothing yet. */
export function patchOf(variables: Record<string, string>, rows: readonly EnvRow[]): PatchVariables["variables"] {
  const wanted = new Map<string, string>();
  for (const row of rows) if (!row.removed && !isUnused(row)) wanted.set(row.name, row.value);
  const patch: PatchVariables["variables"] = {};
  for (const row of rows) if (row.was !== null && !wanted.has(row.was)) patch[row.was] = null;
  for (const [name, value] of wanted) if (variables[name] !== value) patch[name] = value;
  return patch;
}

export function mistakeOf(row: EnvRow, rows: readonly EnvRow[]): EnvMistake | null {
  if (row.removed || isUnused(row)) return null;
  if (!ENV_NAME.test(row.name)) return "bad-name";
  return rows.some((other) => other.id !== row.id && !other.removed && other.name === row.name) ? "twice" : null;
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

/** Puts assignments into the rows: a known name gets the new value, an unknown one a row of its own. */
export function withAssignments(rows: readonly EnvRow[], assignments: readonly { name: string; value: string }[]): EnvRow[] {
  const next = rows.filter((row) => row.was !== null || !isUnused(row)).map((row) => ({ ...row }));
  for (const { name, value } of assignments) {
    const known = next.find((row) => row.name === name);
    if (known === undefined) next.push({ ...newRow(next), name, value });
    else Object.assign(known, { value, removed: false });
  }
  return next;
}

export function newRow(rows: readonly EnvRow[]): EnvRow {
  return { id: 1 + Math.max(0, ...rows.map((row) => row.id)), was: null, name: "", value: "", removed: false };
}

function isUnused(row: EnvRow): boolean {
  return row.was === null && row.name === "" && row.value === "";
}
